import { describe, expect, it } from "vitest";
import type { SimulatedCleaningHead } from "#drivers/simulated/cleaning-head";
import { poseFrom } from "#lib/geometry";
import { drive, motion, setUp, type Setup, tools } from "../bench.ts";
import { prepareTerrain } from "../space/terrain.ts";
import { CleanerSpec } from "../world-spec.ts";
import { CleaningHead } from "./cleaning-head.ts";
import { DirtGrid } from "./dirt-grid.ts";

const SCRUB = { brush: true, vacuum: true, water: true };
const room = { map: { empty: [-5, -5, 5, 5] }, robots: [{ id: "r", pose: [0, 0, 0], cleaner: {} }] };
const dirt = {
  area: [
    [-4, -4],
    [4, -4],
    [4, 4],
    [-4, 4],
  ],
};

async function withHead(spec: object): Promise<Setup & { readonly cleaner: SimulatedCleaningHead }> {
  const setup = setUp({ ...room, ...spec });
  const { cleaner } = await tools(setup);
  return { ...setup, cleaner: cleaner! };
}

async function switched({ clock, cleaner }: Setup & { cleaner: SimulatedCleaningHead }, parts = SCRUB): Promise<void> {
  const done = cleaner.set(parts);
  await clock.advance(20);
  await done;
}

describe("a cleaning head", () => {
  it("cleans what its tool passes on the true way of the robot", async () => {
    const setup = await withHead({ dirt });
    const drivers = await motion(setup);
    await switched(setup);
    await drive(setup, drivers, 0.5, 0, 4000);
    const { distance, coverage, coverageOverlap } = setup.world.metrics("r");
    expect(distance).toBeGreaterThan(1.5);
    // A strip of 0.5 m, as long as the way and the tool, in cells of 5 cm.
    expect(Math.abs(coverage! * 64 - 0.5 * (distance + 0.1))).toBeLessThan(0.5 * 0.06 + 0.01);
    expect(coverageOverlap).toBe(0);
  });

  it("cleans nothing while what it needs is off, and stops when it is disabled or gone", async () => {
    const setup = await withHead({ dirt });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 1000);
    await switched(setup, { ...SCRUB, vacuum: false });
    await drive(setup, drivers, 0.5, 0, 1000);
    expect(setup.world.metrics("r").coverage).toBe(0);
    await switched(setup);
    setup.world.apply({ do: "driver-fault", device: "r", driver: "cleaner", forMs: 100 });
    const { coverage } = setup.world.metrics("r");
    await drive(setup, drivers, 0.5, 0, 1000);
    expect(setup.world.metrics("r").coverage).toBe(coverage);
    expect(setup.cleaner.latest()).toMatchObject({ brush: false, vacuum: false, water: false });
  });

  it("passes floor again when the robot comes back", async () => {
    const setup = await withHead({ dirt });
    const drivers = await motion(setup);
    await switched(setup);
    await drive(setup, drivers, 0.5, 0, 4000);
    await drive(setup, drivers, -0.5, 0, 4000);
    // All of the way but where it stopped and turned round within two seconds.
    expect(setup.world.metrics("r").coverageOverlap).toBeGreaterThan(0.5);
    expect(setup.world.metrics("r").coverageOverlap).toBeLessThan(0.9);
  });

  it("draws power while it runs", async () => {
    const used = async (isOn: boolean): Promise<number> => {
      const setup = await withHead({ dirt });
      if (isOn) await switched(setup);
      await setup.clock.advance(60_000);
      return setup.world.metrics("r").batteryUsed;
    };
    expect((await used(true)) - (await used(false))).toBeCloseTo((80 * 60) / 3600 / 960, 4);
  });

  it("has no coverage where nothing is dirty", async () => {
    const { world } = await withHead({});
    expect(world.metrics("r")).not.toHaveProperty("coverage");
  });

  it("leaves no gap however fast the robot goes or turns", () => {
    const terrain = prepareTerrain({ empty: [-5, -5, 5, 5] });
    const area: [number, number][] = [
      [-2, -2],
      [2, -2],
      [2, 2],
      [-2, 2],
    ];
    const thin: [number, number][] = [
      [0.01, 0.5],
      [-0.01, 0.5],
      [-0.01, -0.5],
      [0.01, -0.5],
    ];
    const head = new CleaningHead(CleanerSpec.parse({ tool: thin }), new DirtGrid(area, 0.05, terrain));
    head.parts = SCRUB;
    head.move(poseFrom([-3, 0, 0]), poseFrom([3, 0, 0]), 20);
    expect(head.coverage!.coverage).toBeCloseTo((4 * 1) / 16, 9);
  });
});
