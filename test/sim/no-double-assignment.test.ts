import { describe, expect, test } from "vitest";
import { explore, type Bounds } from "./assignment-model/explorer.ts";
import type { Assumptions, Guards } from "./assignment-model/world.ts";
import { IS_LONG } from "./support.ts";

const GUARDS: Guards = { lease: true, epoch: true, session: true, lock: true, release: true, recollection: true };
const ASSUMPTIONS: Assumptions = {
  clockRateError: 0.001,
  wallErrorSeconds: 2,
  holdsWhenUnknown: true,
  stopsInTime: true,
};
const TWO_ACT = "no two devices act on the task, unless an operator has forced it";
const TWO_LOCKS = "at most one contract of the task holds its lock";
const TWO_COUNT = "at most one assignment's movements count, unless the database was restored";

/** At once: whatever order messages come in. Over a lease: it ends, and the task is given on. */
const AT_ONCE: Bounds = { faults: 1, restores: true, seconds: 0, picks: false, renewals: false };
const OVER_A_LEASE: Bounds = { ...AT_ONCE, seconds: 45 };

/** Some minutes. */
const LONG: readonly Bounds[] = IS_LONG ? [{ ...OVER_A_LEASE, restores: false, picks: true, renewals: true }] : [];

test.each<Bounds>([{ ...AT_ONCE, faults: 2 }, { ...AT_ONCE, picks: true, renewals: true }, OVER_A_LEASE, ...LONG])(
  "no history gives a task to two devices: %o",
  (bounds) => {
    const { states, broken } = explore(bounds, GUARDS, ASSUMPTIONS);
    expect(broken).toBeUndefined();
    expect(states).toBeGreaterThan(5_000);
    process.stdout.write(`${states} states: ${JSON.stringify(bounds)}\n`);
  },
);

describe("without the guard", () => {
  test.each<[keyof Guards, Bounds, string]>([
    ["lease", AT_ONCE, TWO_ACT],
    ["epoch", { ...AT_ONCE, picks: true }, TWO_COUNT],
    ["session", { ...AT_ONCE, faults: 2 }, TWO_ACT],
    ["lock", { ...AT_ONCE, faults: 0 }, TWO_LOCKS],
    ["release", AT_ONCE, TWO_ACT],
    ["recollection", AT_ONCE, TWO_ACT],
  ])("%s, a task is given twice", (guard, bounds, invariant) => {
    const { broken } = explore(bounds, { ...GUARDS, [guard]: false }, ASSUMPTIONS);
    expect(broken).toMatchObject({ invariant });
  });
});

describe("without the assumption that", () => {
  test.each<[string, Partial<Assumptions>, Bounds]>([
    ["clocks run true to 0.1 %", { clockRateError: 0.9 }, OVER_A_LEASE],
    ["a wall clock that calls itself synced is right to seconds", { wallErrorSeconds: 30 }, OVER_A_LEASE],
    ["a device whose lease is unknown stands still", { holdsWhenUnknown: false }, OVER_A_LEASE],
    ["a device stops within the wind-down of its lease", { stopsInTime: false }, OVER_A_LEASE],
  ])("%s, a task is given twice", (_what, change, bounds) => {
    const { broken } = explore(bounds, GUARDS, { ...ASSUMPTIONS, ...change });
    expect(broken).toMatchObject({ invariant: TWO_ACT });
  });
});
