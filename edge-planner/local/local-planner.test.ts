import { describe, expect, it } from "vitest";
import { distance, type Point, type Pose } from "#lib/geometry";
import { makeFootprint, signedDistance } from "../footprint.ts";
import { advance, approach, type KinematicLimits } from "../kinematics.ts";
import { makeTrack, project } from "../track.ts";
import { createLocalPlanner, driveLocally, noteCommand, observeLocally } from "./local-planner.ts";

const LIMITS: KinematicLimits = {
  maxSpeed: 1.2,
  maxReverseSpeed: 0.3,
  maxAngularSpeed: 1.5,
  maxAcceleration: 1,
  maxDeceleration: 1.5,
  maxAngularAcceleration: 3,
  delay: 0.1,
};
const FOOTPRINT = makeFootprint([
  [0.25, 0.2],
  [-0.25, 0.2],
  [-0.25, -0.2],
  [0.25, -0.2],
]);
const STEP_MS = 50;

describe("the local planner", () => {
  it("drives to the end of its track on open floor and comes to rest there", () => {
    const { poses, speed } = drive([3, 1], [], 8);
    expect(distance(poses.at(-1)!, { x: 3, y: 1 })).toBeLessThan(0.2);
    expect(speed).toBeLessThan(0.1);
  });

  it("drives around a wall across its track without touching it", () => {
    const wall = Array.from({ length: 61 }, (_, at): Point => [1.8, -1 + at * 0.025]);
    const { poses } = drive([4, 0], wall, 15);
    expect(distance(poses.at(-1)!, { x: 4, y: 0 })).toBeLessThan(0.25);
    for (const pose of poses) for (const point of wall) expect(room(pose, point)).toBeGreaterThan(0);
  });

  it("turns around for a goal behind it", () => {
    const { poses } = drive([-2, 0], [], 9);
    expect(distance(poses.at(-1)!, { x: -2, y: 0 })).toBeLessThan(0.25);
  });
});

/** Drives the ideal base, late by its delay, with a lidar that sees the points that are nearest on each bearing. */
function drive(end: Point, points: readonly Point[], seconds: number): { poses: Pose[]; speed: number } {
  const planner = createLocalPlanner(FOOTPRINT, LIMITS);
  const track = makeTrack([[0, 0], end]);
  const sent = [
    { linear: 0, angular: 0 },
    { linear: 0, angular: 0 },
  ];
  let [pose, velocity]: [Pose, { linear: number; angular: number }] = [{ x: 0, y: 0, yaw: 0 }, sent[0]!];
  const poses: Pose[] = [];
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += STEP_MS) {
    observeLocally(planner, { ...SWEEP, atMs: nowMs, ranges: rangesOf(pose, points) }, pose);
    const { along } = project(track, pose.x, pose.y, 0, track.length);
    const situation = { odom: pose, pose, velocity, track, along, maxSpeed: 1.2, maxReverseSpeed: 0.1 };
    const wanted = driveLocally(planner, { nowMs, ...situation, guide: "route" }) ?? { linear: 0, angular: 0 };
    noteCommand(planner, wanted, nowMs);
    sent.push(wanted);
    velocity = approach(velocity, sent.at(-3)!, LIMITS, STEP_MS / 1000);
    pose = advance(pose, velocity, STEP_MS / 1000);
    poses.push(pose);
  }
  return { poses, speed: Math.abs(velocity.linear) };
}

const RAYS = 360;
const SWEEP = { angleMin: -Math.PI, angleStep: (2 * Math.PI) / RAYS, rangeMax: 10 };

function rangesOf(pose: Pose, points: readonly Point[]): Float32Array {
  const ranges = new Float32Array(RAYS).fill(Infinity);
  for (const [x, y] of points) {
    const bearing = Math.atan2(y - pose.y, x - pose.x) - pose.yaw;
    const ray = Math.round((bearing - SWEEP.angleMin) / SWEEP.angleStep);
    const at = ((ray % RAYS) + RAYS) % RAYS;
    ranges[at] = Math.min(ranges[at]!, Math.hypot(x - pose.x, y - pose.y));
  }
  return ranges;
}

function room(pose: Pose, [x, y]: Point): number {
  const [dx, dy, cos, sin] = [x - pose.x, y - pose.y, Math.cos(pose.yaw), Math.sin(pose.yaw)];
  return signedDistance(FOOTPRINT, cos * dx + sin * dy, cos * dy - sin * dx);
}
