import { describe, expect, it } from "vitest";
import { forgetBootTimes } from "#contract/contract-fold";
import { exampleContract } from "#contract/example";
import { nextSteps } from "./next-steps.ts";
import { AT_RACK, situationAfter, type Told } from "./situation-fixture.ts";
import type { Step } from "./step.ts";

const { contractId } = exampleContract();

describe("a hold of the failure policy", () => {
  const patient = exampleContract({
    failurePolicy: {
      rules: [
        { when: "true", strategy: "hold", hold: { until: "robot.battery > 0.7", deadlineSeconds: 30 } },
        { when: "failure.code == 'driver_failed'", strategy: "reassign" },
      ],
      fallback: "abort",
      replanBudget: 3,
      offline: "finish",
    },
  });
  const told: readonly Told[] = [
    ...AT_RACK,
    ["stage.failed", "pick", { code: "driver_failed", severity: "moderate", detail: "", attempt: 1, strategy: "hold" }],
    ["contract.held", undefined, { holdId: "policy:pick:0", by: "policy", reason: "" }],
  ];
  const key = `${contractId}/policy:pick:0`;

  it("ends when its condition comes true", () => {
    const steps = nextSteps(situationAfter(told, { contract: patient, robot: { battery: 0.75 } }));
    expect(steps).toEqual([{ type: "resume", holdId: "policy:pick:0", by: "policy" }]);
  });

  const heldAtMs = told.length * 1000;
  /** That long after the hold was placed; `seenAtMs` is when this process first saw it. */
  const stepsAfter = (seconds: number, { seenAtMs = heldAtMs, isRebooted = false } = {}): readonly Step[] => {
    const { state, ...rest } = situationAfter(told, { contract: patient, robot: { battery: 0.5 } });
    const monoMs = heldAtMs + seconds * 1000;
    return nextSteps({
      ...rest,
      state: isRebooted ? forgetBootTimes(state) : state,
      now: { ...rest.now, monoMs, clock: isRebooted ? "unsynced" : "synced" },
      activity: { ...rest.activity, heldSinceMs: { [key]: seenAtMs } },
    });
  };
  const GIVES_WAY = [{ type: "recover", endsHold: "policy:pick:0", decision: { strategy: "reassign" } }];

  it("lasts while it does not", () => {
    expect(stepsAfter(29)).toEqual([]);
  });

  it("gives way to the next rule when its deadline has passed", () => {
    expect(stepsAfter(30)).toMatchObject(GIVES_WAY);
  });

  it("gets no more time by a restart", () => {
    expect(stepsAfter(30, { seenAtMs: heldAtMs + 25_000 })).toMatchObject(GIVES_WAY);
  });

  it("is timed anew after a reboot while no clock can tell since when it is there", () => {
    const rebooted = { seenAtMs: heldAtMs + 25_000, isRebooted: true };
    expect(stepsAfter(30, rebooted)).toEqual([]);
    expect(stepsAfter(55, rebooted)).toMatchObject(GIVES_WAY);
  });
});
