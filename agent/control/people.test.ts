import { describe, expect, it } from "vitest";
import { drawPlace, drawRoom } from "#edge-planner/drawn-place";
import type { ControlWorld } from "./control.ts";
import { startTestBed, type TestBed } from "./test-bed.ts";

const START = { x: 2, y: 4, yaw: 0 };
const GOAL = { x: 17, y: 4, yaw: 0 };
const hall: ControlWorld = {
  mapId: "hall",
  occupancy: drawPlace(drawRoom(200, 100), 0.1).occupancy,
  zones: [],
  forbiddenZones: [],
};
/** A block of shelves from x = 4 to 10, whose lower side is 0.7 m beside the straight way. */
const shelves = drawRoom(200, 100).map((line, row) =>
  row < 53 ? `${line.slice(0, 40)}${"#".repeat(60)}${line.slice(100)}` : line,
);
const aisle: ControlWorld = { ...hall, occupancy: drawPlace(shelves, 0.1).occupancy };

interface Walker {
  x: number;
  y: number;
  radius: number;
}

/** Drives to the goal while somebody walks, a step each 20 ms. */
async function driveWith(
  world: ControlWorld,
  walker: Walker,
  step: (test: TestBed, seconds: number) => void,
  seed = 1,
): Promise<{ readonly contacts: number; readonly arrived: boolean }> {
  await using test = await startTestBed({ start: START, world, circles: [walker], seed });
  const startMs = test.clock.nowMs();
  for (let ms = 20; ms < 60_000; ms += 20) {
    const at = startMs + ms;
    test.clock.after(at - test.clock.nowMs(), () => step(test, ms / 1000));
  }
  const { drive } = await test.drive(GOAL, 60);
  return { contacts: test.robot.truth().contacts, arrived: drive.state === "arrived" };
}

describe("a robot among people", () => {
  it.each([1, 2, 3, 4, 5])(
    "touches nobody who steps out from behind a corner at walking speed (seed %i)",
    async (seed) => {
      const walker = { x: 10.5, y: 7.5, radius: 0.25 };
      const run = await driveWith(
        aisle,
        walker,
        ({ robot }, seconds) => {
          // Sets out so as to be in the way just when the robot is there.
          const isNear = robot.truth().pose.x > 6.2 + 0.3 * seed;
          if (isNear || walker.y < 7.5) walker.y = Math.max(1, walker.y - 0.02);
          expect(seconds).toBeLessThan(60);
        },
        seed,
      );
      expect(run).toEqual({ contacts: 0, arrived: true });
    },
  );

  it("stands when somebody walks right at it, and goes on when they have gone around", async () => {
    const walker = { x: 12, y: 4, radius: 0.25 };
    let speedThen = Number.NaN;
    const run = await driveWith(hall, walker, ({ robot }) => {
      const { pose, velocity } = robot.truth();
      const off = Math.hypot(walker.x - pose.x, walker.y - pose.y);
      if (off < 0.75 && Number.isNaN(speedThen)) speedThen = Math.abs(velocity.linear);
      walker.y += off < 0.8 ? 0.02 : 0;
      walker.x -= off < 0.8 || walker.x < 1 ? 0 : 0.02;
    });
    expect(run).toEqual({ contacts: 0, arrived: true });
    expect(Number.isNaN(speedThen) || speedThen < 0.05).toBe(true);
  });

  it("lets somebody cross ahead without a contact, from either side", async () => {
    for (const side of [1, -1]) {
      const walker = { x: 9, y: 4 + 4 * side, radius: 0.25 };
      const run = await driveWith(hall, walker, ({ robot }) => {
        const isDue = robot.truth().pose.x > 4.5 || walker.y !== 4 + 4 * side;
        if (isDue) walker.y -= 0.024 * side;
      });
      expect(run).toEqual({ contacts: 0, arrived: true });
    }
  });

  it("says that its goal is occupied when only the lidar shows what stands there", async () => {
    const start = { x: 0, y: 0, yaw: 0 };
    const world = { mapId: "open", zones: [], forbiddenZones: [] };
    await using test = await startTestBed({ start, world, circles: [{ x: 6, y: 0, radius: 0.8 }] });
    const report = await test.drive({ x: 6, y: 0.2, yaw: 0 }, 40, { until: ({ drive }) => drive.state === "no-route" });
    expect(report.drive).toMatchObject({ state: "no-route", reason: "goal_occupied" });
    expect(test.robot.truth().contacts).toBe(0);
  });
});
