import { expect, it } from "vitest";
import { anyDriverError, done, enable, failure, type Rig, until } from "./conformance-rig.ts";
import type { Driver, Source } from "./driver.ts";

/** The lifecycle that every driver keeps. */
export function itIsADriver(bench: () => Rig<Driver>): void {
  it("is down, and says why, until it is opened", () => {
    const health = bench().driver.health();
    expect(health.state).toBe("down");
    expect(health.reason).toBeTruthy();
  });

  it("cannot be enabled before it is opened", async () => {
    expect(await failure(bench(), bench().driver.enable())).toEqual(anyDriverError);
  });

  it("can be opened, enabled, disabled and disposed more than once", async () => {
    const { driver } = bench();
    await done(bench(), driver.open());
    await done(bench(), driver.open());
    await done(bench(), driver.enable());
    await done(bench(), driver.enable());
    expect(driver.health().state).toBe("ok");
    await done(bench(), driver.disable());
    await done(bench(), driver.disable());
    expect(driver.health().state).toBe("ok");
    await done(bench(), driver[Symbol.asyncDispose]());
    await done(bench(), driver[Symbol.asyncDispose]());
    expect(driver.health().state).toBe("down");
  });

  it("stays gone once it is disposed", async () => {
    const { driver } = bench();
    await done(bench(), driver[Symbol.asyncDispose]());
    expect(await failure(bench(), driver.open())).toEqual(anyDriverError);
  });

  it("is down, and says why, when its device is gone", async () => {
    const { driver, unplug } = await enable(bench());
    await unplug();
    await until(bench(), () => driver.health().state === "down", "the driver notices that its device is gone");
    expect(driver.health().reason).toBeTruthy();
  });

  it("can be disabled and disposed when its device is gone", async () => {
    const { driver, unplug } = await enable(bench());
    await unplug();
    await until(bench(), () => driver.health().state === "down", "the driver notices that its device is gone");
    await done(bench(), driver.disable());
    expect(await failure(bench(), driver.enable())).toEqual(anyDriverError);
    await done(bench(), driver[Symbol.asyncDispose]());
  });
}

/** What every source of samples does. */
export function itIsASource(bench: () => Rig<Driver & Source<{ readonly atMs: number }>>): void {
  it("has no sample before it is opened", async () => {
    await bench().pass(500);
    expect(bench().driver.latest()).toBeUndefined();
  });

  it("gives ever newer samples, none from the future", async () => {
    const { driver, clock } = bench();
    let lastMs = (await firstSample(bench())).atMs;
    for (let sample = 0; sample < 5; sample++) {
      await until(bench(), () => driver.latest()!.atMs > lastMs, "a newer sample comes");
      lastMs = driver.latest()!.atMs;
      expect(lastMs).toBeLessThanOrEqual(clock.nowMs());
    }
    expect(driver.health().lastSampleMs).toBeGreaterThanOrEqual(lastMs);
  });

  it("gives no sample any more when its device is gone", async () => {
    const { driver, unplug, pass } = bench();
    await firstSample(bench());
    await unplug();
    await until(bench(), () => driver.health().state === "down", "the driver notices that its device is gone");
    const last = driver.latest();
    await pass(1000);
    expect(driver.latest()).toEqual(last);
  });
}

/** Opens the driver of the bench and waits for a sample. */
export async function firstSample<Sample>(rig: Rig<Driver & Source<Sample>>): Promise<Sample> {
  await done(rig, rig.driver.open());
  await until(rig, () => rig.driver.latest() !== undefined, "a sample comes");
  return rig.driver.latest()!;
}
