import type { ControlWorld, MotionProfile } from "#agent/control/control";
import { createControlState, stepControl, takeWorld } from "#agent/control/step-control";
import type { Fix, MotionDrivers } from "#drivers/driver";
import { createMapSource } from "#edge-planner/map-cache";
import type { Drive } from "#edge-planner/navigator";
import type { Point, Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import type { TrackPoint } from "#sim/world/metrics";
import { createWorld } from "#sim/world/world";
import type { WorldSpec } from "#sim/world/world-spec";
import { openMotionDrivers } from "./motion-drivers.ts";

/** One robot that drives to one place, alone. */
export interface DriveTask {
  readonly spec: WorldSpec;
  readonly seed: string;
  readonly profile: MotionProfile;
  /** What the robot knows of the place. */
  readonly place: ControlWorld;
  readonly goal: { readonly pose: Pose; readonly tolerance: Metres; readonly maxSpeed: MetresPerSecond };
  /** Where its position comes from: its own sensor, or its wheels alone. */
  readonly position: "sensor" | "wheels";
  readonly limit: Seconds;
  /** Whether it is there, by the truth and by what it says. */
  readonly isThere: (truth: Pose, drive: Drive | undefined) => boolean;
}

/** What came of it. */
export interface DriveRecord {
  readonly outcome: "arrived" | "collided" | "out-of-time";
  readonly seconds: Seconds;
  readonly minClearance: Metres;
  readonly gateStops: number;
  readonly track: readonly TrackPoint[];
  /** What the robot last meant to follow. */
  readonly route: readonly Point[];
  readonly ticksMs: readonly number[];
}

const SETTLE_MS = 500;

/** Drives by the robot's own motion step, in the world that the scenarios use. A collision ends the drive. */
export async function driveOnce(task: DriveTask): Promise<DriveRecord> {
  const { spec, profile, goal, isThere } = task;
  const clock = new VirtualClock();
  using world = createWorld(spec, { clock, rng: createRng(task.seed) });
  const [{ id }] = spec.robots as [WorldSpec["robots"][number]];
  const drivers = await openMotionDrivers(world, id, clock);
  const state = createControlState(profile);
  takeWorld(state, task.place, createMapSource());
  const periodMs = 1000 / profile.controlHz;
  await clock.advance(SETTLE_MS, settle);
  const startMs = clock.nowMs();
  const ticksMs: number[] = [];
  let outcome: DriveRecord["outcome"] = "out-of-time";
  let route: readonly Point[] = [];
  let drive: Drive | undefined;
  while (clock.nowMs() < startMs + task.limit * 1000) {
    await clock.advance(periodMs, settle);
    if (isThere(world.truth(id).pose, drive)) outcome = "arrived";
    if (world.metrics(id).collisions.length > 0) outcome = "collided";
    if (outcome !== "out-of-time") break;
    const nowMs = clock.nowMs();
    const inputs = { ...sensedBy(drivers, task.position), power: "enabled" as const, latenessMs: 0 };
    const beganMs = performance.now();
    const wanted = { goalId: "there", ...goal, validUntilMs: nowMs + 1000 };
    const { command, report } = stepControl(state, { ...inputs, goal: wanted }, nowMs);
    ticksMs.push(performance.now() - beganMs);
    drivers.base.drive(command, 4 * periodMs);
    ({ drive, route } = report);
  }
  const { minClearance } = world.metrics(id);
  const seconds = (clock.nowMs() - startMs) / 1000;
  return { outcome, seconds, minClearance, gateStops: state.gateStops, track: world.track(id), route, ticksMs };
}

function sensedBy({ base, lidar, position }: MotionDrivers, from: DriveTask["position"]) {
  const odometry = base.latest();
  const fix: Fix | undefined =
    from === "sensor"
      ? position.latest()
      : odometry && { atMs: odometry.atMs, pose: odometry.pose, sigmaXy: 0.02, sigmaYaw: 0.01 };
  return { odometry, scan: lidar.latest(), fix, mount: lidar.mount };
}
