import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, sleep } from "#lib/clock";
import { createSystemClock, monotonicMs } from "#lib/node/system-clock";
import { createRng } from "#lib/rng";
import { describeBase, describeBattery, describeLidar, describePosition } from "#drivers/conformance";
import { done, enable, type LoadRig, type Rig, until } from "#drivers/conformance-rig";
import { describeLoadHandler, describeScanner } from "#drivers/conformance-tools";
import type { Driver, MotionDrivers, ToolDrivers } from "#drivers/driver";
import type { DeviceName } from "#drivers/simulated/channel";
import { openSimulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { openSimulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import { benchSpec } from "#sim/world/bench";
import { createWorld, type World } from "#sim/world/world";
import { connectWorldControl, type WorldControl } from "#sim/world-control";
import { serveWorld, type WorldServer } from "#sim/world-server";

/** Simulated seconds per real second: fast enough for a test, slow enough for a busy machine. */
const SCALE = 5;

interface Served extends AsyncDisposable {
  readonly clock: Clock;
  readonly world: World;
  readonly server: WorldServer;
}

async function serveBench(address: string, front: "code" | "nothing" = "code"): Promise<Served> {
  const clock = createSystemClock({ factor: SCALE, originMs: monotonicMs() });
  const world = createWorld(benchSpec(front), { clock, rng: createRng(7) });
  const server = await serveWorld(world, address);
  return {
    clock,
    world,
    server,
    async [Symbol.asyncDispose]() {
      world[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-world-"));
afterAll(() => rmSync(folder, { recursive: true }));
let paths = 0;
const unixPath = (): string => join(folder, `world-${++paths}.sock`);

/** A bench behind a socket with one device of a robot on it. */
async function onBench<Kind extends Driver>(
  device: DeviceName,
  open: (socket: string, clock: Clock) => Promise<Kind>,
  front: "code" | "nothing" = "code",
): Promise<Rig<Kind>> {
  const served = await serveBench("127.0.0.1:0", front);
  const { clock, world, server } = served;
  return {
    driver: await open(server.address, clock),
    clock,
    pass: (durationMs) => sleep(clock, durationMs),
    unplug: () => Promise.resolve(world.apply({ do: "driver-fault", device: "bench", driver: device })),
    again: () => open(server.address, clock),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

const motion = (socket: string, clock: Clock): Promise<MotionDrivers> =>
  openSimulatedMotionDrivers({ socket, robotId: "bench" }, clock);
const tools = (socket: string, clock: Clock): Promise<ToolDrivers> =>
  openSimulatedToolDrivers({ socket, robotId: "bench" }, clock);

describeBase("the simulated base behind a socket", () => onBench("base", async (...at) => (await motion(...at)).base));
describeLidar("the simulated lidar behind a socket", () =>
  onBench("lidar", async (...at) => (await motion(...at)).lidar),
);
describePosition("the simulated position source behind a socket", () =>
  onBench("position", async (...at) => (await motion(...at)).position),
);
describeBattery("the simulated battery behind a socket", () =>
  onBench("battery", async (...at) => (await tools(...at)).battery),
);
describeLoadHandler("the simulated hand behind a socket", async (): Promise<LoadRig> => {
  const rig = await onBench("load", async (...at) => (await tools(...at)).load!);
  return { ...rig, sku: "SKU-1", from: "shelf", to: "belt" };
});
describeScanner("the simulated scanner behind a socket", (front) =>
  onBench("scanner", async (...at) => (await tools(...at)).scanner!, front),
);

describe("a world behind a socket", () => {
  let served: Served;
  let control: WorldControl;
  beforeEach(async () => {
    served = await serveBench(unixPath());
    control = await connectWorldControl(served.server.address);
  });
  afterEach(async () => {
    await control[Symbol.asyncDispose]();
    await served[Symbol.asyncDispose]();
  });
  const rigOf = async (): Promise<Rig<MotionDrivers["base"]> & MotionDrivers> => {
    const drivers = await motion(served.server.address, served.clock);
    return {
      ...drivers,
      driver: drivers.base,
      clock: served.clock,
      pass: (durationMs) => sleep(served.clock, durationMs),
      unplug: async () => served.server[Symbol.asyncDispose](),
      again: async () => (await motion(served.server.address, served.clock)).base,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };

  it("makes every driver down, with the lost connection as the reason, when it goes away", async () => {
    const rig = await enable(await rigOf());
    await done(rig, rig.lidar.open());
    await rig.unplug();
    await until(rig, () => rig.lidar.health().state === "down", "the lidar notices");
    expect(rig.base.health()).toMatchObject({ state: "down", reason: expect.stringContaining("was lost") as string });
    await done(rig, rig.base[Symbol.asyncDispose]());
  });

  it("stops a robot whose driver's process went away", async () => {
    const rig = await enable(await rigOf());
    rig.base.drive({ linear: 0.1, angular: 0 }, 60_000);
    await until(rig, () => served.world.truth("bench").velocity.linear > 0.05, "the robot drives");
    for (const driver of [rig.base, rig.lidar, rig.position]) await done(rig, driver[Symbol.asyncDispose]());
    await until(rig, () => served.world.truth("bench").velocity.linear === 0, "the robot stops");
    expect((await control.truth("bench")).velocity).toEqual({ linear: 0, angular: 0 });
  });

  it("refuses drivers of a robot that it does not have", async () => {
    const refused = openSimulatedMotionDrivers({ socket: served.server.address, robotId: "nobody" }, served.clock);
    await expect(refused).rejects.toMatchObject({ code: "driver.down", message: "the world has no robot nobody" });
  });

  it("is reported as not there when nobody listens", async () => {
    const refused = openSimulatedMotionDrivers({ socket: unixPath(), robotId: "bench" }, served.clock);
    await expect(refused).rejects.toMatchObject({ code: "driver.down" });
  });

  it("cannot be served twice at one address", async () => {
    await expect(serveWorld(served.world, served.server.address)).rejects.toMatchObject({ code: "config.port_in_use" });
  });

  it("tells whoever runs it the truth, and lets things go wrong", async () => {
    await control.apply({ do: "battery", device: "bench", charge: 0.5 });
    await control.apply({ do: "kidnap", device: "bench", to: [1, 2, 0] });
    await control.addObstacle({ circle: [5, 0, 0.5] });
    const truth = await control.truth("bench");
    expect(truth.pose).toEqual({ x: 1, y: 2, yaw: 0 });
    expect(truth.charge).toBeCloseTo(0.5, 2);
    expect((await control.metrics("bench")).collisions).toEqual([]);
    expect(await control.movements()).toEqual([]);
    expect(served.world.snapshot().obstacles).toHaveLength(2);
    await expect(control.truth("nobody")).rejects.toMatchObject({ message: "the world has no robot nobody" });
  });

  it("records what a hand behind the socket moved", async () => {
    const rig = await rigOf();
    const { load } = await tools(served.server.address, served.clock);
    await done(rig, load!.open());
    await done(rig, load!.enable());
    await done(rig, load!.pick({ key: "a", sku: "SKU-1", quantity: 2, from: "shelf" }));
    const placed = await done(rig, load!.place({ key: "b", to: "belt" }));
    expect(placed).toEqual({ sku: "SKU-1", quantity: 2, handedOver: true });
    expect(await control.movements()).toMatchObject([
      { kind: "pick", key: "a", site: "shelf", quantity: 2 },
      { kind: "place", key: "b", site: "belt", quantity: 2, handedOver: true },
    ]);
    expect((await control.track("bench")).length).toBeGreaterThan(5);
  });
});
