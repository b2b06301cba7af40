import { updateObstacles, type Persistence } from "../../update/obstacles.ts";
import type { CommandContext, ConsoleCommand } from "../core/command.ts";
import { ok } from "../core/reply.ts";

/** May the software be changed now? Asked by `holdfast agent --check-update-safe`. */
export const updateCheck: ConsoleCommand = {
  name: "update-check",
  usage: "",
  summary: "whether the software may be changed now, and why not",
  role: "viewer",
  needsAgent: false,
  wordsMax: 0,
  async run(_args, context) {
    const reasons = updateObstacles(context.facts(), await persistenceOf(context));
    const isSafe = reasons.length === 0;
    return ok({
      lines: isSafe ? ["an update may start now"] : reasons,
      records: [{ updateSafe: isSafe, reasons }],
    });
  },
};

/** What was just read back from the store is there, and the store answers. */
async function persistenceOf({ facts, recent }: CommandContext): Promise<Persistence> {
  const { lastSeq } = facts().journal;
  const [newest] = await recent(1);
  return (newest?.seq ?? 0) >= lastSeq ? "persisted" : "unwritten";
}
