import type { ConsoleParts } from "../console/console-session.ts";
import { ConsoleSession } from "../console/console-session.ts";
import type { Table } from "../console/core/reply.ts";

/** A part of the page: what a viewer would be answered on the console. */
export interface Section {
  readonly title: string;
  /** For people; control characters are the page's to show harmlessly. */
  readonly lines: readonly string[];
  readonly table?: Table;
}

/** Title and command, in the order of the page. */
const SECTIONS: readonly (readonly [string, string])[] = [
  ["Robot", "status"],
  ["Stages", "stage"],
  ["Surroundings", "map"],
  ["Contract", "contract"],
  ["Constraints", "constraints"],
  ["Safety", "safety"],
  ["Motion", "pose"],
  ["Battery", "battery"],
  ["Drivers", "drivers"],
  ["Link", "link"],
  ["Waiting for the cloud", "buffer"],
  ["Last events", "events -n 12"],
];

/** Asks the console's own commands, as somebody who may only look. */
export async function readSections(parts: ConsoleParts): Promise<readonly Section[]> {
  using session = new ConsoleSession(parts, { tty: "page", role: "viewer", say: () => undefined });
  const sections: Section[] = [];
  for (const [title, command] of SECTIONS) {
    const answer = await session.execute(command);
    if (!answer) continue;
    const { reply } = answer;
    if (reply.kind === "error") sections.push({ title, lines: [reply.text] });
    else sections.push({ title, lines: reply.lines, ...(reply.table && { table: reply.table }) });
  }
  return sections;
}
