import { describe, expect, it } from "vitest";
import { distance } from "#lib/geometry";
import type { MotionDrivers } from "#drivers/driver";
import { drive, motion, setUp } from "./bench.ts";

const perfect = {
  actuation: { delayMs: 0, gainSigma: 0 },
  odometry: { gainSigma: 0, walkXy: 0, walkYaw: 0 },
};

describe("what sensors tell", () => {
  it("drifts away from the truth, while fixes scatter around it with a delay", async () => {
    const setup = setUp({ robots: [{ id: "r", pose: [5, 3, 1], odometry: { gainSigma: 0.05 } }] });
    const drivers = await motion(setup);
    const errors: number[] = [];
    let lastMs = 0;
    for (let tick = 0; tick < 600; tick++) {
      await drive(setup, drivers, 0, 0, 100);
      const fix = drivers.position.latest();
      if (!fix || fix.atMs === lastMs) continue;
      lastMs = fix.atMs;
      expect(setup.clock.nowMs() - fix.atMs).toBeGreaterThanOrEqual(100);
      errors.push(fix.pose.x - 5, fix.pose.y - 3);
    }
    const sigma = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(sigma).toBeCloseTo(0.03, 2);
    expect(drivers.base.latest()!.pose).toEqual({ x: 0, y: 0, yaw: 0 });
    await drive(setup, drivers, 1, 0, 8000);
    const driven = distance(setup.world.truth("r").pose, { x: 5, y: 3 });
    expect(Math.abs(drivers.base.latest()!.pose.x - driven)).toBeGreaterThan(0.02);
  });

  it("does not say that the robot was carried away, except for its fixes and its lidar", async () => {
    const setup = setUp({ robots: [{ id: "r", pose: [0, 0, 0], position: { sigmaXy: 0, delayMs: 0 } }] });
    const drivers = await motion(setup);
    await setup.clock.advance(500);
    const before = drivers.base.latest()!.pose;
    setup.world.apply({ do: "kidnap", device: "r", to: [0, 0.3, 0] });
    await setup.clock.advance(500);
    expect(drivers.base.latest()!.pose).toEqual(before);
    expect(drivers.position.latest()!.pose.y).toBeCloseTo(0.3, 9);
    expect(setup.world.truth("r").pose).toEqual({ x: 0, y: 0.3, yaw: 0 });
  });

  it("keeps the frame of odometry apart from that of the map", async () => {
    const setup = setUp({
      robots: [
        { id: "r", pose: [5, 3, 0], ...perfect, odometry: { ...perfect.odometry, origin: [1, 1, Math.PI / 2] } },
      ],
    });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 3000);
    const driven = setup.world.truth("r").pose.x - 5;
    expect(drivers.base.latest()!.pose.x).toBeCloseTo(1, 9);
    expect(drivers.base.latest()!.pose.y).toBeCloseTo(1 + driven, 1);
  });

  it("shows robots to each other", async () => {
    const robots = ["r", "s"].map((id, at) => ({ id, pose: [4 * at, 0, 0], lidar: { rangeSigma: 0, dropout: 0 } }));
    const setup = setUp({ robots });
    const [r, s] = [await motion(setup, "r"), await motion(setup, "s")];
    await setup.clock.advance(200);
    const ahead = ({ lidar }: MotionDrivers, ray: number): number => lidar.latest()!.ranges[ray]!;
    expect(ahead(r, 180)).toBeCloseTo(4 - 0.35, 5);
    expect(ahead(s, 0)).toBeCloseTo(4 - 0.35, 5);
    expect(ahead(s, 180)).toBe(Infinity);
  });

  it("shows a moving robot where it is at the time of the scan", async () => {
    const lidar = { rangeSigma: 0, dropout: 0 };
    const robots = ["r", "s"].map((id, at) => ({ id, pose: [3 * at, 0, 0], lidar, ...perfect }));
    const setup = setUp({ robots });
    const [r, s] = [await motion(setup, "r"), await motion(setup, "s")];
    await drive(setup, s, 1, 0, 2000);
    while (r.lidar.latest()!.atMs !== setup.clock.nowMs()) await setup.clock.advance(20);
    const back = setup.world.truth("s").pose.x - 0.35;
    expect(setup.world.truth("s").velocity.linear).toBeGreaterThan(0.5);
    expect(r.lidar.latest()!.ranges[180]).toBeCloseTo(back, 5);
  });

  it("grows noisier for a while when it is disturbed, without admitting it", async () => {
    const setup = setUp({});
    const { position } = await motion(setup);
    setup.world.apply({ do: "sensor-noise", device: "r", driver: "position", factor: 100, forMs: 3000 });
    let worst = 0;
    for (let tick = 0; tick < 14; tick++) {
      await setup.clock.advance(200);
      worst = Math.max(worst, distance(position.latest()!.pose, { x: 0, y: 0 }));
    }
    expect(worst).toBeGreaterThan(1);
    expect(position.latest()!.sigmaXy).toBe(0.03);
    await setup.clock.advance(1000);
    expect(distance(position.latest()!.pose, { x: 0, y: 0 })).toBeLessThan(0.3);
  });

  it("repeats itself with new stamps while it is frozen", async () => {
    const setup = setUp({ obstacles: [{ circle: [5, 3, 1] }], robots: [{ id: "r", pose: [0, 0, 0], ...perfect }] });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 1000);
    setup.world.apply({ do: "sensor-freeze", device: "r", driver: "lidar", forMs: 2000 });
    await drive(setup, drivers, 0.5, 0, 200);
    const before = drivers.lidar.latest()!;
    await drive(setup, drivers, 0.5, 0, 1000);
    expect(drivers.lidar.latest()!.ranges).toEqual(before.ranges);
    expect(drivers.lidar.latest()!.atMs).toBeGreaterThan(before.atMs + 800);
    await drive(setup, drivers, 0.5, 0, 2000);
    expect(drivers.lidar.latest()!.ranges).not.toEqual(before.ranges);
  });

  it("counts wheels that slip as if the robot moved", async () => {
    const setup = setUp({ robots: [{ id: "r", pose: [0, 0, 0], ...perfect }] });
    const drivers = await motion(setup);
    setup.world.apply({ do: "wheel-slip", device: "r", share: 1 });
    await drive(setup, drivers, 0.5, 0, 3000);
    expect(setup.world.truth("r").pose.x).toBe(0);
    expect(drivers.base.latest()!.pose.x).toBeGreaterThan(1);
  });

  it("falls silent while a device is unplugged, and comes back", async () => {
    const setup = setUp({});
    const { lidar } = await motion(setup);
    setup.world.apply({ do: "driver-fault", device: "r", driver: "lidar", forMs: 2000 });
    await setup.clock.advance(1000);
    expect(lidar.health()).toMatchObject({ state: "down", reason: "lidar was unplugged" });
    const lastMs = lidar.latest()?.atMs;
    await setup.clock.advance(1500);
    expect(lidar.health().state).toBe("ok");
    expect(lidar.latest()!.atMs).toBeGreaterThan(lastMs!);
  });
});

describe("contact", () => {
  it("stops a robot that drives into something, counts once, and lets it back off", async () => {
    const setup = setUp({
      obstacles: [
        {
          polygon: [
            [2, -1],
            [3, -1],
            [3, 1],
            [2, 1],
          ],
        },
      ],
      robots: [{ id: "r", pose: [0, 0, 0], ...perfect }],
    });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 6000);
    const { pose, velocity } = setup.world.truth("r");
    expect(pose.x).toBeLessThan(2 - 0.35);
    expect(pose.x).toBeGreaterThan(2 - 0.35 - 0.02);
    expect(velocity.linear).toBeLessThan(0.05);
    expect(setup.world.metrics("r")).toMatchObject({
      minClearance: 0,
      touches: 0,
      collisions: [{ with: "obstacle-1" }],
    });
    expect(setup.world.metrics("r").collisions[0]!.speed).toBeCloseTo(0.5, 9);
    await drive(setup, drivers, -0.3, 0, 3000);
    expect(setup.world.truth("r").pose.x).toBeLessThan(1.2);
    expect(setup.world.metrics("r").collisions).toHaveLength(1);
  });

  it("is not the fault of a robot that somebody walks into", async () => {
    const setup = setUp({
      people: [
        {
          path: [
            [3, 0],
            [-3, 0],
          ],
          speed: 1,
        },
      ],
    });
    await setup.clock.advance(4000);
    expect(setup.world.metrics("r")).toMatchObject({ collisions: [], touches: 1, minClearance: 0 });
    expect(setup.world.truth("r").pose).toEqual({ x: 0, y: 0, yaw: 0 });
  });

  it("happens between robots", async () => {
    const setup = setUp({
      robots: [
        { id: "r", pose: [0, 0, 0] },
        { id: "s", pose: [2, 0, 0] },
      ],
    });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 5000);
    expect(setup.world.metrics("r").collisions).toMatchObject([{ with: "s" }]);
    expect(setup.world.metrics("s").collisions).toEqual([]);
  });

  it("does not hold a robot that was put into an obstacle", async () => {
    const setup = setUp({ obstacles: [{ circle: [0, 0, 0.3] }] });
    const drivers = await motion(setup);
    await drive(setup, drivers, 0.5, 0, 4000);
    expect(setup.world.truth("r").pose.x).toBeGreaterThan(1);
    expect(setup.world.metrics("r")).toMatchObject({ collisions: [], touches: 1 });
  });

  it("comes with obstacles that appear later", async () => {
    const setup = setUp({});
    const drivers = await motion(setup);
    setup.world.addObstacle({ circle: [2, 0, 0.3] });
    await drive(setup, drivers, 0.5, 0, 5000);
    expect(setup.world.metrics("r").collisions).toMatchObject([{ with: "obstacle-1" }]);
  });

  it("is never jumped over, at any speed, by a footprint of any shape", async () => {
    for (const footprint of [
      { circle: 0.3 },
      [
        [0.35, 0.25],
        [-0.35, 0.25],
        [-0.35, -0.25],
        [0.35, -0.25],
      ],
    ]) {
      const fast = { maxSpeed: 60, maxAcceleration: 1000 };
      const setup = setUp({
        obstacles: [
          {
            wall: [
              [9, -3],
              [9, 3],
            ],
          },
        ],
        robots: [{ id: "r", pose: [0, 0, 0], footprint, limits: fast, ...perfect }],
      });
      const drivers = await motion(setup);
      await drive(setup, drivers, 60, 0, 1000);
      expect(setup.world.metrics("r").collisions).toMatchObject([{ with: "obstacle-1" }]);
      expect(setup.world.truth("r").pose.x).toBeLessThan(9);
      expect(setup.world.truth("r").pose.x).toBeGreaterThan(8.6);
    }
  });
});

it("charges only a robot that stands at the contacts of a dock", async () => {
  const dock = { id: "c", kind: "charger", pose: [1, 0, 3.14], dock: { pose: [0, 0, 0] } };
  const chargesAt = async (pose: number[]): Promise<boolean> => {
    const setup = setUp({ sites: [dock], robots: [{ id: "r", pose }] });
    await setup.clock.advance(100);
    return setup.world.truth("r").isCharging;
  };
  expect(await chargesAt([0.03, 0, 0.05])).toBe(true);
  expect(await chargesAt([0.1, 0, 0])).toBe(false);
  expect(await chargesAt([0, 0, 0.3])).toBe(false);
});

it("keeps the least clearance exact although it measures rarely", async () => {
  const obstacles = [{ circle: [3, 1, 0.5] }];
  const setup = setUp({ obstacles, robots: [{ id: "r", pose: [0, 0, 0], ...perfect }] });
  await drive(setup, await motion(setup), 0.8, 0, 9000);
  expect(setup.world.metrics("r").minClearance).toBeCloseTo(0.25, 3);
});
