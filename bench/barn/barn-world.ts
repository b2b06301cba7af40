import { readFileSync } from "node:fs";
import { z } from "zod";
import type { MotionProfile } from "#agent/control/control";
import { PEOPLE_RULES } from "#edge-planner/moving-clearance";
import type { Follower } from "#edge-planner/local-controller";
import { PointTuple } from "#contract/spatial";
import type { Point, Pose } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import { WorldSpec } from "#sim/world/world-spec";

/** One world of the benchmark: cylinders that no map shows, and the length of its published reference path. */
const BarnWorld = z.object({
  world: z.int(),
  pathLength: z.number().positive().meta({ unit: "m" }),
  cylinders: z.array(PointTuple).min(1),
});
export type BarnWorld = z.infer<typeof BarnWorld>;

/** How hard it is made for the robot. */
export interface Variant {
  readonly name: "nominal" | "degraded" | "degraded-1.2" | "degraded-1.4";
  /** By what the robot's outline is scaled. */
  readonly scale: number;
  readonly isDegraded: boolean;
}

export const VARIANTS: readonly Variant[] = [
  { name: "nominal", scale: 1, isDegraded: false },
  { name: "degraded", scale: 1, isDegraded: true },
  { name: "degraded-1.2", scale: 1.2, isDegraded: true },
  { name: "degraded-1.4", scale: 1.4, isDegraded: true },
];

/** Rules of the benchmark (Daffan/the-barn-challenge, `run.py`). */
const ROBOT = "jackal";
export const CYLINDER_RADIUS: Metres = 0.075;
export const START: Pose = { x: -2.25, y: 3, yaw: 1.57 };
export const GOAL: Pose = { x: -2.25, y: 13, yaw: 1.57 };
export const ARRIVED_WITHIN: Metres = 1;
export const TIME_LIMIT: Seconds = 100;
const OPTIMAL_SPEED = 2;

/** Length and width of a Jackal. */
const OUTLINE: readonly [Metres, Metres] = [0.508, 0.43];
/** Standard deviation of an error that is spread evenly over +-10 %. */
const GAIN_SIGMA = 0.1 / Math.sqrt(3);

/** Reads worlds from a file in the form of `test/fixtures/barn/worlds-practice.json`. */
export function readWorlds(path: string): BarnWorld[] {
  return z.array(BarnWorld).parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Score of a run that arrived: 0.5 is the ceiling. */
export function scoreOf({ pathLength }: BarnWorld, seconds: Seconds): number {
  const optimal = pathLength / OPTIMAL_SPEED;
  return optimal / Math.min(Math.max(seconds, 2 * optimal), 8 * optimal);
}

export function outlineOf({ scale }: Variant): Point[] {
  const [x, y] = [(OUTLINE[0] * scale) / 2, (OUTLINE[1] * scale) / 2];
  return [
    [x, y],
    [-x, y],
    [-x, -y],
    [x, -y],
  ];
}

/** What the robot is told about itself: its limits and its delay, but neither its gain nor its slip. */
export function profileOf(variant: Variant, follower: Follower): MotionProfile {
  return {
    footprint: outlineOf(variant),
    ...limitsOf(variant),
    controlHz: 20,
    scanStaleMs: 250,
    follower,
    reaction: delayOf(variant) / 1000 + 0.1,
    delay: delayOf(variant) / 1000,
    // Nobody walks in these worlds.
    people: { ...PEOPLE_RULES, apart: 0, acceleration: 0, newcomerSpeed: 0, stepOutSpeed: 0 },
  };
}

/** The world as the simulator makes it. */
export function specOf({ cylinders }: BarnWorld, variant: Variant): WorldSpec {
  const { isDegraded } = variant;
  return WorldSpec.parse({
    map: { empty: [-12, -7, 8, 20] },
    obstacles: cylinders.map(([x, y]) => ({ circle: [x, y, CYLINDER_RADIUS] })),
    robots: [
      {
        id: ROBOT,
        pose: [START.x, START.y, START.yaw],
        footprint: outlineOf(variant),
        limits: limitsOf(variant),
        actuation: {
          delayMs: delayOf(variant),
          gainSigma: isDegraded ? GAIN_SIGMA : 0.01,
          slip: isDegraded ? 0.02 : 0,
        },
        odometry: { origin: [START.x, START.y, START.yaw] },
        lidar: {
          hz: isDegraded ? 10 : 40,
          rays: 1081,
          fieldOfView: 1.5 * Math.PI,
          rangeMax: 10,
          rangeSigma: isDegraded ? 0.03 : 0.01,
          mount: [-0.065, 0, 0],
        },
      },
    ],
  });
}

function limitsOf({ isDegraded }: Variant) {
  return {
    maxSpeed: isDegraded ? 1.5 : 2,
    maxReverseSpeed: 0.5,
    maxAngularSpeed: 2,
    maxAcceleration: isDegraded ? 1 : 3,
    maxDeceleration: isDegraded ? 1 : 3,
    maxAngularAcceleration: 4,
  };
}

function delayOf({ isDegraded }: Variant): number {
  return isDegraded ? 200 : 50;
}
