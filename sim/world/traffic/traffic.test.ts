import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { drive, motion, setUp, type Setup } from "../bench.ts";
import { gapBetween, placeOutline } from "../space/shapes.ts";

const crowd = {
  map: { empty: [-6, -6, 6, 6] },
  obstacles: [{ circle: [0, 2, 1] }],
  people: [{ walk: { count: 20, area: [-5, -5, 5, 5] } }],
};

/** Lets time pass in small parts and calls `look` after each. */
async function watch(setup: Setup, seconds: number, look: () => void): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 0.1) {
    await setup.clock.advance(100);
    look();
  }
}

describe("a crowd", () => {
  it("gets about, and nobody ever touches anybody, a thing or a robot", async () => {
    const setup = setUp(crowd);
    const drivers = await motion(setup);
    const start = setup.world.surroundings().people;
    let [least, farthest] = [Infinity, 0];
    expect(start).toHaveLength(20);
    await watch(setup, 20, () => {
      drivers.base.drive({ linear: 0.2, angular: 0.3 }, 300);
      const { people, obstacles } = setup.world.snapshot();
      for (const [at, person] of people.entries()) {
        for (const other of [...people.slice(at + 1), ...obstacles]) least = Math.min(least, gapBetween(person, other));
        farthest = Math.max(farthest, Math.hypot(person.x - start[at]!.x, person.y - start[at]!.y));
        expect(Math.max(Math.abs(person.x), Math.abs(person.y))).toBeLessThan(6 - 0.25);
      }
    });
    expect(least).toBeGreaterThan(0);
    expect(farthest).toBeGreaterThan(3);
    expect(setup.world.metrics("r").touches).toBe(0);
  });

  it("walks the same ways from the same seed, and others from another", async () => {
    const walk = async (seed: number): Promise<string> => {
      const setup = setUp(crowd, seed);
      await setup.clock.advance(5000);
      return JSON.stringify(setup.world.surroundings().people);
    };
    expect(await walk(3)).toBe(await walk(3));
    expect(await walk(3)).not.toBe(await walk(4));
  });
});

describe("a vehicle", () => {
  const vehicle = {
    path: [
      [2, -4],
      [2, 4],
    ],
    speed: 2,
    pause: 1,
  };

  it("drives to the end of its path, rests, and backs up, at its speed", async () => {
    const setup = setUp({ vehicles: [vehicle] });
    const ys: number[] = [];
    await watch(setup, 9.95, () => ys.push(setup.world.snapshot().vehicles[0]!.y));
    expect(ys[9]).toBeCloseTo(-2, 6);
    expect(ys[39]).toBeCloseTo(4, 6);
    expect(ys[49]).toBeCloseTo(4, 6);
    expect(ys[69]).toBeCloseTo(0, 6);
  });

  it("tells its outline where it truly is, facing the way that it drives", async () => {
    const setup = setUp({ vehicles: [vehicle] });
    await setup.clock.advance(1000);
    const { id, pose, footprint } = setup.world.surroundings().vehicles[0]!;
    const thing = setup.world.snapshot().vehicles[0]!;
    expect({ id, ...pose }).toEqual({ id: "vehicle-1", x: 2, y: thing.y, yaw: Math.PI / 2 });
    const { outline } = thing as Extract<typeof thing, { shape: "polygon" }>;
    expect(outline).toEqual(placeOutline(footprint as readonly Point[], pose));
  });

  it("waits for whom it stops for, and runs into whom it does not", async () => {
    const robots = [{ id: "r", pose: [2, 0, 0] }];
    const polite = setUp({ vehicles: [{ ...vehicle, stopsFor: 1.5 }], robots });
    await polite.clock.advance(6000);
    expect(polite.world.metrics("r")).toMatchObject({ touches: 0, collisions: [] });
    const rude = setUp({ vehicles: [vehicle], robots });
    await rude.clock.advance(6000);
    expect(rude.world.metrics("r")).toMatchObject({ touches: 1, collisions: [] });
  });
});

describe("a door", () => {
  const door = {
    id: "gate",
    wall: [
      [2, -3],
      [2, 3],
    ],
    openFor: 4,
    closedFor: 4,
  };

  it("is solid and seen while it is closed, and neither while it is open", async () => {
    const setup = setUp({
      doors: [door],
      robots: [{ id: "r", pose: [0, 0, 0], lidar: { rangeSigma: 0, dropout: 0 } }],
    });
    const { lidar } = await motion(setup);
    await setup.clock.advance(1000);
    expect(lidar.latest()!.ranges[180]).toBeCloseTo(2, 5);
    expect(setup.world.surroundings().doors).toEqual([{ id: "gate", line: door.wall, state: "closed" }]);
    await setup.clock.advance(4000);
    expect(lidar.latest()!.ranges[180]).toBe(Infinity);
    expect(setup.world.surroundings().doors[0]!.state).toBe("open");
    await setup.clock.advance(4000);
    expect(lidar.latest()!.ranges[180]).toBeCloseTo(2, 5);
  });

  it("opens for who comes near, if it does, and closes some time after", async () => {
    const setup = setUp({
      obstacles: [{ circle: [2.2, 1, 0.1] }],
      doors: [{ id: "gate", wall: door.wall, opensWithin: 1, staysOpen: 1 }],
      robots: [{ id: "r", pose: [0, 0, 0], lidar: { rangeSigma: 0, dropout: 0 } }],
    });
    const drivers = await motion(setup);
    await setup.clock.advance(1000);
    expect(drivers.lidar.latest()!.ranges[180]).toBeCloseTo(2, 5);
    await drive(setup, drivers, 1, 0, 6000);
    expect(setup.world.truth("r").pose.x).toBeGreaterThan(4);
    expect(setup.world.metrics("r")).toMatchObject({ collisions: [], touches: 0 });
    await setup.clock.advance(1500);
    expect(drivers.lidar.latest()!.ranges[0]).toBeCloseTo(setup.world.truth("r").pose.x - 2, 3);
  });

  it("stops a robot, lets it pass, and does not close on it", async () => {
    const setup = setUp({ doors: [door] });
    const drivers = await motion(setup);
    await drive(setup, drivers, 1, 0, 3900);
    expect(setup.world.metrics("r").collisions).toMatchObject([{ with: "gate" }]);
    await drive(setup, drivers, 1, 0, 600);
    await setup.clock.advance(4000);
    expect(Math.abs(setup.world.truth("r").pose.x - 2)).toBeLessThan(0.35);
    expect(setup.world.metrics("r").touches).toBe(0);
  });
});
