import { describe, expect, it } from "vitest";
import { distance, type Point, type Pose, relativeTo, type Velocity, wrapAngle } from "#lib/geometry";
import { drawPlace, drawRoom } from "./drawn-place.ts";
import { makeFootprint, signedDistance } from "./footprint.ts";
import { advance, approach, STANDSTILL } from "./kinematics.ts";
import { type Drive, navigate, type NavigationGoal, remainingRoute, startNavigator } from "./navigator.ts";
import { mapFromOccupancy, type PlanningMap } from "./planning-map.ts";
import { type GateLimits } from "./safety-gate.ts";

const footprint = makeFootprint([
  [-0.35, -0.25],
  [0.35, -0.25],
  [0.35, 0.25],
  [-0.35, 0.25],
]);
const limits: GateLimits = {
  maxSpeed: 1.5,
  maxReverseSpeed: 0.3,
  maxAngularSpeed: 1.2,
  maxAcceleration: 0.8,
  maxDeceleration: 0.8,
  maxAngularAcceleration: 2,
  scanStaleMs: 250,
};
const place = drawPlace(drawRoom(120, 80), 0.1);
const room = mapFromOccupancy(place, place.occupancy);

interface Run {
  readonly pose: Pose;
  readonly drives: readonly Drive[];
  readonly speeds: readonly Velocity[];
  readonly seconds: number;
  readonly closest: number;
}

/** Drives a perfect robot through a map; `things` are points that only the scan shows. */
function run(
  start: Pose,
  goalPose: Pose,
  options: { map?: PlanningMap; things?: readonly Point[]; seconds?: number; maxSpeed?: number } = {},
): Run {
  const { map = room, things = [], seconds = 60, maxSpeed = 1.5 } = options;
  const goal: NavigationGoal = { goalId: "g", pose: goalPose, tolerance: 0.15, maxSpeed };
  const navigator = startNavigator(goal, start, 0);
  const terrain = { map, clearance: map.clearance, footprint };
  let [pose, velocity, closest]: [Pose, Velocity, number] = [start, STANDSTILL, Infinity];
  const drives: Drive[] = [];
  const speeds: Velocity[] = [];
  let nowMs = 0;
  for (; nowMs < seconds * 1000 && drives.at(-1)?.state !== "arrived"; nowMs += 50) {
    const seen = things.map(([x, y]) => relativeTo(pose, { x, y, yaw: 0 }));
    const points = Float64Array.from(seen.flatMap(({ x, y }) => [x, y]));
    const decision = navigate(navigator, { pose, velocity, terrain, points, limits }, 0, nowMs);
    velocity = approach(velocity, decision.velocity, limits, 0.05);
    pose = advance(pose, velocity, 0.05);
    drives.push(decision.drive);
    speeds.push(velocity);
    closest = Math.min(closest, ...seen.map(({ x, y }) => signedDistance(footprint, x, y)));
  }
  return { pose, drives, speeds, seconds: nowMs / 1000, closest };
}

describe("navigator", () => {
  it.each([
    { name: "straight ahead", start: [2, 4, 0], goal: [9, 4, 0] },
    { name: "with the goal behind", start: [6, 4, 0], goal: [2, 4, Math.PI / 2] },
    { name: "sideways, beside a wall", start: [3, 0.7, Math.PI], goal: [9, 0.7, Math.PI] },
    { name: "by a hand's breadth", start: [5, 4, 0], goal: [5, 4.35, 0] },
    { name: "on the spot, half a turn", start: [5, 4, 0], goal: [5, 4, Math.PI] },
  ] as const)("reaches its goal $name", ({ start, goal }) => {
    const [from, to] = [start, goal].map(([x, y, yaw]): Pose => ({ x, y, yaw }));
    const { pose, drives, seconds } = run(from!, to!);
    expect(drives.at(-1)).toEqual({ state: "arrived", goalId: "g" });
    expect(distance(pose, to!)).toBeLessThanOrEqual(0.15);
    expect(Math.abs(wrapAngle(pose.yaw - to!.yaw))).toBeLessThan(0.1);
    expect(seconds).toBeLessThan(8 + 2 * distance(from!, to!));
  });

  it("turns to its way first, then drives it without swerving", () => {
    const { speeds } = run({ x: 2, y: 4, yaw: Math.PI / 2 }, { x: 9, y: 4, yaw: 0 });
    const first = speeds.findIndex(({ linear }) => linear > 0.05);
    expect(speeds.slice(0, first).some(({ angular }) => angular < -0.5)).toBe(true);
    const turnsLater = speeds.slice(first + 40).map(({ angular }) => Math.abs(angular));
    expect(Math.max(...turnsLater)).toBeLessThan(0.4);
  });

  it("holds the goal's speed limit, and uses what it has where it may", () => {
    const slow = run({ x: 2, y: 4, yaw: 0 }, { x: 9, y: 4, yaw: 0 }, { maxSpeed: 0.4 });
    expect(Math.max(...slow.speeds.map(({ linear }) => linear))).toBeLessThan(0.41);
    const fast = run({ x: 2, y: 4, yaw: 0 }, { x: 9, y: 4, yaw: 0 });
    expect(Math.max(...fast.speeds.map(({ linear }) => linear))).toBeGreaterThan(1.3);
  });

  it("slows down where it is narrow", () => {
    const corridor = drawRoom(120, 80).map((line, row) => (row < 35 || row > 45 ? "#".repeat(120) : line));
    const narrow = drawPlace(corridor, 0.1);
    const map = mapFromOccupancy(narrow, narrow.occupancy);
    const { speeds, drives } = run({ x: 2, y: 3.95, yaw: 0 }, { x: 10, y: 3.95, yaw: 0 }, { map });
    expect(drives.at(-1)?.state).toBe("arrived");
    expect(Math.max(...speeds.map(({ linear }) => linear))).toBeLessThan(1.2);
  });

  it("counts down what remains of its way", () => {
    const { drives } = run({ x: 2, y: 4, yaw: 0 }, { x: 9, y: 4, yaw: 0 });
    const remaining = drives.flatMap((drive) => (drive.state === "driving" ? [drive.remaining] : []));
    expect(remaining[0]).toBeCloseTo(7, 1);
    expect(remaining.at(-1)).toBeLessThan(0.2);
    expect(remaining.every((left, at) => at === 0 || left <= remaining[at - 1]! + 0.01)).toBe(true);
  });

  it("says why there is no way, and does not move", () => {
    const { pose, drives } = run({ x: 2, y: 4, yaw: 0 }, { x: 11.9, y: 4, yaw: 0 }, { seconds: 3 });
    expect(drives.at(-1)).toEqual({ state: "no-route", goalId: "g", reason: "goal_occupied" });
    expect(pose).toEqual({ x: 2, y: 4, yaw: 0 });
  });

  it("is blocked, with the time since when, before something that only the scan shows, and never touches it", () => {
    const wall = Array.from({ length: 80 }, (_, at): Point => [6, at * 0.1]);
    const { drives, closest } = run({ x: 2, y: 4, yaw: 0 }, { x: 9, y: 4, yaw: 0 }, { things: wall, seconds: 30 });
    const blocked = drives.at(-1);
    expect(blocked).toMatchObject({ state: "blocked", goalId: "g" });
    expect(blocked?.state === "blocked" && blocked.sinceMs).toBeGreaterThan(2000);
    expect(closest).toBeGreaterThan(0);
  });

  it("backs out a little when it is stuck, a bounded number of times", () => {
    const wall = Array.from({ length: 80 }, (_, at): Point => [6, at * 0.1]);
    const { speeds } = run({ x: 2, y: 4, yaw: 0 }, { x: 9, y: 4, yaw: 0 }, { things: wall, seconds: 60 });
    const backwards = speeds.map(({ linear }) => linear < -0.05);
    const episodes = backwards.filter((isBack, at) => isBack && !backwards[at - 1]).length;
    expect(episodes).toBeGreaterThanOrEqual(1);
    expect(episodes).toBeLessThanOrEqual(3);
  });

  it("shows the way that is left, and none when it has arrived", () => {
    const goal: NavigationGoal = { goalId: "g", pose: { x: 9, y: 4, yaw: 0 }, tolerance: 0.15, maxSpeed: 1 };
    const at = (pose: Pose): { pose: Pose; velocity: Velocity } => ({ pose, velocity: STANDSTILL });
    const navigator = startNavigator(goal, { x: 2, y: 4, yaw: 0 }, 0);
    expect(remainingRoute(navigator)).toEqual([]);
    const situation = {
      terrain: { map: room, clearance: room.clearance, footprint },
      points: new Float64Array(),
      limits,
    };
    navigate(navigator, { ...situation, ...at({ x: 2, y: 4, yaw: 0 }) }, 0, 0);
    expect(remainingRoute(navigator)).toEqual([
      [2, 4],
      [9, 4],
    ]);
    for (const nowMs of [50, 100]) navigate(navigator, { ...situation, ...at({ x: 9, y: 4, yaw: 0 }) }, 0, nowMs);
    expect(remainingRoute(navigator)).toEqual([]);
  });
});
