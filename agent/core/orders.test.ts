import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { decideOrder } from "./orders.ts";
import { DRIVING, stateAfter, type Told } from "./situation-fixture.ts";

const contract = exampleContract();
const { contractId } = contract;
const uuid = (): string => "019b8ce6-1400-7000-8000-00000000000a";
const held = (by: string, holdId: string): Told => ["contract.held", undefined, { holdId, by, reason: "" }];

function deviceAfter(told: readonly Told[]): DeviceState {
  return { ...emptyDevice("one"), contracts: { [contractId]: stateAfter(contract, told) } };
}

function decide(order: Parameters<typeof decideOrder>[0], told: readonly Told[], isLoaded = false): object {
  return decideOrder(order, deviceAfter(told), { isLoaded }, uuid);
}

describe("an order", () => {
  it("holds under its own name, or under the cloud's", () => {
    expect(decide({ type: "hold", contractId, holdId: "aisle" }, DRIVING)).toMatchObject({
      ok: true,
      events: [{ type: "contract.held", contractId, data: { holdId: "aisle", by: "cloud" } }],
    });
    expect(decide({ type: "hold" }, DRIVING)).toMatchObject({ events: [{ data: { holdId: "cloud" } }] });
  });

  it("holds for the reason that it gives", () => {
    const hold = { type: "hold", data: { reason: "forklift in aisle B" } } as const;
    expect(decide(hold, DRIVING)).toMatchObject({ events: [{ data: { reason: "forklift in aisle B" } }] });
  });

  it("that holds twice changes nothing the second time", () => {
    expect(decide({ type: "hold" }, [...DRIVING, held("cloud", "cloud")])).toEqual({ ok: true, events: [] });
  });

  it("resumes what the cloud and the policy hold, and leaves safety and constraints alone", () => {
    const told = [...DRIVING, held("cloud", "a"), held("policy", "b"), held("safety", "c"), held("constraint", "d")];
    expect(decide({ type: "resume" }, told)).toMatchObject({
      events: [{ data: { holdId: "a", by: "cloud" } }, { data: { holdId: "b", by: "policy" } }],
    });
    expect(decide({ type: "resume", holdId: "b" }, told)).toMatchObject({ events: [{ data: { holdId: "b" } }] });
    expect(decide({ type: "resume", holdId: "c" }, told)).toEqual({ ok: true, events: [] });
  });

  it.each([
    ["cancel", "contract.cancelled"],
    ["revoke", "contract.revoked"],
  ] as const)("to %s ends the contract and tells a supervisor about its load", (type, event) => {
    expect(decide({ type, contractId }, DRIVING)).toMatchObject({
      events: [{ type: event, data: { loadOnBoard: false } }],
    });
    expect(decide({ type, contractId }, DRIVING, true)).toMatchObject({
      events: [
        { type: event, data: { loadOnBoard: true } },
        { type: "exception", data: { code: "load_on_board" } },
      ],
    });
  });

  it("is refused when there is nothing to obey it with", () => {
    const ended = [...DRIVING, ["contract.cancelled", undefined, { reason: "cancelled" }] as const];
    expect(decide({ type: "cancel", contractId }, ended)).toEqual({ ok: false, reason: "contract_ended" });
    expect(decide({ type: "hold" }, ended)).toEqual({ ok: false, reason: "no_contract" });
    expect(decide({ type: "hold", contractId: "toString" }, DRIVING)).toEqual({ ok: false, reason: "no_contract" });
    expect(decide({ type: "replan" }, DRIVING)).toEqual({ ok: false, reason: "unsupported" });
  });
});
