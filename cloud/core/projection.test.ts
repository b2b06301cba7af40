import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { Event } from "#contract/event";
import type { EventData, EventType } from "#contract/event-data";
import { emptyDevice, foldEvent } from "#contract/reducer";
import type { ProjectionBasis } from "./basis.ts";
import { compare, largestSize, type DivergenceItem } from "./divergence.ts";
import { project } from "./projection.ts";
import { replanTrigger } from "./replan-trigger.ts";
import { trackEvent, trackTelemetry, type Track } from "./track.ts";

const START_MS = Date.UTC(2026, 0, 5, 8);
const CONTRACT = exampleContract();
const { contractId } = CONTRACT;

/** A device at its contract; `at` are seconds since the start. */
class Story {
  #state = emptyDevice("i");
  #track: Track = {};

  tell<Type extends EventType>(at: number, type: Type, data: EventData<Type>, stageId?: string): this {
    const seq = this.#state.seq + 1;
    const event: Event = {
      seq,
      id: `019b8ce6-1400-7000-8000-${String(seq).padStart(12, "0")}`,
      at: new Date(START_MS + at * 1000).toISOString(),
      monoMs: at * 1000,
      clock: "synced",
      type,
      contractId,
      revision: 1,
      epoch: 1,
      ...(stageId === undefined ? {} : { stageId }),
      data: data as Record<string, unknown>,
    };
    this.#state = foldEvent(this.#state, event);
    this.#track = trackEvent(this.#track, event, START_MS + at * 1000);
    return this;
  }

  get now(): ProjectionBasis & { state: NonNullable<ProjectionBasis["state"]> } {
    return { contract: CONTRACT, state: this.#state.contracts[contractId]!, track: this.#track };
  }
}

/**
 * Accepted, started, and under way to the rack: 10 m in 10 s, then 5 s of picking, 8 m in 8 s, 5 s of placing; with the
 * standard deviations of the four, where the device tells them.
 */
function underWay(...sigmas: number[]): Story {
  const spread = (stage: number): object => (sigmas.length === 0 ? {} : { sigmaSeconds: sigmas[stage]! });
  return new Story()
    .tell(0, "contract.accepted", {
      taskId: "task-1",
      stages: CONTRACT.stages.map(({ stageId, action }) => ({ stageId, action })),
      lease: CONTRACT.lease,
      session: "s",
      hash: "h",
      offline: "finish",
    })
    .tell(0, "contract.started", {})
    .tell(0, "stage.started", { action: "navigate" }, "go-to-rack")
    .tell(0, "estimate", {
      stageId: "go-to-rack",
      pose: [0, 0, 0],
      battery: 0.9,
      route: [
        [0, 0],
        [10, 0],
      ],
      speed: 1,
      stageSecondsRemaining: 10,
      ...(sigmas.length === 0 ? {} : { stageSigmaSeconds: sigmas[0]! }),
      secondsRemaining: 28,
      nextStages: [
        { stageId: "pick", seconds: 5, ...spread(1) },
        {
          stageId: "go-to-station",
          seconds: 8,
          ...spread(2),
          route: [
            [10, 0],
            [10, 8],
          ],
        },
        { stageId: "place", seconds: 5, ...spread(3) },
      ],
      drainPerSecond: 0.001,
    });
}

const at = (seconds: number): number => START_MS + seconds * 1000;

describe("a projection", () => {
  it.each([
    { seconds: 0, stageId: "go-to-rack", x: 0, y: 0, progress: 0 },
    { seconds: 4, stageId: "go-to-rack", x: 4, y: 0, progress: 0.1 },
    { seconds: 12.5, stageId: "pick", x: 10, y: 0, progress: 0.375 },
    { seconds: 17, stageId: "go-to-station", x: 10, y: 2, progress: 0.5625 },
    { seconds: 60, stageId: "place", x: 10, y: 8, progress: 1 },
  ])("moves along the planned way: after $seconds s", ({ seconds, stageId, x, y, progress }) => {
    const { pose, contract } = project(underWay().now, at(seconds));
    expect(pose!.value[0]).toBeCloseTo(x, 6);
    expect(pose!.value[1]).toBeCloseTo(y, 6);
    expect(contract).toMatchObject({ stageId, status: seconds >= 28 ? "completed" : "running" });
    expect(contract!.progress.value).toBeCloseTo(progress, 6);
  });

  it("drains the battery while there is work, and loads what the contract says", () => {
    expect(project(underWay().now, at(10)).battery!.value).toBeCloseTo(0.89, 6);
    expect(project(underWay().now, at(600)).battery!.value).toBeCloseTo(0.9 - 0.028, 6);
    expect(project(underWay().now, at(16)).contract!.load).toEqual({ "SKU-7890": 1 });
    expect(project(underWay().now, at(60)).contract!.load).toEqual({});
  });

  it("grows less certain all the time, in every part", () => {
    const basis = underWay().now;
    const moments = [0, 5, 20, 60, 300].map((seconds) => project(basis, at(seconds)));
    for (const [before, after] of moments.slice(1).map((moment, index) => [moments[index]!, moment] as const)) {
      expect(after.pose!.sigma).toBeGreaterThan(before.pose!.sigma);
      expect(after.battery!.sigma).toBeGreaterThan(before.battery!.sigma);
      expect(after.ageSeconds).toBeGreaterThan(before.ageSeconds);
    }
  });

  it("knows the end as well as the device's experience does, because errors of stages even out", () => {
    const end = (basis: ProjectionBasis, seconds = 0): number => project(basis, at(seconds)).contract!.endSigmaSeconds!;
    expect(end(underWay(3, 0, 4, 0).now)).toBeCloseTo(1 + 5, 6);
    expect(end(underWay(0, 0, 0, 0).now)).toBeCloseTo(1, 6);
    expect(end(underWay().now)).toBeCloseTo(1 + 0.2 * 28, 6);
    expect(end(underWay(3, 0, 4, 0).now, 128)).toBeCloseTo(1 + 100, 6);
  });

  it("knows where the device is as well as it knows the times of the stages until then", () => {
    const sigma = (seconds: number, ...sigmas: number[]): number =>
      project(underWay(...sigmas).now, at(seconds)).pose!.sigma - 0.1 - 0.01 * seconds;
    expect(sigma(5, 2, 9, 9, 9)).toBeCloseTo(1, 6);
    expect(sigma(10, 2, 9, 9, 9)).toBeCloseTo(2, 6);
    expect(sigma(15, 3, 4, 9, 9)).toBeCloseTo(5, 6);
    expect(sigma(15, 0, 0, 9, 9)).toBeCloseTo(0, 6);
    expect(sigma(5)).toBeCloseTo(1, 6);
  });

  it("goes on from progress that was reported since, not from the old estimate", () => {
    const late = underWay().tell(6, "stage.progress", { share: 0.2, remaining: 8, pose: [2, 0, 0] }, "go-to-rack").now;
    expect(project(late, at(9)).pose!.value[0]).toBeCloseTo(5, 6);
    expect(project(late, at(14)).contract!.stageId).toBe("pick");
    expect(project(late, at(6)).contract!.progress.value).toBeCloseTo(0.05, 6);
  });

  it("goes on from an estimate that came after the progress", () => {
    const again = underWay()
      .tell(4, "stage.progress", { share: 0.4, remaining: 6, pose: [4, 0, 0] }, "go-to-rack")
      .tell(5, "estimate", {
        stageId: "go-to-rack",
        pose: [5, 0, 0],
        battery: 0.89,
        route: [
          [5, 0],
          [5, 10],
        ],
        speed: 1,
        stageSecondsRemaining: 10,
        secondsRemaining: 10,
        nextStages: [],
        drainPerSecond: 0.001,
      }).now;
    expect(project(again, at(8)).pose!.value[1]).toBeCloseTo(3, 6);
  });

  it("begins the next stage when the journal says so", () => {
    const early = underWay()
      .tell(
        7,
        "stage.completed",
        { output: {}, durationSeconds: 7, attempts: 1, distance: 10, batteryUsed: 0 },
        "go-to-rack",
      )
      .tell(7, "stage.started", { action: "pick" }, "pick").now;
    expect(project(early, at(13)).contract!.stageId).toBe("go-to-station");
    expect(project(early, at(13)).pose!.value[1]).toBeCloseTo(1, 6);
  });

  it.each([
    ["held", (story: Story) => story.tell(3, "contract.held", { holdId: "h", by: "cloud", reason: "r" })],
    ["failed", (story: Story) => story.tell(3, "contract.failed", { reason: "r" })],
  ])("stays where it was seen last when %s", (status, happen) => {
    const story = underWay().tell(2, "stage.progress", { share: 0.2, remaining: 8, pose: [2, 0.1, 0] }, "go-to-rack");
    const { pose, contract } = project(happen(story).now, at(100));
    expect(pose!.value).toEqual([2, 0.1, 0]);
    expect(contract!.status).toBe(status);
  });

  it("knows nothing of a device that said nothing", () => {
    expect(project({ track: {} }, at(5))).toEqual({ atMs: at(5), ageSeconds: 0 });
  });
});

describe("telemetry", () => {
  const sample = (seconds: number, x: number): Parameters<typeof trackTelemetry>[1] => [
    {
      channel: "pose",
      t0: new Date(at(seconds)).toISOString(),
      clock: "synced",
      t0Mono: 0,
      bootId: "b",
      dt: [0, 500],
      values: { x: [x - 1, x], y: [0, 0], yaw: [0, 4 * Math.PI], battery: [0.5, 0.4] },
    },
  ];

  it("is the newest sighting, unless it is late", () => {
    const first = trackTelemetry({}, sample(5, 3), at(6));
    expect(first).toMatchObject({ pose: { atMs: at(5.5), value: [3, 0, 0] }, battery: { value: 0.4 } });
    expect(trackTelemetry(first, sample(4, 9), at(7))).toEqual(first);
  });
});

describe("divergence", () => {
  function item(items: readonly DivergenceItem[], kind: DivergenceItem["kind"]): DivergenceItem {
    return items.find((entry) => entry.kind === kind)!;
  }

  it("of a device that did as projected is none", () => {
    const before = underWay().now;
    const after = underWay().tell(
      6,
      "stage.progress",
      { share: 0.6, remaining: 4, pose: [6, 0, 0], battery: 0.894 },
      "go-to-rack",
    );
    const report = compare({ before, after: after.now, returnedAtMs: at(8) });
    expect(report).toMatchObject({ contractId, at: "2026-01-05T08:00:06.000Z" });
    expect(report.items.map((entry) => [entry.kind, entry.size])).toEqual(
      ["position", "progress", "battery", "outcome", "inventory", "timing"].map((kind) => [kind, "none"]),
    );
    expect(replanTrigger(report)).toBeUndefined();
  });

  it("of a device that was held up is measured where and when it was seen", () => {
    const before = underWay().now;
    const after = underWay().tell(
      8,
      "stage.progress",
      { share: 0.3, remaining: 7, pose: [3, 0.5, 0], battery: 0.892 },
      "go-to-rack",
    );
    const report = compare({ before, after: after.now, returnedAtMs: at(9) });
    expect(item(report.items, "position")).toMatchObject({ actual: [3, 0.5, 0], unit: "m", size: "material" });
    expect(item(report.items, "position").delta).toBeCloseTo(Math.hypot(5, 0.5), 6);
    expect(item(report.items, "timing")).toMatchObject({ unit: "s", size: "none" });
    expect(item(report.items, "timing").delta).toBeCloseTo(5, 6);
    expect(replanTrigger(report)?.because.map((entry) => entry.kind)).toEqual(["position"]);
  });

  it("of an ending that nobody projected is critical", () => {
    const before = underWay().now;
    const report = compare({
      before,
      after: underWay().tell(5, "contract.released", { reason: "no_way" }).now,
      returnedAtMs: at(20),
    });
    expect(item(report.items, "outcome")).toMatchObject({ projected: "running", actual: "released", size: "critical" });
    expect(largestSize(report)).toBe("critical");
  });

  it("of the load is minor while the work explains it, and material when it does not", () => {
    const before = underWay().now;
    const delayed = underWay().tell(20, "stage.progress", { share: 0.9, remaining: 1, pose: [9, 0, 0] }, "go-to-rack");
    expect(item(compare({ before, after: delayed.now, returnedAtMs: at(20) }).items, "inventory").size).toBe("minor");
    const done = {
      output: { sku: "SKU-7890", quantity: 0 },
      durationSeconds: 5,
      attempts: 1,
      distance: 0,
      batteryUsed: 0,
    };
    const empty = underWay()
      .tell(10, "stage.completed", done, "go-to-rack")
      .tell(15, "stage.completed", { ...done, pose: [10, 0, 0] }, "pick");
    const report = compare({ before, after: empty.now, returnedAtMs: at(16) });
    expect(item(report.items, "inventory")).toMatchObject({
      projected: { "SKU-7890": 1 },
      actual: {},
      delta: 1,
      size: "material",
    });
  });
});
