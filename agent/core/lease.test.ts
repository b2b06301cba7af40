import { describe, expect, test } from "vitest";
import { grantLease, isWorthKeeping, leaseRemainingMs, renewLease, type LeaseAnchor, type Moment } from "./lease.ts";

const moment = (monoMs: number, more: Partial<Moment> = {}): Moment => ({
  bootId: "boot-a",
  monoMs,
  wallMs: 1_000_000 + monoMs,
  clock: "synced",
  ...more,
});
const contract = { contractId: "c-1", epoch: 3, lease: { durationSeconds: 100, windDownSeconds: 10 } };
const granted = grantLease(contract, moment(5000), undefined);
const rebooted = { bootId: "boot-b", monoMs: 2000 };

describe("leaseRemainingMs", () => {
  const rows: { name: string; anchor?: LeaseAnchor; now: Moment; left: number | "unknown" }[] = [
    { name: "whole at the receipt", now: moment(5000), left: 100_000 },
    { name: "counts from the receipt", now: moment(45_000), left: 60_000 },
    { name: "tells how long ago it ended", now: moment(205_000), left: -100_000 },
    { name: "does not notice a step of the wall clock", now: moment(45_000, { wallMs: 9e12 }), left: 60_000 },
    { name: "does not notice a lost clock", now: moment(45_000, { clock: "unsynced" }), left: 60_000 },
    { name: "counts by wall clock over a reboot", now: { ...moment(0), ...rebooted, wallMs: 1_035_000 }, left: 70_000 },
    { name: "has ended during a long reboot", now: { ...moment(0), ...rebooted, wallMs: 1_500_000 }, left: -395_000 },
    {
      name: "is unknown while the clock is unsynced after a reboot",
      now: { ...moment(0), ...rebooted, clock: "unsynced" },
      left: "unknown",
    },
    {
      name: "is unknown when the clock was unsynced before the reboot",
      anchor: grantLease(contract, moment(5000, { clock: "unsynced" }), undefined),
      now: { ...moment(0), ...rebooted, wallMs: 1_035_000 },
      left: "unknown",
    },
    {
      name: "is unknown when the wall clock went back over a reboot",
      now: { ...moment(0), ...rebooted, wallMs: 1_000_000 },
      left: "unknown",
    },
  ];
  test.each(rows)("$name", ({ anchor = granted, now, left }) => {
    expect(leaseRemainingMs(anchor, now)).toBe(left);
  });
});

describe("a renewal", () => {
  test("counts from the sending of the beat that was answered", () => {
    const renewed = renewLease(granted, contract.lease, moment(50_000));
    expect(leaseRemainingMs(renewed, moment(60_000))).toBe(90_000);
  });

  test("of an older beat, or a second answer, changes nothing", () => {
    const renewed = renewLease(granted, contract.lease, moment(50_000));
    expect(renewLease(renewed, contract.lease, moment(40_000))).toBe(renewed);
    expect(renewLease(renewed, contract.lease, moment(50_000))).toBe(renewed);
  });

  test("makes a lease known again after a reboot with an unsynced clock", () => {
    const now = moment(3000, { ...rebooted, clock: "unsynced" });
    const renewed = renewLease(granted, contract.lease, { ...now, monoMs: 2500 });
    expect(leaseRemainingMs(renewed, { ...now, monoMs: 3000 })).toBe(99_500);
  });
});

describe("a new revision", () => {
  const revised = { ...contract, epoch: 4, lease: { durationSeconds: 500, windDownSeconds: 10 } };

  test("moves no anchor and lengthens nothing before the cloud has answered a beat", () => {
    const again = grantLease(revised, moment(60_000), granted);
    expect(leaseRemainingMs(again, moment(60_000))).toBe(45_000);
    expect(again.epoch).toBe(4);
    const renewed = renewLease(again, revised.lease, moment(61_000));
    expect(leaseRemainingMs(renewed, moment(61_000))).toBe(500_000);
  });

  test("that is shorter holds at once", () => {
    const shorter = { ...contract, lease: { durationSeconds: 30, windDownSeconds: 10 } };
    expect(leaseRemainingMs(grantLease(shorter, moment(20_000), granted), moment(20_000))).toBe(15_000);
  });
});

test("an anchor is written again after a twentieth of the lease, at least 5 s, and at once in another boot", () => {
  const at = (monoMs: number, more: Partial<Moment> = {}): LeaseAnchor => ({ ...granted, from: moment(monoMs, more) });
  expect(isWorthKeeping(undefined, granted)).toBe(true);
  expect(isWorthKeeping(granted, at(9999))).toBe(false);
  expect(isWorthKeeping(granted, at(10_000))).toBe(true);
  expect(isWorthKeeping({ ...granted, durationSeconds: 1800 }, { ...at(90_000), durationSeconds: 1800 })).toBe(false);
  expect(isWorthKeeping({ ...granted, durationSeconds: 1800 }, { ...at(95_000), durationSeconds: 1800 })).toBe(true);
  expect(isWorthKeeping(granted, at(6000, { bootId: "boot-b" }))).toBe(true);
});
