import { describe, expect, it } from "vitest";
import { EVENT_DATA } from "#contract/event-data";
import { nothingLearned } from "./durations.ts";
import { estimateOf, shareDone, wayLength, type Outlook } from "./estimate.ts";
import { ALL_DONE, attemptAt, DRIVING, PICKING, situationAfter, STARTED } from "./situation-fixture.ts";

const outlook: Outlook = {
  speed: 0.5,
  topSpeed: 1,
  drainPerSecond: 0.0001,
  learned: nothingLearned,
  routes: new Map([
    [
      "go-to-rack",
      [
        [0, 0],
        [4, 0],
      ] as const,
    ],
    [
      "go-to-station",
      [
        [4, 0],
        [-4, 3],
      ] as const,
    ],
  ]),
};

describe("an estimate", () => {
  it("plans every stage that is left, with the ways on the map", () => {
    const estimate = estimateOf(situationAfter(STARTED), outlook, undefined)!;
    expect(estimate.nextStages).toMatchObject([
      {
        stageId: "go-to-rack",
        seconds: 12,
        route: [
          [0, 0],
          [4, 0],
        ],
      },
      { stageId: "pick", seconds: 5 },
      {
        stageId: "go-to-station",
        route: [
          [4, 0],
          [-4, 3],
        ],
      },
      { stageId: "place", seconds: 5 },
    ]);
    const sum = estimate.nextStages.reduce((total, next) => total + next.seconds, 0);
    expect(estimate.secondsRemaining).toBeCloseTo(sum, 3);
    expect(EVENT_DATA.estimate.safeParse(estimate).success).toBe(true);
  });

  it("follows the way that motion drives now", () => {
    const robot = {
      remaining: 3,
      route: [
        [1, 0],
        [1, 1],
        [4, 0],
      ] as const,
    };
    const estimate = estimateOf(situationAfter(DRIVING, { robot }), outlook, "go-to-rack")!;
    expect(estimate.route).toEqual([
      [1, 0],
      [1, 1],
      [4, 0],
    ]);
    expect(estimate.stageSecondsRemaining).toBe(8);
    expect(estimate.nextStages.map((next) => next.stageId)).toEqual(["pick", "go-to-station", "place"]);
  });

  it("takes off the time that a stage without a way has already taken", () => {
    const now = { monoMs: 6000, wallMs: 0, clock: "synced" } as const;
    const estimate = estimateOf(situationAfter(PICKING, { now }), outlook, "pick")!;
    expect(estimate.stageSecondsRemaining).toBe(4);
    expect(estimate.route).toEqual([]);
  });

  it("has nothing left to say at the end", () => {
    expect(estimateOf(situationAfter(ALL_DONE), outlook, undefined)).toMatchObject({
      nextStages: [],
      secondsRemaining: 0,
    });
  });

  it("is not made before the robot knows where it is", () => {
    expect(
      estimateOf(situationAfter(STARTED, { robot: { pose: undefined } as never }), outlook, undefined),
    ).toBeUndefined();
  });
});

describe("the share of a stage that is done", () => {
  it("is that of the way for a drive", () => {
    const activity = { attempt: attemptAt("go-to-rack", "navigate", { drivenAtStart: 10 }) };
    const situation = situationAfter(DRIVING, { activity, robot: { driven: 11, remaining: 3 } });
    expect(shareDone(situation, outlook, "go-to-rack")).toBe(0.25);
    expect(wayLength(situation)).toBe(4);
  });

  it("is that of the time for anything else, and never more than all of it", () => {
    const at = (startedMs: number): number =>
      shareDone(
        situationAfter(PICKING, { activity: { attempt: attemptAt("pick", "pick", { startedMs }) } }),
        outlook,
        "pick",
      );
    expect(at(58_000)).toBeCloseTo(0.4);
    expect(at(0)).toBe(1);
  });
});
