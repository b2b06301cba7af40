import { describe, expect, it } from "vitest";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { endOf, timetableOf, type Slot } from "./timetable.ts";

const [drive] = exampleContract().stages as [Stage];

interface Row {
  readonly action?: string;
  readonly seconds: number;
  readonly after?: string[];
}

/** The timetable of stages named a, b, c…; those in `done` are not left any more. */
function timetable(rows: readonly Row[], done: readonly string[] = []): readonly Slot[] {
  const stages = rows.map(({ action = "wait", after }, at) => ({
    ...drive,
    stageId: "abcdef"[at]!,
    action,
    toolsRequired: [],
    after,
  })) as Stage[];
  const timed = stages.map((stage, at) => ({ stage, time: { seconds: rows[at]!.seconds, sigmaSeconds: 3 } }));
  return timetableOf(
    { stages },
    timed.filter(({ stage }) => !done.includes(stage.stageId)),
  );
}

const spans = (slots: readonly Slot[]): string[] =>
  slots.map(({ stageId, startSeconds, end }) => `${stageId} ${startSeconds}-${end.seconds}`);

describe("a timetable", () => {
  it.each<[what: string, rows: Row[], expected: string[]]>([
    ["puts stages one after the other", [{ seconds: 5 }, { seconds: 7 }], ["a 0-5", "b 5-12"]],
    ["has independent stages run side by side", [{ seconds: 5 }, { seconds: 7, after: [] }], ["a 0-5", "b 0-7"]],
    [
      "has stages with the same tool take turns",
      [
        { action: "navigate", seconds: 5 },
        { action: "navigate", seconds: 7, after: [] },
      ],
      ["a 0-5", "b 5-12"],
    ],
    [
      "has goods handled standing",
      [
        { action: "navigate", seconds: 5 },
        { action: "pick", seconds: 7, after: [] },
      ],
      ["a 0-5", "b 5-12"],
    ],
    [
      "has a join wait for all that it names, while others go on",
      [{ seconds: 5 }, { seconds: 7, after: [] }, { seconds: 1, after: ["a", "b"] }, { seconds: 2, after: ["a"] }],
      ["a 0-5", "b 0-7", "d 5-7", "c 7-8"],
    ],
    ["passes stages of no time", [{ seconds: 0 }, { seconds: 0 }, { seconds: 4 }], ["a 0-0", "b 0-0", "c 0-4"]],
  ])("%s", (_what, rows, expected) => {
    expect(spans(timetable(rows))).toEqual(expected);
  });

  it("takes what is not left for done", () => {
    expect(spans(timetable([{ seconds: 5 }, { seconds: 7 }, { seconds: 1, after: ["a", "b"] }], ["a"]))).toEqual([
      "b 0-7",
      "c 7-8",
    ]);
  });

  it("ends with the last stage, as surely as what that one waits for", () => {
    expect(endOf(timetable([{ seconds: 5 }, { seconds: 7, after: [] }]))).toEqual({ seconds: 7, sigmaSeconds: 3 });
    const inTurn = endOf(timetable([1, 1, 1, 1].map((seconds) => ({ seconds }))));
    expect(inTurn).toEqual({ seconds: 4, sigmaSeconds: expect.closeTo(6) });
    expect(endOf([])).toEqual({ seconds: 0, sigmaSeconds: 0 });
  });
});
