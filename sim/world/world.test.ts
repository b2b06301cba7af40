import { describe, expect, it } from "vitest";
import type { Clock } from "#lib/clock";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { drive, motion, setUp, type Setup, tools } from "./bench.ts";
import { createWorld } from "./world.ts";
import { WorldSpec } from "./world-spec.ts";

describe("a world and its seed", () => {
  async function play(seed: number): Promise<{ digest: string; scan: Float32Array }> {
    const setup = setUp(
      {
        people: [
          {
            path: [
              [4, -3],
              [4, 3],
            ],
          },
        ],
        obstacles: [{ circle: [2, 1, 0.4] }],
        robots: [
          { id: "r", pose: [0, 0, 0] },
          { id: "s", pose: [3, -2, 1] },
        ],
      },
      seed,
    );
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0.2, 5000);
    return { digest: setup.world.digest(), scan: drivers.lidar.latest()!.ranges };
  }

  it("repeats itself to the bit", async () => {
    const [first, second] = [await play(1), await play(1)];
    expect(second.digest).toBe(first.digest);
    expect(second.scan).toEqual(first.scan);
  });

  it("differs for another seed", async () => {
    expect((await play(1)).digest).not.toBe((await play(2)).digest);
  });
});

describe("time in a world", () => {
  it("does not depend on how late its timers fire", async () => {
    const late = (clock: VirtualClock): Clock => ({
      bootId: clock.bootId,
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      state: () => clock.state(),
      after: (delayMs, run) => clock.after(Math.ceil((clock.nowMs() + delayMs) / 500) * 500 - clock.nowMs(), run),
    });
    const spec = WorldSpec.parse({ map: { empty: [-5, -5, 5, 5] }, robots: [{ id: "r", pose: [0, 0, 0] }] });
    const [prompt, tardy] = [new VirtualClock(), new VirtualClock()];
    const worlds = [
      createWorld(spec, { clock: prompt, rng: createRng(1) }),
      createWorld(spec, { clock: late(tardy), rng: createRng(1) }),
    ];
    await prompt.advance(10_000);
    await tardy.advance(10_000);
    const [first, second] = worlds.map((world) => world.snapshot());
    expect(second).toEqual(first);
    expect(first!.steps).toBe(500);
  });

  it("stops when the world is disposed, and with it all channels", async () => {
    const setup = setUp({});
    const { base } = await motion(setup);
    setup.world[Symbol.dispose]();
    const { steps } = setup.world.snapshot();
    await setup.clock.advance(1000);
    expect(setup.world.snapshot().steps).toBe(steps);
    expect(base.health()).toMatchObject({ state: "down", reason: "the world has ended" });
    expect(setup.clock.nextDueMs()).toBeUndefined();
  });
});

describe("the walls of an empty map", () => {
  it("hold a robot that drives at them", async () => {
    const setup = setUp({ map: { empty: [-2, -2, 2, 2] } });
    await drive(setup, await motion(setup), 0.5, 0, 10_000);
    expect(setup.world.truth("r").pose.x).toBeGreaterThan(1.5);
    expect(setup.world.truth("r").pose.x).toBeLessThanOrEqual(1.65);
    expect(setup.world.metrics("r").collisions).toMatchObject([{ with: "map" }]);
  });
});

describe("a robot with two drivers", () => {
  it("obeys the newest command of either, and loses only the commands of the one that leaves", async () => {
    const setup = setUp({});
    const [first, second] = [await motion(setup), await motion(setup)];
    first.base.drive({ linear: 0.3, angular: 0 }, 60_000);
    await setup.clock.advance(2000);
    expect(setup.world.truth("r").velocity.linear).toBeGreaterThan(0.2);
    await second.base[Symbol.asyncDispose]();
    await setup.clock.advance(2000);
    expect(setup.world.truth("r").velocity.linear).toBeGreaterThan(0.2);
    await first.base[Symbol.asyncDispose]();
    await setup.clock.advance(2000);
    expect(setup.world.truth("r").velocity.linear).toBe(0);
  });
});

describe("a channel of a world", () => {
  it("lets its robot stop when it is closed without a word", async () => {
    const setup = setUp({});
    const channel = setup.world.connect("r");
    const { base } = simulatedMotionDrivers(channel, setup.clock);
    const enabling = base.open().then(() => base.enable());
    await setup.clock.advance(20);
    await enabling;
    base.drive({ linear: 0.3, angular: 0 }, 60_000);
    await setup.clock.advance(2000);
    expect(setup.world.truth("r").velocity.linear).toBeGreaterThan(0.2);
    channel.close();
    await setup.clock.advance(2000);
    expect(setup.world.truth("r").velocity.linear).toBe(0);
  });

  it("delivers nothing at once, and nothing after it was closed", async () => {
    const { world, clock } = setUp({});
    const channel = world.connect("r");
    const heard: string[] = [];
    channel.onMessage((message) => heard.push(message.type));
    channel.send({ type: "open", requestId: 1, device: "base" });
    expect(heard).toEqual([]);
    await clock.advance(30);
    expect(heard).toEqual(["done", "odometry"]);
    channel.send({ type: "open", requestId: 2, device: "lidar" });
    clock.fireNext(clock.nowMs());
    channel.close();
    await clock.advance(1000);
    expect(heard).toEqual(["done", "odometry"]);
  });

  it("drives nothing that it has not enabled, although another channel has", async () => {
    const setup = setUp({});
    await motion(setup);
    const channel = setup.world.connect("r");
    channel.send({ type: "open", requestId: 1, device: "base" });
    channel.send({ type: "drive", linear: 0.5, angular: 0, validForMs: 5000 });
    await setup.clock.advance(1000);
    expect(setup.world.truth("r").velocity.linear).toBe(0);
  });
});

describe("energy", () => {
  const charger = { id: "charger", kind: "charger", pose: [0, 0, 0], reach: 0.5 };

  it("charges a robot that stands at a charger, not one that passes", async () => {
    const setup = setUp({ sites: [charger], robots: [{ id: "r", pose: [0, 0, 0], battery: { charge: 0.3 } }] });
    const { battery } = await tools(setup);
    await setup.clock.advance(600_000);
    expect(battery.latest()).toMatchObject({ isCharging: true });
    expect(battery.latest()!.charge).toBeCloseTo(0.3 + (480 - 60) / 6 / 960, 2);
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.2, 0, 1000);
    expect(setup.world.truth("r").isCharging).toBe(false);
  });

  it("cannot drive without any", async () => {
    const setup = setUp({});
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 2000);
    setup.world.apply({ do: "battery", device: "r", charge: 0 });
    await drive(setup, drivers, 0.5, 0, 2000);
    expect(setup.world.truth("r").velocity.linear).toBe(0);
  });

  it("is spent faster by driving and by the hand", async () => {
    const robots = [{ id: "r", pose: [0, 0, 0], load: {} }];
    const sites = [{ id: "shelf", kind: "rack", pose: [1, 0, 0], stock: { sku: 9 } }];
    const spent = async (act: (setup: Setup) => Promise<unknown>): Promise<number> => {
      const setup = setUp({ robots, sites });
      await act(setup);
      await setup.clock.advance(10_000 - setup.clock.nowMs());
      return setup.world.metrics("r").batteryUsed;
    };
    const idle = await spent(() => Promise.resolve());
    const driving = await spent(async (setup) => drive(setup, await motion(setup), 0.5, 0.5, 5000));
    const handling = await spent(async (setup) => {
      const { load } = await tools(setup);
      const pick = load!.pick({ key: "a", sku: "sku", quantity: 1, from: "shelf" });
      await setup.clock.advance(5000);
      await pick;
    });
    expect(idle).toBeCloseTo((60 * 10) / 3600 / 960, 9);
    expect(driving).toBeGreaterThan(1.3 * idle);
    expect(handling).toBeCloseTo(idle + (80 * 4) / 3600 / 960, 6);
  });
});

describe("the hand in a world", () => {
  it("fails a pick whose robot drives off, and moves nothing", async () => {
    const setup = setUp({
      robots: [{ id: "r", pose: [0, 0, 0], load: {} }],
      sites: [{ id: "shelf", kind: "rack", pose: [1, 0, 0], stock: { sku: 9 } }],
    });
    const [{ load }, drivers] = [await tools(setup), await motion(setup)];
    const outcome = load!.pick({ key: "a", sku: "sku", quantity: 1, from: "shelf" }).catch((thrown: unknown) => thrown);
    await setup.clock.advance(1000);
    await drive(setup, drivers, -0.3, 0, 1000);
    expect(await outcome).toMatchObject({ code: "driver.failed", message: "the robot moved during the pick" });
    expect(setup.world.movements()).toEqual([]);
    expect(setup.world.snapshot().stock).toEqual({ shelf: { sku: 9 } });
  });

  it("can be made to slip, and a conveyor to jam", async () => {
    const setup = setUp({
      robots: [{ id: "r", pose: [0, 0, 0], load: {} }],
      sites: [
        { id: "shelf", kind: "rack", pose: [1, 0.1, 0], stock: { sku: 9 } },
        { id: "belt", kind: "conveyor", pose: [1, -0.1, 0] },
      ],
    });
    const { load } = await tools(setup);
    const act = async <Value>(promise: Promise<Value>): Promise<unknown> => {
      const outcome = promise.catch((thrown: unknown) => thrown);
      await setup.clock.advance(5000);
      return outcome;
    };
    setup.world.apply({ do: "hand-fault", device: "r", action: "pick", times: 1 });
    setup.world.apply({ do: "conveyor-jam", site: "belt", times: 1 });
    const pick = { sku: "sku", quantity: 1, from: "shelf" };
    expect(await act(load!.pick({ key: "a", ...pick }))).toMatchObject({ code: "driver.failed", retryable: true });
    expect(await act(load!.pick({ key: "b", ...pick }))).toEqual({ sku: "sku", quantity: 1 });
    expect(await act(load!.place({ key: "c", to: "belt" }))).toEqual({ sku: "sku", quantity: 1, handedOver: false });
    expect(setup.world.movements().map(({ key }) => key)).toEqual(["b", "c"]);
  });
});

describe("asking for what is not there", () => {
  it("is refused by name", () => {
    const { world } = setUp({});
    expect(() => world.connect("x")).toThrow("the world has no robot x");
    expect(() => world.apply({ do: "conveyor-jam", site: "x", times: 1 })).toThrow("the world has no site x");
    expect(() => world.apply({ do: "hand-forgets", device: "r" })).toThrow("the robot r has no hand");
  });

  it("is refused in a spec, too", () => {
    const robot = { id: "r", pose: [0, 0, 0] };
    const spec = { map: { empty: [0, 0, 1, 1] }, robots: [robot, robot] };
    expect(WorldSpec.safeParse(spec).error?.issues).toMatchObject([{ path: ["robots", 1, "id"] }]);
    expect(WorldSpec.safeParse({ ...spec, robots: [{ ...robot, wheels: 3 }] }).success).toBe(false);
  });
});
