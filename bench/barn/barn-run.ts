import { createControlState, stepControl, takeWorld } from "#agent/control/step-control";
import type { Follower } from "#edge-planner/local-controller";
import { createMapSource } from "#edge-planner/map-cache";
import { distance, type Point } from "#lib/geometry";
import { createRng } from "#lib/rng";
import type { Metres, Seconds } from "#lib/units";
import { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import type { TrackPoint } from "#sim/world/metrics";
import { createWorld } from "#sim/world/world";
import { openMotionDrivers } from "../motion-drivers.ts";
import {
  ARRIVED_WITHIN,
  type BarnWorld,
  GOAL,
  profileOf,
  ROBOT,
  scoreOf,
  specOf,
  TIME_LIMIT,
  type Variant,
} from "./barn-world.ts";

/** What came of one run. */
export interface BarnRun {
  readonly world: number;
  readonly seed: number;
  readonly outcome: "arrived" | "collided" | "out-of-time";
  readonly seconds: Seconds;
  readonly score: number;
  readonly minClearance: Metres;
  readonly gateStops: number;
  readonly track: readonly TrackPoint[];
  /** What the robot last meant to follow. */
  readonly route: readonly Point[];
  readonly ticksMs: readonly number[];
}

const TOLERANCE: Metres = 0.2;
const SETTLE_MS = 500;

/** Drives through one world by the robot's own motion step, with the lidar and the odometry only. */
export async function runBarn(barn: BarnWorld, variant: Variant, seed: number, follower: Follower): Promise<BarnRun> {
  const clock = new VirtualClock();
  const rng = createRng(`${seed}/${barn.world}/${variant.name}`);
  using world = createWorld(specOf(barn, variant), { clock, rng });
  const { base, lidar } = await openMotionDrivers(world, ROBOT, clock);
  const profile = profileOf(variant, follower);
  const state = createControlState(profile);
  takeWorld(state, { mapId: "none", zones: [], forbiddenZones: [] }, createMapSource());
  const periodMs = 1000 / profile.controlHz;
  await clock.advance(SETTLE_MS, settle);
  const startMs = clock.nowMs();
  const ticksMs: number[] = [];
  let outcome: BarnRun["outcome"] = "out-of-time";
  let route: readonly Point[] = [];
  while (clock.nowMs() < startMs + TIME_LIMIT * 1000) {
    await clock.advance(periodMs, settle);
    if (distance(world.truth(ROBOT).pose, GOAL) <= ARRIVED_WITHIN) outcome = "arrived";
    if (world.metrics(ROBOT).collisions.length > 0) outcome = "collided";
    if (outcome !== "out-of-time") break;
    const nowMs = clock.nowMs();
    const odometry = base.latest();
    // No map and no beacons: where the wheels say it is, is all that the robot knows of its place.
    const fix = odometry && { atMs: odometry.atMs, pose: odometry.pose, sigmaXy: 0.02, sigmaYaw: 0.01 };
    const sensed = { odometry, scan: lidar.latest(), fix, mount: lidar.mount };
    const goal = { goalId: "there", pose: GOAL, tolerance: TOLERANCE, maxSpeed: 2, validUntilMs: nowMs + 1000 };
    const beganMs = performance.now();
    const { command, report } = stepControl(state, { ...sensed, goal, power: "enabled", latenessMs: 0 }, nowMs);
    ticksMs.push(performance.now() - beganMs);
    base.drive(command, 4 * periodMs);
    route = report.route;
  }
  const seconds = (clock.nowMs() - startMs) / 1000;
  return {
    world: barn.world,
    seed,
    outcome,
    seconds,
    score: outcome === "arrived" ? scoreOf(barn, seconds) : 0,
    minClearance: world.metrics(ROBOT).minClearance,
    gateStops: state.gateStops,
    track: world.track(ROBOT),
    route,
    ticksMs,
  };
}
