import { describe, expect, it } from "vitest";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { DEFAULT_POLICIES } from "./policies.ts";
import { PICKING, ROBOT, stateAfter } from "./situation-fixture.ts";
import { judgeAssumptions, judgeOutput } from "./stage-outcome.ts";
import { findStage, type StageView } from "./stage-order.ts";

const contract = exampleContract();
const view = findStage(contract, stateAfter(contract, PICKING), "pick")!;
const context = { contract, robot: ROBOT, policies: DEFAULT_POLICIES };
const output = { sku: "SKU-7890", quantity: 1 };

function withStage(change: Partial<Stage>): StageView {
  return { ...view, stage: { ...view.stage, ...change } };
}

describe("the outcome of a stage", () => {
  it("is good when the output is what was asked for", () => {
    expect(judgeOutput(view, output, context)).toEqual({ ok: true, drift: [] });
  });

  it.each([
    {
      name: "an output of another shape",
      change: {},
      given: { sku: 7, quantity: 1 },
      failure: { code: "output_invalid" },
    },
    {
      name: "an output that is not the expected one",
      change: { expectedOutput: { sku: "SKU-1" } },
      given: output,
      failure: { code: "validation_failed", detail: 'sku is "SKU-7890", expected was "SKU-1"' },
    },
    {
      name: "a criterion that is false",
      change: { validation: [{ expr: "output.quantity == 2", message: "two were ordered" }] },
      given: output,
      failure: { code: "validation_failed", detail: "two were ordered" },
    },
    {
      name: "a criterion that cannot be judged",
      change: { validation: [{ expr: "output.weight > 1", message: "too light" }] },
      given: output,
      failure: {
        code: "validation_failed",
        detail: expect.stringMatching(/^too light \(output\.weight > 1: /) as string,
      },
    },
  ])("is bad for $name", ({ change, given, failure }) => {
    expect(judgeOutput(withStage(change), given, context)).toMatchObject({ ok: false, failure });
  });

  it("compares expected values as JSON does, whatever the order of their keys", () => {
    const expected = withStage({ expectedOutput: { place: { rack: "b", shelf: [3, 4] } } });
    const given = { ...output, place: { shelf: [3, 4], rack: "b" } };
    expect(judgeOutput(expected, given, context).ok).toBe(true);
    expect(judgeOutput(expected, { ...given, place: { rack: "b", shelf: [4, 3] } }, context).ok).toBe(false);
  });

  it("remembers that the effect of an action that cannot be undone has happened", () => {
    const outcome = judgeOutput(withStage({ expectedOutput: { sku: "SKU-1" } }), output, context);
    expect(outcome).toMatchObject({ failure: { effect: "happened" } });
  });
});

describe("assumptions", () => {
  const drifted = (severity: "trivial" | "minor" | "moderate" | "major" | "critical"): object =>
    judgeAssumptions(view, {
      ...context,
      contract: { ...contract, assumptions: [{ id: "full", expr: "robot.battery > 0.9", severity }] },
    });

  it.each(["trivial", "minor"] as const)("that are %s are noted, and work goes on", (severity) => {
    expect(drifted(severity)).toMatchObject({ ok: true, drift: [{ assumptionId: "full", severity }] });
  });

  it.each(["moderate", "major", "critical"] as const)("that are %s fail the stage with that severity", (severity) => {
    expect(drifted(severity)).toMatchObject({ ok: false, failure: { code: "assumption_drifted", severity } });
  });

  it("that cannot be judged do not hold", () => {
    const assumptions = [{ id: "map", expr: "robot.map == 'new'", severity: "major" as const }];
    expect(judgeAssumptions(view, { ...context, contract: { ...contract, assumptions } })).toMatchObject({
      ok: false,
    });
  });
});
