import { expect, test } from "vitest";
import { exampleContract } from "#contract/example";
import { emptyDevice } from "#contract/reducer";
import { decideConsoleOrder, type ConsoleOrder } from "./console-orders.ts";
import { DRIVING, stateAfter, type Told } from "./situation-fixture.ts";

const contract = exampleContract();
const { contractId } = contract;
const held = (by: string, holdId: string): Told => ["contract.held", undefined, { holdId, by, reason: "" }];
const HOLD = { type: "hold", reason: "a person" } as const;

function decide(order: ConsoleOrder, told: readonly Told[] | undefined, isLoaded = false): object {
  const contracts = told ? { [contractId]: stateAfter(contract, told) } : {};
  const uuid = (): string => "019b8ce6-1400-7000-8000-00000000000a";
  return decideConsoleOrder(order, { ...emptyDevice("one"), contracts }, { isLoaded }, uuid);
}

test("without a contract there is nothing to order", () => {
  expect(decide(HOLD, undefined)).toEqual({ ok: false, reason: "no_contract" });
});

test("hold places the console's hold, once", () => {
  const data = { holdId: "console", by: "console", reason: "a person" };
  expect(decide(HOLD, DRIVING)).toEqual({ ok: true, events: [{ type: "contract.held", contractId, data }] });
  expect(decide(HOLD, [...DRIVING, held("console", "console")])).toEqual({ ok: true, events: [] });
});

test("resume clears the console's hold and those that wait for a human, and no other", () => {
  const told = [held("console", "console"), held("policy", "p"), held("cloud", "c"), held("safety", "s")];
  const cleared = { ok: true, events: [{ data: { by: "console" } }, { data: { by: "policy" } }] };
  expect(decide({ type: "resume" }, [...DRIVING, ...told])).toMatchObject(cleared);
});

test.each([
  { holds: [], reason: "not_held" },
  { holds: [held("safety", "s")], reason: "held_by_others" },
  { holds: [held("policy", "abort:stage:code")], reason: "held_by_others" },
])("resume is refused as $reason", ({ holds, reason }) => {
  expect(decide({ type: "resume" }, [...DRIVING, ...holds])).toEqual({ ok: false, reason });
});

test("abort ends the contract and tells of a load that is left on board", () => {
  expect(decide({ type: "abort", reason: "by hand" }, DRIVING, true)).toMatchObject({
    ok: true,
    events: [
      { type: "contract.aborted", contractId, data: { reason: "aborted", detail: "by hand", loadOnBoard: true } },
      { type: "exception", contractId, data: { code: "load_on_board" } },
    ],
  });
});
