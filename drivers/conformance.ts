import { describe, expect, it } from "vitest";
import { distance } from "#lib/geometry";
import { firstSample, itIsADriver, itIsASource } from "./conformance-lifecycle.ts";
import { done, enable, type Rig, until, useRig } from "./conformance-rig.ts";
import type { BaseDriver, BatteryDriver, LidarDriver, PositionSource, Velocity } from "./driver.ts";

/** Speeds below this count as standing still, in m/s and rad/s. */
const STILL = 0.01;

/** What every base driver must do. The bench has two metres of free floor ahead. */
export function describeBase(name: string, makeRig: () => Promise<Rig<BaseDriver>>): void {
  describe(`${name} as a base`, () => {
    const bench = useRig(makeRig);
    itIsADriver(bench);
    itIsASource(bench);
    itMovesWhenTold(bench);
    itStops(bench);
  });
}

/** What every lidar driver must do. */
export function describeLidar(name: string, makeRig: () => Promise<Rig<LidarDriver>>): void {
  describe(`${name} as a lidar`, () => {
    const bench = useRig(makeRig);
    itIsADriver(bench);
    itIsASource(bench);

    it("gives for each ray a distance within range, Infinity for nothing or NaN for a failure", async () => {
      const { angleMin, angleStep, rangeMax, ranges } = await firstSample(bench());
      expect(ranges.length).toBeGreaterThan(0);
      expect(angleStep).not.toBe(0);
      expect(Math.abs(angleMin + angleStep * (ranges.length - 1))).toBeLessThan(2 * Math.PI);
      const wrong = ranges.filter((range) => range < 0 || (range > rangeMax && range !== Infinity));
      expect(wrong).toHaveLength(0);
    });

    it("knows where it is mounted before it is opened", () => {
      const { x, y, yaw } = bench().driver.mount;
      expect([x, y, yaw].every(Number.isFinite)).toBe(true);
    });
  });
}

/** What every position source must do. */
export function describePosition(name: string, makeRig: () => Promise<Rig<PositionSource>>): void {
  describe(`${name} as a position source`, () => {
    const bench = useRig(makeRig);
    itIsADriver(bench);
    itIsASource(bench);

    it("gives a pose with its standard deviations", async () => {
      const { pose, sigmaXy, sigmaYaw } = await firstSample(bench());
      expect([pose.x, pose.y, pose.yaw].every(Number.isFinite)).toBe(true);
      expect(Math.min(sigmaXy, sigmaYaw)).toBeGreaterThan(0);
    });
  });
}

/** What every battery driver must do. */
export function describeBattery(name: string, makeRig: () => Promise<Rig<BatteryDriver>>): void {
  describe(`${name} as a battery`, () => {
    const bench = useRig(makeRig);
    itIsADriver(bench);
    itIsASource(bench);

    it("gives its charge as a share", async () => {
      const { charge } = await firstSample(bench());
      expect(charge).toBeGreaterThanOrEqual(0);
      expect(charge).toBeLessThanOrEqual(1);
    });
  });
}

function itMovesWhenTold(bench: () => Rig<BaseDriver>): void {
  it("moves nothing when it is opened and enabled", async () => {
    const { driver, pass } = await enable(bench());
    const before = await firstSample(bench());
    await pass(1000);
    expect(distance(driver.latest()!.pose, before.pose)).toBeLessThan(0.005);
  });

  it("ignores drive unless it is enabled", async () => {
    const before = await firstSample(bench());
    const { driver, pass } = bench();
    driver.drive({ linear: 0.3, angular: 0.3 }, 1000);
    await pass(1000);
    expect(distance(driver.latest()!.pose, before.pose)).toBeLessThan(0.005);
  });

  it("drives ahead and turns counter-clockwise for positive values", async () => {
    const { driver } = await enable(bench());
    const start = (await firstSample(bench())).pose;
    await driveFor(bench(), { linear: 0.2, angular: 0 }, 2000);
    await until(bench(), () => isStill(driver), "the base stops");
    const ahead = driver.latest()!.pose;
    expect((ahead.x - start.x) * Math.cos(start.yaw) + (ahead.y - start.y) * Math.sin(start.yaw)).toBeGreaterThan(0.1);
    await driveFor(bench(), { linear: 0, angular: 0.3 }, 2000);
    expect(Math.sin(driver.latest()!.pose.yaw - ahead.yaw)).toBeGreaterThan(0.1);
  });

  it("never follows what is no number", async () => {
    const { driver, pass } = await enable(bench());
    const before = await firstSample(bench());
    driver.drive({ linear: NaN, angular: 0 }, 1000);
    driver.drive({ linear: 0, angular: Infinity }, 1000);
    await pass(500);
    expect(driver.latest()!.pose).toEqual(before.pose);
  });
}

function itStops(bench: () => Rig<BaseDriver>): void {
  it("stops by itself when drive is not refreshed", async () => {
    const { driver, clock } = await enable(bench());
    await firstSample(bench());
    const startMs = clock.nowMs();
    driver.drive({ linear: 0.2, angular: 0 }, 500);
    await until(bench(), () => !isStill(driver), "the base drives");
    await until(bench(), () => isStill(driver), "the base stops");
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(400);
  });

  it("goes on while drive is refreshed", async () => {
    const { driver } = await enable(bench());
    await firstSample(bench());
    await driveFor(bench(), { linear: 0.2, angular: 0 }, 3000);
    expect(isStill(driver)).toBe(false);
  });

  it("stops when it is disabled, whatever was left of the last drive", async () => {
    const { driver, pass } = await enable(bench());
    await firstSample(bench());
    driver.drive({ linear: 0.2, angular: 0 }, 60_000);
    await until(bench(), () => !isStill(driver), "the base drives");
    await done(bench(), driver.disable());
    await until(bench(), () => isStill(driver), "the base stops");
    driver.drive({ linear: 0.2, angular: 0 }, 1000);
    await pass(500);
    expect(isStill(driver)).toBe(true);
  });

  it("stays put when it is disabled while enabling is under way, until it is enabled again", async () => {
    const { driver, pass } = bench();
    const before = await firstSample(bench());
    const enabling = driver.enable();
    await Promise.all([done(bench(), driver.disable()), enabling]);
    driver.drive({ linear: 0.3, angular: 0 }, 1000);
    await pass(1000);
    expect(distance(driver.latest()!.pose, before.pose)).toBeLessThan(0.005);
    await done(bench(), driver.enable());
    await driveFor(bench(), { linear: 0.3, angular: 0 }, 1000);
    expect(isStill(driver)).toBe(false);
  });

  it("stops when it is disposed, as the next driver sees", async () => {
    const rig = await enable(bench());
    await firstSample(rig);
    rig.driver.drive({ linear: 0.1, angular: 0 }, 15_000);
    await until(rig, () => !isStill(rig.driver), "the base drives");
    await done(rig, rig.driver[Symbol.asyncDispose]());
    const next = await rig.again();
    await done(rig, next.open());
    await until(rig, () => next.latest() !== undefined && isStill(next), "the base stands still");
    expect(isStill(next)).toBe(true);
    await done(rig, next[Symbol.asyncDispose]());
  });
}

async function driveFor(rig: Rig<BaseDriver>, velocity: Velocity, durationMs: number): Promise<void> {
  const endMs = rig.clock.nowMs() + durationMs;
  while (rig.clock.nowMs() < endMs) {
    rig.driver.drive(velocity, 1000);
    await rig.pass(100);
  }
}

function isStill(driver: BaseDriver): boolean {
  const { linear, angular } = driver.latest()!.velocity;
  return Math.abs(linear) < STILL && Math.abs(angular) < STILL;
}
