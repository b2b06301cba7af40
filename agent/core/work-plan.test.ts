import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { makeWorkPlan } from "./work-plan.ts";

const NOW = { monoMs: 1000, wallMs: Date.parse("2026-01-05T08:00:00.000Z"), clock: "synced" } as const;
type Zones = Contract["constraints"]["zones"];

function zonesOfPlan(zones: Zones, around: string[]): Zones {
  const { constraints, stages } = exampleContract();
  const parent = exampleContract({ constraints: { ...constraints, zones } });
  const order = { kind: "stand-aside", planId: "plan-1", parent, stages, robot: { zones: around } } as const;
  return makeWorkPlan(order, NOW).contract.constraints.zones;
}

describe("the zones of a plan", () => {
  it.each<[what: string, zones: Zones, around: string[], plan: Zones]>([
    ["are the contract's", { forbidden: ["a", "b"] }, [], { forbidden: ["a", "b"] }],
    [
      "let the robot leave the one that it stands in, and no other",
      { forbidden: ["a", "b"] },
      ["a"],
      { forbidden: ["b"] },
    ],
    ["keep it in what is allowed", { allowed: ["a"] }, ["a"], { allowed: ["a"], forbidden: [] }],
    ["let it come back from outside of what is allowed", { allowed: ["a"] }, ["b"], { forbidden: [] }],
  ])("%s", (_what, zones, around, plan) => {
    expect(zonesOfPlan(zones, around)).toEqual(plan);
  });
});
