import { describe, expect, it } from "vitest";
import { judgeBlock, type BlockVerdict } from "./block-intake.ts";

const CASES: readonly { name: string; committed: number; blockSeq: number; after?: number; verdict: BlockVerdict }[] = [
  { name: "the first", committed: 0, blockSeq: 3, after: 0, verdict: "commit" },
  { name: "the next", committed: 3, blockSeq: 4, after: 3, verdict: "commit" },
  { name: "one that took in its neighbours", committed: 3, blockSeq: 9, after: 3, verdict: "commit" },
  { name: "one that overlaps what is committed", committed: 5, blockSeq: 9, after: 3, verdict: "commit" },
  { name: "one behind a block that is missing", committed: 3, blockSeq: 6, after: 5, verdict: "gap" },
  { name: "one again", committed: 6, blockSeq: 6, after: 5, verdict: "repeat" },
  { name: "one of a device that names none before", committed: 3, blockSeq: 6, verdict: "commit" },
];

describe("a block of telemetry", () => {
  it.each(CASES)("$name: $verdict", ({ committed, verdict, ...block }) => {
    expect(judgeBlock(committed, block)).toBe(verdict);
  });
});
