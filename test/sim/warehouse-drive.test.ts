import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { distance, isInside, type Pose, poseFrom, wrapAngle } from "#lib/geometry";
import type { Occupancy, Zone } from "#contract/spatial";
import { rectangleZone } from "#edge-planner/drawn-place";
import { cornersAt, makeFootprint } from "#edge-planner/footprint";
import { createMapSource } from "#edge-planner/map-cache";
import type { ControlWorld, MotionProfile } from "#agent/control/control";
import type { Circle } from "#agent/control/kinematic-robot";
import { AMR, startTestBed, type TestBed } from "#agent/control/test-bed";

const png = readFileSync(join(import.meta.dirname, "../../config/maps/warehouse.png"));
const occupancy: Occupancy = {
  resolution: 0.03,
  origin: [-15.1, -25, 0],
  negate: 0,
  occupied_thresh: 0.65,
  free_thresh: 0.1,
  png: png.toString("base64"),
};
const KEEPOUT: Zone = rectangleZone("conveyor", "keepout", [-2.3, -2.4, 2, 2.1]);
const CROSSING: Zone = rectangleZone("crossing", "speed-limit", [3, -8, 8, -5], { maxSpeed: 0.6 });
const warehouse: ControlWorld = { mapId: "warehouse", occupancy, zones: [KEEPOUT, CROSSING], forbiddenZones: [] };
const maps = createMapSource();
const footprint = makeFootprint(AMR.footprint);

const PLACES = {
  start: [-5.5, -1, 0],
  rack: [0.1, -10, Math.PI],
  packing: [10.4, -14.9, 0],
  dock: [-9, 22, 0],
  aisle: [-5.5, -18, Math.PI / 2],
} as const;

/** What the loop is given where motion is declared coarse. */
const COARSE: MotionProfile = { ...AMR, controlHz: 10, scanStaleMs: 500, follower: "pursuit", reaction: 0.25 };

function bed(start: Pose, circles: readonly Circle[] = [], seed = 1, profile = AMR): Promise<TestBed> {
  return startTestBed({ start, world: warehouse, circles, seed, maps, profile });
}

function isInZone(pose: Pose, zone: Zone): boolean {
  return cornersAt(footprint, pose).some((corner) => isInside(corner, zone.polygon));
}

/** Drives to a goal; what it came to, by the truth and not by what the robot believes. */
async function outcomeOf(test: TestBed, goal: Pose, seconds: number): Promise<Outcome> {
  let entered = 0;
  const report = await test.drive(goal, seconds, {
    watch: () => {
      if (isInZone(test.robot.truth().pose, KEEPOUT)) entered++;
    },
  });
  const { pose, contacts } = test.robot.truth();
  const isThere = distance(pose, goal) < 0.25 && Math.abs(wrapAngle(pose.yaw - goal.yaw)) < 0.12;
  return { state: report.drive.state, isThere, contacts, entered };
}

interface Outcome {
  readonly state: string;
  readonly isThere: boolean;
  readonly contacts: number;
  /** Times that any corner was seen in the keepout zone. */
  readonly entered: number;
}

const CLEAN: Outcome = { state: "arrived", isThere: true, contacts: 0, entered: 0 };

describe("a drive through the warehouse", () => {
  it.each([
    ["start", "rack", 30],
    ["rack", "packing", 45],
    ["start", "dock", 70],
    ["aisle", "rack", 50],
  ] as const)(
    "goes from %s to %s without touching anything or entering the keepout zone",
    async (from, to, seconds) => {
      await using test = await bed(poseFrom(PLACES[from]));
      expect(await outcomeOf(test, poseFrom(PLACES[to]), seconds)).toEqual(CLEAN);
    },
  );

  it.each([
    ["start", "rack", 40],
    ["rack", "packing", 60],
    ["start", "dock", 80],
    ["aisle", "rack", 60],
  ] as const)("goes from %s to %s in coarse motion just as cleanly", async (from, to, seconds) => {
    await using test = await bed(poseFrom(PLACES[from]), [], 1, COARSE);
    expect(await outcomeOf(test, poseFrom(PLACES[to]), seconds)).toEqual(CLEAN);
  });

  it("goes around things that the map does not show in coarse motion too", async () => {
    const things = [
      { x: -2.6, y: -3.2, radius: 0.3 },
      { x: 0.1, y: -6, radius: 0.35 },
    ];
    await using test = await bed(poseFrom(PLACES.start), things, 1, COARSE);
    expect(await outcomeOf(test, poseFrom(PLACES.rack), 80)).toEqual(CLEAN);
  });

  it.each([1, 2])("goes around things that the map does not show (seed %i)", async (seed) => {
    const things = [
      { x: -2.6, y: -3.2, radius: 0.3 },
      { x: 0.1, y: -6, radius: 0.35 },
      { x: 1.2, y: -8, radius: 0.3 },
    ];
    await using test = await bed(poseFrom(PLACES.start), things, seed);
    expect(await outcomeOf(test, poseFrom(PLACES.rack), 60)).toEqual(CLEAN);
  });

  it("takes another aisle when this one is shut", async () => {
    const pallets = Array.from({ length: 11 }, (_, at) => ({ x: -1 + 0.6 * at, y: -6, radius: 0.3 }));
    await using test = await bed(poseFrom(PLACES.start), pallets);
    expect(await outcomeOf(test, poseFrom(PLACES.rack), 90)).toEqual(CLEAN);
    expect(test.report().driven).toBeGreaterThan(25);
  });

  it("slows down in the speed-limit zone, before it enters", async () => {
    await using test = await bed(poseFrom(PLACES.rack));
    const speeds: number[] = [];
    const watch = (): void => {
      const { pose, velocity } = test.robot.truth();
      if (isInZone(pose, CROSSING)) speeds.push(velocity.linear);
    };
    await test.drive(poseFrom(PLACES.packing), 60, { watch });
    expect(speeds.length).toBeGreaterThan(5);
    expect(Math.max(...speeds)).toBeLessThan(0.62);
  });

  it("leaves the keepout zone in which it was started", async () => {
    await using test = await bed({ x: 0.5, y: 0.5, yaw: 1 });
    const report = await test.drive(poseFrom(PLACES.start), 60);
    expect(report.drive.state).toBe("arrived");
    expect(test.robot.truth().contacts).toBe(0);
  });

  it("refuses a goal in a rack, outside of the map, or in the keepout zone, each by its name", async () => {
    await using test = await bed(poseFrom(PLACES.start));
    const reasons: string[] = [];
    for (const [x, y] of [
      [-2, -10],
      [80, 0],
      [0, 0.5],
    ] as const) {
      const { drive } = await test.drive({ x, y, yaw: 0 }, 2, { goalId: `to ${x}` });
      reasons.push(drive.state === "no-route" ? drive.reason : drive.state);
    }
    expect(reasons).toEqual(["goal_occupied", "outside_excerpt", "goal_occupied"]);
  });

  it("finds its way by lidar alone when it knows no map", async () => {
    const world = { mapId: "none", zones: [], forbiddenZones: [] };
    const wall = Array.from({ length: 12 }, (_, at) => ({ x: 4, y: -2 + 0.4 * at, radius: 0.25 }));
    await using test = await startTestBed({ start: { x: 0, y: 0, yaw: 0 }, world, circles: wall });
    const report = await test.drive({ x: 8, y: 0, yaw: 0 }, 60);
    expect(report.drive.state).toBe("arrived");
    expect(test.robot.truth().contacts).toBe(0);
  });
});
