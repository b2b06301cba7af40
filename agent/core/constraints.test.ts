import { describe, expect, it } from "vitest";
import type { Constraints } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { findViolations, waitBeforeStartMs } from "./constraints.ts";
import { elapsedMs } from "./elapsed.ts";
import { situationAfter, STARTED, type Told } from "./situation-fixture.ts";

type Differs = NonNullable<Parameters<typeof situationAfter>[1]>;

interface Row {
  readonly name: string;
  readonly constraints?: Partial<Constraints>;
  readonly told?: readonly Told[];
  readonly differs?: Differs;
  readonly codes: readonly string[];
}

const NOW = { monoMs: 60_000, wallMs: Date.parse("2026-01-05T08:01:00.000Z"), clock: "synced" } as const;
const past = { notAfter: "2026-01-05T08:00:30.000Z" };

const ROWS: readonly Row[] = [
  { name: "nothing is wrong on a quiet robot", codes: [] },
  { name: "the battery is below the floor", differs: { robot: { battery: 0.19 } }, codes: ["battery_low"] },
  { name: "the battery is at the floor", differs: { robot: { battery: 0.2 } }, codes: [] },
  { name: "the window has passed", constraints: { window: past }, codes: ["window_passed"] },
  {
    name: "a clock that is not synced can't tell",
    constraints: { window: past },
    differs: { now: { ...NOW, clock: "unsynced" } },
    codes: [],
  },
  {
    name: "the work takes too long",
    constraints: { window: { maxDurationSeconds: 58 } },
    codes: ["duration_exceeded"],
  },
  { name: "the work may take that long", constraints: { window: { maxDurationSeconds: 59 } }, codes: [] },
  {
    name: "work that has not begun takes no time",
    constraints: { window: { maxDurationSeconds: 10 } },
    told: [],
    codes: [],
  },
  {
    name: "a step of the wall clock is no time",
    constraints: { window: { maxDurationSeconds: 100 } },
    differs: { now: { ...NOW, wallMs: NOW.wallMs + 3_600_000 } },
    codes: [],
  },
  {
    name: "the robot is in a forbidden zone",
    constraints: { zones: { forbidden: ["kitting"] } },
    differs: { robot: { zones: ["aisle", "kitting"] } },
    codes: ["zone_forbidden"],
  },
  {
    name: "the robot is in no allowed zone",
    constraints: { zones: { allowed: ["aisle"] } },
    differs: { robot: { zones: ["yard"] } },
    codes: ["zone_forbidden"],
  },
  {
    name: "the robot is in one of the allowed zones",
    constraints: { zones: { allowed: ["aisle", "yard"] } },
    differs: { robot: { zones: ["yard"] } },
    codes: [],
  },
  {
    name: "the robot is too fast",
    constraints: { maxSpeed: 1 },
    differs: { robot: { speed: 1.4 } },
    codes: ["speed_exceeded"],
  },
  {
    name: "the most final comes first",
    constraints: { window: past },
    differs: { robot: { battery: 0.1 } },
    codes: ["window_passed", "battery_low"],
  },
];

describe("constraints", () => {
  it.each(ROWS)("$name", ({ constraints, told = STARTED, differs, codes }) => {
    const base = exampleContract();
    const contract = { ...base, constraints: { ...base.constraints, ...constraints } };
    const found = findViolations(situationAfter(told, { ...differs, contract }));
    expect(found.map(({ code }) => code)).toEqual(codes);
  });

  it("wait for notBefore, on a clock that is synced only", () => {
    const base = exampleContract();
    const window = { notBefore: "2026-01-05T08:02:00.000Z", maxDurationSeconds: 10 };
    const contract = { ...base, constraints: { ...base.constraints, window } };
    expect(waitBeforeStartMs(contract, NOW)).toBe(60_000);
    expect(waitBeforeStartMs(contract, { ...NOW, clock: "unsynced" })).toBe(0);
    expect(waitBeforeStartMs(contract, { ...NOW, wallMs: NOW.wallMs + 90_000 })).toBe(0);
  });
});

describe("time since a beginning", () => {
  const issuedAt = "2026-01-05T08:00:00.000Z";

  it.each([
    {
      name: "counts on the boot clock",
      beginning: { monoMs: 20_000, at: "2026-01-05T07:00:00.000Z" },
      now: NOW,
      elapsed: 40_000,
    },
    {
      name: "counts by the wall after a reboot",
      beginning: { at: "2026-01-05T08:00:50.000Z" },
      now: NOW,
      elapsed: 10_000,
    },
    {
      name: "is not known on an unsynced clock after a reboot",
      beginning: { at: "2026-01-05T08:00:50.000Z" },
      now: { ...NOW, clock: "unsynced" as const },
      elapsed: undefined,
    },
    {
      name: "is not known when the beginning was stamped before the contract was issued",
      beginning: { at: "1970-01-01T00:10:00.000Z" },
      now: NOW,
      elapsed: undefined,
    },
  ])("$name", ({ beginning, now, elapsed }) => {
    expect(elapsedMs(beginning, now, issuedAt)).toBe(elapsed);
  });
});
