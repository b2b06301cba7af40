import { describe, expect, it } from "vitest";
import { createMemoryLines } from "#drivers/bench/memory-lines";
import type { BaseDriver, LidarDriver } from "#drivers/driver";
import { createLd19, Ld19Options } from "#drivers/ld19/driver";
import type { DriverDeps } from "#drivers/line";
import { createRoomba, RoombaOptions } from "#drivers/roomba/driver";
import { createSickTim, SickTimOptions } from "#drivers/sick-tim/driver";
import { createVesc, VescOptions } from "#drivers/vesc/driver";
import { createRng } from "#lib/rng";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import { motion, setUp, type Setup } from "../../world/bench.ts";
import { emulateLd19 } from "./ld19.ts";
import { emulateOpenInterface, OI_TRACK } from "./open-interface.ts";
import { emulateTim } from "./tim.ts";
import { emulateVescPair } from "./vesc-pair.ts";
import { createWheels } from "./wheels.ts";

const path = "/dev/serial/by-id/bench";
const VESC = VescOptions.parse({
  driver: "vesc",
  path,
  leftId: 1,
  rightId: 2,
  wheelRadius: 0.1,
  wheelTrack: 0.4,
  polePairs: 7,
  maxWheelSpeed: 1,
  invertRight: true,
});

async function driven<Kind extends BaseDriver | LidarDriver>(
  setup: Setup,
  device: EmulatedDevice,
  create: (deps: DriverDeps) => Kind,
): Promise<Kind> {
  const { clock } = setup;
  const driver = create({ clock, rng: createRng(2), lines: createMemoryLines(device).lines });
  const ready = driver.open().then(() => driver.enable());
  await clock.advance(1000);
  await ready;
  return driver;
}

/** One wall 2 m ahead, another 3 m to the left. */
const ROOM = {
  obstacles: [
    {
      polygon: [
        [2, -1],
        [2.2, -1],
        [2.2, 1],
        [2, 1],
      ],
    },
    { circle: [0, 3.5, 0.5] },
  ],
};

describe("an emulated lidar", () => {
  it.each([
    {
      name: "LD19",
      emulate: emulateLd19,
      create: (deps: DriverDeps) => createLd19(Ld19Options.parse({ driver: "ld19", path }), deps),
    },
    {
      name: "TiM",
      emulate: emulateTim,
      create: (deps: DriverDeps) => createSickTim(SickTimOptions.parse({ driver: "sick-tim", host: "tim" }), deps),
    },
  ])("$name is read as what stands in the world, on the right side", async ({ emulate, create }) => {
    const setup = setUp(ROOM);
    const { lidar } = await motion(setup);
    const driver: LidarDriver = await driven(setup, emulate(lidar, setup.clock), create);
    const { ranges, angleMin, angleStep } = driver.latest()!;
    const at = (bearing: number): number => {
      const turn = Math.round((2 * Math.PI) / angleStep);
      return ranges[(Math.round((bearing - angleMin) / angleStep) + turn) % turn]!;
    };
    expect(at(0)).toBeCloseTo(2, 1);
    expect(at(Math.PI / 2)).toBeCloseTo(3, 1);
    expect(at(-Math.PI / 2)).toBe(Infinity);
  });
});

describe("an emulated base", () => {
  it.each([
    {
      name: "Create 2",
      track: OI_TRACK,
      emulate: emulateOpenInterface,
      create: (deps: DriverDeps) => createRoomba(RoombaOptions.parse({ driver: "roomba", path }), deps),
    },
    {
      name: "pair of VESCs",
      track: VESC.wheelTrack,
      emulate: emulateVescPair.bind(undefined, VESC),
      create: (deps: DriverDeps) => createVesc(VESC, deps),
    },
  ])("$name drives the world's robot and counts what its wheels rolled", async ({ track, emulate, create }) => {
    await using stack = new AsyncDisposableStack();
    const setup = setUp({});
    const { base } = await motion(setup);
    const wheels = createWheels(setup.clock, base, track, stack);
    const driver: BaseDriver = await driven(setup, emulate(wheels, setup.clock), create);
    for (let spentMs = 0; spentMs < 3000; spentMs += 100) {
      driver.drive({ linear: 0.3, angular: 0.2 }, 300);
      await setup.clock.advance(100);
    }
    const { velocity, pose } = driver.latest()!;
    const truth = setup.world.truth("r");
    expect(velocity.linear).toBeCloseTo(0.3, 1);
    expect(velocity.angular).toBeCloseTo(0.2, 1);
    expect(Math.hypot(pose.x - truth.pose.x, pose.y - truth.pose.y)).toBeLessThan(0.1);
    expect(truth.pose.y).toBeGreaterThan(0.1);
  });
});
