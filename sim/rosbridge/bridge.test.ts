import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { Devices } from "#drivers/catalogue";
import { createMotionDevices } from "#drivers/create-devices";
import type { MotionDrivers } from "#drivers/driver";
import { type BridgeBench, type BridgeBenchOptions, createBridgeBench } from "./bench.ts";

const ros = { driver: "ros" };

let bench: BridgeBench;
let motion: MotionDrivers;

beforeEach(() => start({}));
afterEach(() => stop());

async function start(options: BridgeBenchOptions, bridge: object = {}, base: object = {}): Promise<void> {
  bench = createBridgeBench(options);
  await bench.clock.advance(300);
  const profile = { kind: "devices", bridge, base: { ...ros, ...base }, lidar: ros, position: ros, battery: ros };
  const { clock, lines } = bench;
  motion = createMotionDevices(Devices.parse(profile), { clock, rng: createRng(1), lines });
}

async function stop(): Promise<void> {
  for (const device of Object.values(motion)) await device[Symbol.asyncDispose]();
  bench[Symbol.dispose]();
}

async function openAll(): Promise<void> {
  for (const device of [motion.lidar, motion.position, motion.base]) {
    const opened = device.open();
    await bench.clock.advance(1000);
    await opened;
    await device.enable();
  }
}

const speeds = (): number[] =>
  bench.sent.flatMap(({ op, msg }) => (op === "publish" ? [(msg as { linear: { x: number } }).linear.x] : []));

describe("devices behind a rosbridge", () => {
  it("never send a speed again that was told before the bridge was lost", async () => {
    await openAll();
    motion.base.drive({ linear: 0.3, angular: 0 }, 60_000);
    await bench.clock.advance(300);
    expect(speeds()).toContain(0.3);
    bench.unplug();
    for (let at = 0; at < 50; at++) motion.base.drive({ linear: 0.4, angular: 0 }, 60_000);
    expect(motion.base.health()).toMatchObject({ state: "down", reason: "ros base: the bridge hung up" });
    const before = bench.sent.length;
    bench.plug();
    await bench.clock.advance(10_000);
    expect(motion.base.health().state).toBe("ok");
    const since = bench.sent.slice(before).filter(({ op }) => op === "publish");
    expect(since.map(({ msg }) => (msg as { linear: { x: number } }).linear.x)).toEqual([0]);
    motion.base.drive({ linear: 0.2, angular: 0 }, 200);
    expect(speeds().at(-1)).toBe(0.2);
  });

  it("take a bridge that says nothing any more for lost, and connect anew", async () => {
    await openAll();
    bench.freeze();
    await bench.clock.advance(800);
    expect(motion.lidar.health()).toMatchObject({
      state: "down",
      reason: expect.stringContaining("/scan has been silent") as string,
    });
    await bench.clock.advance(5000);
    bench.plug();
    await bench.clock.advance(20_000);
    expect([motion.lidar.health().state, motion.base.health().state]).toEqual(["ok", "ok"]);
    expect(motion.lidar.health().counters?.["reconnections"]).toBeGreaterThan(0);
  });

  it("are fresh topic by topic: one that is silent is down, the others are not", async () => {
    await openAll();
    bench.world.apply({ do: "driver-fault", device: "bench", driver: "lidar", forMs: 5000 });
    await bench.clock.advance(1000);
    expect(motion.lidar.health()).toMatchObject({ state: "down" });
    expect(motion.base.health().state).toBe("ok");
    await bench.clock.advance(8000);
    expect(motion.lidar.health().state).toBe("ok");
    const renewed = bench.sent.filter(({ op, topic }) => op === "subscribe" && topic === "/scan");
    expect(renewed.length).toBeGreaterThan(1);
  });

  it("ask for scans over CBOR and say types as the generation of ROS spells them", async () => {
    await openAll();
    const subscriptions = bench.sent.filter(({ op }) => op === "subscribe");
    expect(subscriptions).toContainEqual(
      expect.objectContaining({ topic: "/scan", type: "sensor_msgs/msg/LaserScan", compression: "cbor" }),
    );
    await stop();
    await start({ version: 1 });
    await openAll();
    expect(bench.sent).toContainEqual(expect.objectContaining({ topic: "/scan", type: "sensor_msgs/LaserScan" }));
  });

  it("send the kind of speed that the base listens to", async () => {
    await stop();
    await start({ command: "twist-stamped" });
    await openAll();
    motion.base.drive({ linear: 0.3, angular: 0.1 }, 200);
    expect(bench.sent.at(-1)).toMatchObject({
      topic: "/cmd_vel",
      msg: { header: { frame_id: "base_link" }, twist: { linear: { x: 0.3 }, angular: { z: 0.1 } } },
    });
  });

  it("give a pose that took its time the age that it has", async () => {
    await openAll();
    await bench.clock.advance(1000);
    const { atMs } = motion.position.latest()!;
    expect(bench.clock.nowMs() - atMs).toBeGreaterThanOrEqual(90);
  });

  it("are down, and say what to do, when nobody listens to the speeds or they are refused", async () => {
    await stop();
    await start({}, {}, { command: "/other" });
    const refusal = motion.base.open().catch((thrown: unknown) => thrown);
    await bench.clock.advance(10_000);
    expect(await refusal).toMatchObject({
      code: "driver.down",
      message: "ros base: /other can't be commanded: nobody listens to it; start the base, or name another topic",
    });
    await stop();
    await start({}, {}, { commandType: "twist-stamped" });
    await openAll();
    expect(motion.base.health()).toMatchObject({ state: "down", reason: expect.stringContaining("refuses") as string });
  });

  it("say which topic is missing", async () => {
    await stop();
    await start({});
    bench.world.apply({ do: "driver-fault", device: "bench", driver: "lidar" });
    const refusal = motion.lidar.open().catch((thrown: unknown) => thrown);
    await bench.clock.advance(10_000);
    expect(await refusal).toMatchObject({
      code: "driver.timeout",
      message: expect.stringContaining("on /scan") as string,
    });
  });
});
