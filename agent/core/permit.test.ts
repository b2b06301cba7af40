import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { permitNow } from "./permit.ts";
import { DRIVING, situationAfter, type Told } from "./situation-fixture.ts";

type Differs = NonNullable<Parameters<typeof situationAfter>[1]>;

const held: Told = ["contract.held", undefined, { holdId: "x", by: "cloud", reason: "" }];
const cancelled: Told = ["contract.cancelled", undefined, { reason: "cancelled" }];

const FORBIDDEN: readonly { name: string; told?: readonly Told[]; differs?: Differs }[] = [
  { name: "a contract that has not begun", told: [] },
  { name: "a contract that is held", told: [...DRIVING, held] },
  { name: "a contract that is over", told: [...DRIVING, cancelled] },
  { name: "an order on its way", differs: { isOrderPending: true } },
  { name: "a robot that is stopped", differs: { safety: "stopped" } },
  { name: "a robot that is starting", differs: { safety: "starting" } },
  { name: "a lease that has ended", differs: { leaseRemainingMs: 0 } },
  { name: "a lease that is not known", differs: { leaseRemainingMs: "unknown" } },
  { name: "a battery below the floor", differs: { robot: { battery: 0.1 } } },
];

describe("permission to act", () => {
  it.each(FORBIDDEN)("is refused for $name", ({ told = DRIVING, differs }) => {
    expect(permitNow(situationAfter(told, differs), "navigate", 1.5)).toEqual({ ok: false });
  });

  it("names the lowest speed that device, contract and scope set", () => {
    const base = exampleContract();
    const constraints = { ...base.constraints, maxSpeed: 1.2 };
    const scope = { actions: [{ action: "navigate", limits: { maxSpeed: 0.9 } }, { action: "pick" }] };
    const situation = situationAfter(DRIVING, { contract: { ...base, constraints, scope } });
    expect(permitNow(situation, "navigate", 1.5)).toEqual({ ok: true, maxSpeed: 0.9 });
    expect(permitNow(situation, "pick", 1.5)).toEqual({ ok: true, maxSpeed: 1.2 });
    expect(permitNow(situation, "navigate", 0.4)).toEqual({ ok: true, maxSpeed: 0.4 });
  });

  it("halves the speed of a robot that is limited", () => {
    expect(permitNow(situationAfter(DRIVING, { safety: "limited" }), "navigate", 1)).toEqual({
      ok: true,
      maxSpeed: 0.5,
    });
  });
});
