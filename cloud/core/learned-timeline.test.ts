import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { exampleContract } from "#contract/example";
import type { EventData } from "#contract/event-data";
import type { ContractState, StageState } from "#contract/state";
import type { ProjectionBasis } from "./basis.ts";
import type { StageForecast } from "./estimator.ts";
import { project } from "./projection.ts";
import { timelineOf } from "./timeline.ts";
import type { Track } from "./track.ts";

const START_MS = Date.UTC(2026, 0, 5, 8);
const MINUTES_MS = 60_000;
const CONTRACT = exampleContract();
const { contractId } = CONTRACT;
const timestamp = (ms: number): string => new Date(ms).toISOString();

const EXPECTED = new Map<string, StageForecast>([
  ["go-to-rack", { seconds: 12, sigmaSeconds: 2, drainPerSecond: 0.001 }],
  ["pick", { seconds: 6, sigmaSeconds: 1, drainPerSecond: 0.002 }],
  ["go-to-station", { seconds: 20, sigmaSeconds: 3, drainPerSecond: 0.001 }],
  ["place", { seconds: 4, sigmaSeconds: 1, drainPerSecond: 0 }],
]);

/** On the way to the station, the item on board. */
function basis(track: Track, expected: ReadonlyMap<string, StageForecast> = EXPECTED): ProjectionBasis {
  const stages = CONTRACT.stages.map(({ stageId, action }, at): StageState => {
    const status = at < 2 ? "completed" : at === 2 ? "started" : "pending";
    const started = at === 2 ? { startedAt: timestamp(START_MS) } : {};
    return { stageId, action, isOptional: false, status, attempts: 1, retries: 0, fixes: {}, ...started };
  });
  const state: Partial<ContractState> = { contractId, status: "running", stages, acceptedAt: timestamp(START_MS) };
  return { contract: CONTRACT, state: state as ContractState, track, expected };
}

function estimated(atMs: number, stageId: string): Track {
  const data: EventData<"estimate"> = {
    stageId,
    pose: [0, 0, 0],
    battery: 0.9,
    route: [],
    speed: 1,
    stageSecondsRemaining: 99,
    secondsRemaining: 99,
    nextStages: [],
    drainPerSecond: 0.001,
  };
  return { estimate: { atMs, value: { contractId, data } } };
}

const secondsOf = (track: Track, expected = EXPECTED): number[] | undefined =>
  timelineOf(basis(track, expected))?.legs.map(({ seconds }) => seconds);

describe("what is left of a contract", () => {
  it("is told by experience, from the landmark where the stage began, when the device has said nothing", () => {
    const timeline = timelineOf(basis({}))!;
    expect(timeline.anchorMs).toBe(START_MS);
    expect(timeline.legs).toMatchObject([
      {
        stageId: "go-to-station",
        seconds: 20,
        sigmaSeconds: 3,
        route: [
          [4, 0],
          [-4, 3],
        ],
      },
      { stageId: "place", seconds: 4, sigmaSeconds: 1, route: [] },
    ]);
    expect(timeline.speed).toBeCloseTo(Math.hypot(8, 3) / 20, 9);
    expect(timeline.drainPerSecond).toBeCloseTo((20 * 0.001) / 24, 9);
  });

  it("goes on from what the device has said of its progress", () => {
    const progress = { contractId, stageId: "go-to-station", share: 0.75 };
    const track: Track = {
      progress: { atMs: START_MS + 9000, value: progress },
      pose: { atMs: START_MS + 9000, value: [-2, 2, 0] },
    };
    const timeline = timelineOf(basis(track))!;
    expect(timeline.anchorMs).toBe(START_MS + 9000);
    expect(timeline.legs[0]).toMatchObject({
      seconds: 5,
      fromShare: 0.75,
      route: [
        [-2, 2],
        [-4, 3],
      ],
    });
  });

  it("leads along the way that the platform knows, and is projected on it", () => {
    const corner: Point = [4, 3];
    const around = { ...basis({}), wayBetween: (from: Point, to: Point): readonly Point[] => [from, corner, to] };
    expect(timelineOf(around)!.legs[0]!.route).toEqual([[4, 0], corner, [-4, 3]]);
    // 11 m in 20 s: after 10 s it is past the corner, which a straight line would never touch.
    expect(project(around, START_MS + 10_000).pose!.value.slice(0, 2)).toEqual([expect.closeTo(1.5, 6), 3]);
  });

  it("is told by the device's own estimate while that is fresh", () => {
    expect(secondsOf(estimated(START_MS - 9 * MINUTES_MS, "go-to-station"))).toEqual([99]);
  });

  it("is told by experience when the estimate is old, or speaks of other stages only", () => {
    expect(secondsOf(estimated(START_MS - 11 * MINUTES_MS, "go-to-station"))).toEqual([20, 4]);
    expect(secondsOf(estimated(START_MS, "pick"))).toEqual([20, 4]);
  });

  it("is unknown, or what an old estimate says of it, while nobody knows what each of its stages takes", () => {
    const incomplete = new Map([...EXPECTED].filter(([stageId]) => stageId !== "place"));
    expect(secondsOf({}, incomplete)).toBeUndefined();
    expect(secondsOf(estimated(START_MS - 11 * MINUTES_MS, "go-to-station"), incomplete)).toEqual([99]);
  });
});
