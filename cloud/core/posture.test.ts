import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import type { ProjectionBasis } from "./basis.ts";
import { project } from "./projection.ts";

type Offline = Contract["failurePolicy"]["offline"];

const START_MS = Date.UTC(2026, 0, 5, 8);
const at = (seconds: number): number => START_MS + seconds * 1000;
const example = exampleContract();

/** Under way to the rack, 40 m in 40 s, then 5 s of picking and 8 m back in 8 s; the link was lost after 10 s. */
function lost(offline: Offline, changes: Partial<Contract> = {}): ProjectionBasis {
  const contract = exampleContract({
    failurePolicy: { ...example.failurePolicy, offline },
    spatial: {
      ...example.spatial,
      zones: [
        {
          id: "yard",
          kind: "work",
          polygon: [
            [-9, -1],
            [-7, -1],
            [-7, 1],
            [-9, 1],
          ],
        },
      ],
      landmarks: [...example.spatial.landmarks, { id: "home", kind: "home", pose: [5, 0, 0] }],
    },
    ...changes,
  });
  const { contractId } = contract;
  const [first, ...others] = contract.stages.map(({ stageId, action }, index) => ({
    stageId,
    action,
    isOptional: false,
    status: index === 0 ? ("started" as const) : ("pending" as const),
    attempts: 1,
    retries: 0,
    fixes: {},
    startedAt: new Date(START_MS).toISOString(),
  }));
  const state = {
    contractId,
    status: "running",
    offline,
    stages: [first!, ...others],
    load: {},
  } as unknown as ContractState;
  const estimate = {
    stageId: "go-to-rack",
    pose: [0, 0, 0] as [number, number, number],
    battery: 0.9,
    route: [
      [0, 0],
      [40, 0],
    ] as [number, number][],
    speed: 1,
    stageSecondsRemaining: 40,
    secondsRemaining: 53,
    nextStages: [
      { stageId: "pick", seconds: 5 },
      {
        stageId: "go-to-station",
        seconds: 8,
        route: [
          [40, 0],
          [40, 8],
        ] as [number, number][],
      },
    ],
    drainPerSecond: 0.001,
  };
  const track = {
    pose: { atMs: START_MS, value: [0, 0, 0] as [number, number, number] },
    battery: { atMs: START_MS, value: 0.9 },
    estimate: { atMs: START_MS, value: { contractId, data: estimate } },
  };
  return { contract, state, track, lostAtMs: at(10) };
}

describe("a device that has lost the cloud is believed", () => {
  it.each<[offline: Offline, what: string, seconds: number, x: number, status: string, battery: number]>([
    ["finish", "to go on", 20, 20, "running", 0.88],
    ["finish", "to have ended", 100, 40, "completed", 0.847],
    ["hold", "to go on until the link counts as gone", 20, 20, "running", 0.88],
    ["hold", "to stand then", 60, 25, "held", 0.875],
    ["finish-stage", "to end what it was at", 39, 39, "running", 0.861],
    ["finish-stage", "to stand where that ended", 100, 40, "held", 0.86],
    ["return-home", "to turn back", 35, 15, "held", 0.865],
    ["return-home", "to be at home", 100, 5, "held", 0.855],
  ])("under %s %s: after %s s", (offline, _what, seconds, x, status, battery) => {
    const projection = project(lost(offline), at(seconds));
    expect(projection.pose!.value[0]).toBeCloseTo(x, 6);
    expect(projection.contract!.status).toBe(status);
    expect(projection.battery!.value).toBeCloseTo(battery, 6);
  });

  it("to end its work nobody knows when, once it waits for the link", () => {
    expect(project(lost("hold"), at(5)).contract!.endsAtMs).toBeUndefined();
    expect(project(lost("finish"), at(5)).contract!.endsAtMs).toBe(at(53));
  });

  it("to stay where it has stopped when its contract lets it drive nowhere", () => {
    const scope = { actions: [{ action: "pick" }] };
    expect(project(lost("return-home", { scope }), at(100)).pose!.value[0]).toBeCloseTo(25, 6);
  });

  it("to have ended work that was over before the link counted as gone", () => {
    const basis = { ...lost("hold"), lostAtMs: at(45) };
    expect(project(basis, at(100)).contract!.status).toBe("completed");
  });

  it("less and less certainly", () => {
    const sigmas = [10, 30, 60, 600].map((seconds) => project(lost("return-home"), at(seconds)).pose!.sigma);
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => a - b));
  });
});
