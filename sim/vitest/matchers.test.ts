import { describe, expect, it } from "vitest";
import type { SimulationResult } from "../result.ts";
import { matchers } from "./matchers.ts";

const robot = {
  distance: 5,
  meanSpeed: 1,
  minClearance: 0.3,
  keepoutViolations: 0,
  speedViolations: 0,
  batteryUsed: 0,
};
const pick = { contractId: "c-1", name: "pick", status: "completed", stages: [] };
const drop = { contractId: "c-2", name: "drop", status: "failed", stages: [] };
const RESULT: SimulationResult = {
  scenario: "dock",
  seed: 7,
  matrix: { outage: "90s" },
  digest: "d",
  outcome: "failed",
  expectations: [{ name: "far", ok: false, detail: "distance > 9 is false" }],
  virtualSeconds: 60,
  wallSeconds: 1,
  realTimeFactor: 60,
  devices: [
    { ...robot, id: "amr-07", contracts: [pick], collisions: 0 },
    { ...robot, id: "amr-08", contracts: [drop], collisions: 2 },
  ],
  cloud: { modes: [], reconciliations: [{ deviceId: "amr-07", divergence: {} }] },
};

describe("matchers over the result of a run", () => {
  it.each([
    [matchers.toHavePassed(RESULT), false, "these do not hold:\n  far: distance > 9 is false"],
    [matchers.toHaveFulfilled(RESULT, "pick"), true, "pick is completed"],
    [matchers.toHaveFulfilled(RESULT, "c-2"), false, "c-2 is failed"],
    [matchers.toHaveCollided(RESULT), true, "amr-08 moved into something 2 times"],
    [matchers.toHaveCollided(RESULT, "amr-07"), false, "amr-07 moved into something 0 times"],
    [matchers.toHaveReconciled(RESULT), true, "the cloud reconciled amr-07"],
    [matchers.toHaveReconciled(RESULT, "amr-08"), false, "the cloud reconciled amr-07"],
    [matchers.toHold(RESULT, "robot('amr-07').distance > 4"), true, "robot('amr-07').distance > 4 is true"],
    [matchers.toHold(RESULT, "robot('amr-07').distance > 9"), false, "robot('amr-07').distance is 5"],
  ])("answer and name the run that they speak of (%#)", (verdict, pass, found) => {
    expect(verdict.pass).toBe(pass);
    expect(verdict.message()).toContain('dock outage="90s" with seed 7: ');
    expect(verdict.message()).toContain(found);
  });

  it("refuse names that nothing has, whatever is expected of them", () => {
    expect(() => matchers.toHaveFulfilled(RESULT, "pck")).toThrow("the run has no contract pck; did you mean pick?");
    expect(() => matchers.toHaveCollided(RESULT, "amr-70")).toThrow("did you mean amr-07?");
    expect(() => matchers.toHaveReconciled(RESULT, "amr-70")).toThrow("did you mean amr-07?");
    expect(() => matchers.toHold(RESULT, "robot('amr-07').colisions > 0")).toThrow("did you mean collisions?");
    expect(() => matchers.toHold(RESULT, "robot('amr-70').collisions > 0")).toThrow("robot('amr-70')");
    expect(() => matchers.toHold(RESULT, "robot('amr-07').distance")).toThrow("is 5");
  });

  it("tell who forgot to wait for the run", () => {
    const waiting = Promise.resolve(RESULT) as unknown as SimulationResult;
    expect(() => matchers.toHavePassed(waiting)).toThrow("await scenario(");
  });
});
