import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import type { PositionSource } from "../driver.ts";
import type { DeviceMessage } from "./channel.ts";
import { createFarEnd, type FarEnd } from "./far-end.ts";
import { simulatedMotionDrivers } from "./motion-drivers.ts";

let clock: VirtualClock;
let far: FarEnd;
let source: PositionSource;

beforeEach(async () => {
  const ends = createFarEnd();
  clock = new VirtualClock({ nowMs: 10_000 });
  far = ends.far;
  source = simulatedMotionDrivers(ends.channel, clock).position;
  const opening = source.open();
  far.say({ type: "done", requestId: 1 });
  await opening;
});

const fixAt = (atMs: number): DeviceMessage => ({
  type: "fix",
  atMs,
  pose: { x: 1, y: 2, yaw: 0 },
  sigmaXy: 0.03,
  sigmaYaw: 0.01,
});

describe("a simulated source", () => {
  it("is down when no sample comes, from the start or later, and up with the next one", async () => {
    await clock.advance(1500);
    expect(source.health()).toEqual({ state: "ok", errors: 0 });
    await clock.advance(1000);
    expect(source.health()).toMatchObject({ state: "down", reason: "position has sent no sample for 2500 ms" });
    far.say(fixAt(12_500));
    expect(source.health()).toEqual({ state: "ok", lastSampleMs: 12_500, errors: 0 });
    await clock.advance(3000);
    expect(source.health()).toMatchObject({ state: "down", lastSampleMs: 12_500 });
  });

  it("never gives a sample from the future, even when the sender's clock is ahead", () => {
    far.say(fixAt(10_004));
    expect(source.latest()!.atMs).toBe(10_000);
  });

  it("counts what the device refuses", async () => {
    const enabling = source.enable().catch((thrown: unknown) => thrown);
    far.say({ type: "failed", requestId: 2, code: "driver.failed", message: "no", retryable: false });
    expect(await enabling).toMatchObject({ message: "no" });
    expect(source.health().errors).toBe(1);
  });
});
