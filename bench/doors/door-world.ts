import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { DeviceProfile, motionProfileOf } from "#agent/profile";
import type { MotionProfile } from "#agent/control/control";
import type { Follower } from "#edge-planner/local-controller";
import { compose, type Point, type Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import type { Metres } from "#lib/units";
import { WorldSpec } from "#sim/world/world-spec";

/** A wall with a door in it that the robot has never seen, the place it starts from and the place behind the door that it is to reach. */
export interface Door {
  readonly seed: number;
  /** The two parts of the wall. */
  readonly walls: readonly (readonly Point[])[];
  readonly start: Pose;
  readonly goal: Pose;
}

const PROFILE = fileURLToPath(new URL("../../config/devices/amr-sim.yaml", import.meta.url));
/** How much wider than the robot the door is. */
const SLACK: Metres = 0.1;
const THICKNESS: Metres = 0.15;
/** The wall reaches past the floor to either side, and the door is at most so far from its middle. */
const [WALL, OFF_MIDDLE]: readonly [Metres, Metres] = [14, 1.5];
const FLOOR: Metres = 9;
/** Start and goal lie so far from the wall. */
const [NEAREST, FARTHEST]: readonly [Metres, Metres] = [0.9, 4];
const AT_THE_SIDE: Metres = 2.5;

/** The warehouse robot of the scenarios. */
export function readProfile(): DeviceProfile {
  return DeviceProfile.parse(parse(readFileSync(PROFILE, "utf8")));
}

export function motionProfileFor(profile: DeviceProfile, follower: Follower): MotionProfile {
  const motion = motionProfileOf({ ...profile, control: { ...profile.control, follower } });
  return { ...motion, delay: 0.05 };
}

/** Draws the door of a seed: the wall lies at any angle, the start at any distance, side and heading in front of it. */
export function drawDoor(profile: DeviceProfile, seed: number): Door {
  const rng = createRng(seed).fork("door");
  const between = (low: number, high: number): number => low + (high - low) * rng.float();
  const width = 2 * Math.max(...profile.footprint.map(([, y]) => Math.abs(y))) + SLACK;
  const middle = between(0 - OFF_MIDDLE, OFF_MIDDLE);
  // Drawn with the wall along y, then turned as a whole.
  const frame: Pose = { x: 0, y: 0, yaw: between(-Math.PI, Math.PI) };
  const placed = (x: Metres, y: Metres, yaw = 0): Pose => compose(frame, { x, y, yaw });
  const wall = (from: Metres, to: Metres): Point[] => {
    const half = THICKNESS / 2;
    const corners: Point[] = [
      [half, from],
      [half, to],
      [-half, to],
      [-half, from],
    ];
    return corners.map(([x, y]): Point => [placed(x, y).x, placed(x, y).y]);
  };
  const side = (): Metres => middle + between(0 - AT_THE_SIDE, AT_THE_SIDE);
  return {
    seed,
    walls: [wall(0 - WALL, middle - width / 2), wall(middle + width / 2, WALL)],
    start: placed(-between(NEAREST, FARTHEST), side(), between(-Math.PI, Math.PI)),
    goal: placed(between(NEAREST, FARTHEST), side(), between(-Math.PI, Math.PI)),
  };
}

/** The world of a door, as the simulator makes it. */
export function specOf(
  { footprint, limits, lidar, odometry, position }: DeviceProfile,
  { walls, start }: Door,
): WorldSpec {
  return WorldSpec.parse({
    map: { empty: [0 - FLOOR, 0 - FLOOR, FLOOR, FLOOR] },
    obstacles: walls.map((polygon) => ({ polygon })),
    robots: [{ id: "amr", pose: [start.x, start.y, start.yaw], footprint, limits, lidar, odometry, position }],
  });
}
