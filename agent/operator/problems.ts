import type { Goods } from "./prompts.ts";

/** Something that a person can report instead of going on. */
export interface Problem {
  /** Code of the failure, of `config/policies/severity.yaml`. */
  readonly code: string;
  /** What the button says. */
  readonly label: string;
  /** What is to be counted with it, as a question; absent where nothing is. */
  readonly asks?: string;
}

const DAMAGED: Problem = { code: "damaged", label: "Damaged goods", asks: "How many good ones did you take?" };

/** What can be reported of each action. */
export const PROBLEMS: Readonly<Record<string, readonly Problem[]>> = {
  navigate: [{ code: "unreachable", label: "I cannot get there" }],
  pick: [
    { code: "short_pick", label: "Not enough here", asks: "How many did you take?" },
    DAMAGED,
    { code: "wrong_sku", label: "Wrong goods here" },
    { code: "unreachable", label: "I cannot get at it" },
  ],
  place: [
    { code: "location_full", label: "No room here" },
    { code: "damaged", label: "Damaged on the way" },
  ],
  scan: [{ code: "unreadable", label: "The code cannot be read" }],
};

/** What was found, in a sentence for supervisors and planners. */
export function problemSentence({ code }: Problem, at: string, taken: Goods | undefined, asked: number): string {
  const count = taken && `${taken.quantity} of ${asked} ${taken.uom} of ${taken.sku} taken`;
  const found = SENTENCES[code] ?? code;
  return `the operator reports at ${at}: ${found}${count === undefined ? "" : `, ${count}`}`;
}

const SENTENCES: Readonly<Record<string, string>> = {
  unreachable: "the place cannot be reached",
  short_pick: "fewer pieces are there than asked for",
  damaged: "the goods are damaged",
  wrong_sku: "other goods lie there than expected",
  location_full: "there is no room",
  unreadable: "the code cannot be read",
};
