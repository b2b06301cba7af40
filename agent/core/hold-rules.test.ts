import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { nextSteps } from "./next-steps.ts";
import { AT_RACK, situationAfter, type Told } from "./situation-fixture.ts";

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

  it("lasts while it does not", () => {
    const activity = { heldSinceMs: { [key]: 40_000 } };
    expect(nextSteps(situationAfter(told, { contract: patient, robot: { battery: 0.5 }, activity }))).toEqual([]);
  });

  it("gives way to the next rule when its deadline has passed", () => {
    const activity = { heldSinceMs: { [key]: 20_000 } };
    expect(nextSteps(situationAfter(told, { contract: patient, robot: { battery: 0.5 }, activity }))).toMatchObject([
      { type: "recover", endsHold: "policy:pick:0", decision: { strategy: "reassign" } },
    ]);
  });
});
