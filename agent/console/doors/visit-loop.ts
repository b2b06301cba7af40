import type { Clock } from "#lib/clock";
import { ConsoleSession, type Answer, type ConsoleParts } from "../console-session.ts";
import { rendered, renderedReply, type Told } from "../core/reply.ts";
import type { AtIdle, Line } from "./door.ts";
import { createLineReader } from "./line-reader.ts";
import { transferOver } from "./zmodem.ts";

export interface VisitOptions {
  readonly parts: ConsoleParts;
  readonly clock: Clock;
  readonly atIdle: AtIdle;
  /** Printed first. */
  readonly greeting: readonly string[];
  /** Told of the session while it lasts. */
  readonly visits: Set<ConsoleSession>;
}

/** Nobody has typed for so long. */
const IDLE_MS = 300_000;

/** Serves somebody on a line until they leave. Nothing is printed while they type. */
export async function serveVisit(line: Line, options: VisitOptions): Promise<void> {
  const { parts, clock, atIdle, visits } = options;
  let stopIdle = (): void => undefined;
  const onActivity = (): void => {
    stopIdle();
    stopIdle = clock.after(IDLE_MS, () => {
      session.logOut();
      if (atIdle === "close") line.close();
    });
  };
  using reader = createLineReader(line, { complete: (text) => session.complete(text), onActivity });
  const print = (lines: readonly string[]): void => line.write(lines.map((text) => `${text}\r\n`).join(""));
  using session = new ConsoleSession(parts, {
    tty: line.tty,
    role: line.role,
    ask: (prompt, how) => reader.ask(prompt, how),
    transfer: line.isInteractive ? transferOver(line, reader) : undefined,
    say: (told) => print(rendered(told, false)),
  });
  visits.add(session);
  onActivity();
  if (line.isInteractive) print(options.greeting);
  try {
    for (;;) {
      if (line.isInteractive) print(session.takeNews());
      const text = await reader.read(session.prompt());
      if (text === undefined) return;
      const answer = await session.execute(text);
      if (!answer) continue;
      print(renderedReply(answer.reply, answer.isJson));
      if (answer.reply.kind === "ok" && answer.reply.end) return line.close();
      await follow(answer, print, () => reader.anyKey());
    }
  } finally {
    stopIdle();
    visits.delete(session);
  }
}

/** Writes what keeps coming until a key is pressed; then `OK` again, so that a program knows where it ended. */
async function follow(
  { reply, isJson }: Answer,
  print: (lines: readonly string[]) => void,
  anyKey: () => Promise<void>,
): Promise<void> {
  if (reply.kind !== "ok" || !reply.follow) return;
  const stop = reply.follow.start((news: Told) => print(rendered(news, isJson)));
  await anyKey();
  stop();
  print(["OK"]);
}
