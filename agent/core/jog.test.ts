import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { makeJog, permitJog, type JogBasis, type JogMove } from "./jog.ts";
import { DRIVING, ROBOT, stateAfter, type Told } from "./situation-fixture.ts";

const LIMITS = { maxDistance: 0.5, maxYaw: 0.8, maxSpeed: 0.2 };
const contract = exampleContract();
const IDLE = emptyDevice("one");
const HELD: Told = ["contract.held", undefined, { holdId: "h", by: "console" }];

function deviceAfter(...told: Told[]): DeviceState {
  return { ...IDLE, contracts: { [contract.contractId]: stateAfter(contract, told) } };
}

function answer(move: Partial<JogMove>, differs: Partial<JogBasis> = {}): string {
  const basis = { limits: LIMITS, device: IDLE, robot: ROBOT, safety: "normal", isBusy: false, ...differs } as const;
  const said = permitJog({ x: 0, y: 0, yaw: 0, ...move }, basis);
  return said.ok ? "begins" : said.reason;
}

describe("a jog", () => {
  it.each<[what: string, move: Partial<JogMove>, differs: Partial<JogBasis>, said: string]>([
    ["may go as far as the profile says", { x: 0.3, y: -0.4, yaw: -0.8 }, {}, "begins"],
    ["goes no farther, whatever the direction", { x: 0.4, y: 0.4 }, {}, "out_of_bounds"],
    ["turns no farther", { yaw: 0.9 }, {}, "out_of_bounds"],
    ["goes nowhere for a number that is none", { x: Number.NaN }, {}, "out_of_bounds"],
    ["waits for no contract at work", { x: 0.1 }, { device: deviceAfter(...DRIVING) }, "contract_active"],
    ["comes before no contract that was just accepted", { x: 0.1 }, { device: deviceAfter() }, "contract_active"],
    ["is possible while the contract is held", { x: 0.1 }, { device: deviceAfter(...DRIVING, HELD) }, "begins"],
    [
      "is possible in spite of contracts that are over",
      { x: 0.1 },
      { device: deviceAfter(["contract.cancelled", undefined, { reason: "cancelled" }]) },
      "begins",
    ],
    ["waits for what is under way", { x: 0.1 }, { isBusy: true }, "busy"],
    ["is refused to a robot that may not move", { x: 0.1 }, { safety: "stopped" }, "not_ready"],
    [
      "is refused to a robot that does not know where it is",
      { x: 0.1 },
      { robot: { zones: [], battery: 0.5 } },
      "not_ready",
    ],
  ])("%s", (_what, move, differs, said) => {
    expect(answer(move, differs)).toBe(said);
  });

  it("is a drive in the robot's own frame, slow, and within the zones of the contract that is held", () => {
    const held = exampleContract({ constraints: { ...contract.constraints, zones: { forbidden: ["a", "b"] } } });
    const from = { x: 1, y: 2, yaw: Math.PI / 2 };
    const order = { planId: "plan-1", deviceId: "amr-07", from, limits: LIMITS, robot: { zones: ["b"] }, held };
    const { contract: plan, parentId } = makeJog({ x: 0.3, y: 0.1, yaw: 0.5 }, order, {
      monoMs: 0,
      wallMs: 0,
      clock: "synced",
    });
    expect(parentId).toBeUndefined();
    const [to] = plan.stages.map(({ inputs }) => inputs["to"] as number[]);
    expect(to![0]).toBeCloseTo(0.9);
    expect(to![1]).toBeCloseTo(2.3);
    expect(to![2]).toBeCloseTo(Math.PI / 2 + 0.5);
    expect(plan.constraints).toMatchObject({ maxSpeed: 0.2, zones: { forbidden: ["a"] } });
    expect(plan.spatial).toBe(held.spatial);
  });
});
