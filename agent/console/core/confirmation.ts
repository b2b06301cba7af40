import type { CommandContext } from "./command.ts";
import { refused, type Reply } from "./reply.ts";

/**
 * Asks for a word to be typed, so that nobody does by accident what can't be undone. Undefined when it was typed; the word is
 * another one each time.
 */
export async function confirmed({ session }: CommandContext, what: string): Promise<Reply | undefined> {
  if (!session.ask) return refused("not_interactive", `${what}: that is asked on an interactive console only`);
  const wanted = session.drawWord();
  const typed = await session.ask(`${what}; type ${wanted} to go on: `, { isHidden: false });
  return typed.trim().toLowerCase() === wanted ? undefined : refused("not_confirmed", "nothing was done");
}
