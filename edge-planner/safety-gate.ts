import { compose, type Pose, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { coordinateAt, sample, sampleSmooth } from "./grid.ts";
import { type Footprint, footprintClearance } from "./footprint.ts";
import {
  advance,
  type KinematicLimits,
  reactionOf,
  STANDSTILL,
  stoppingDistance,
  stoppingPoses,
  type TimedPose,
} from "./kinematics.ts";
import { isClearOfCorners, isClearOfMovers, PEOPLE_RULES, type PeopleRules } from "./moving-clearance.ts";
import type { PlanningMap } from "./planning-map.ts";
import type { ScanPoints } from "./scan-points.ts";
import { isSweepClear } from "./swept-path.ts";
import type { Movers } from "./tracking/movers.ts";

/** Why the gate clipped or stopped a command. */
export type GateReason =
  | "obstacle"
  | "mover"
  | "blind_corner"
  | "keepout"
  | "zone_limit"
  | "scan_stale"
  | "scan_frozen"
  | "odometry_stale"
  | "odometry_frozen"
  | "pose_lost"
  | "goal_expired"
  | "not_enabled"
  | "not_finite";

/** What the gate did to the last command; `pass` when it went through unchanged. */
export type GateVerdict =
  | { readonly action: "pass" }
  | { readonly action: "clip"; readonly reason: GateReason }
  | { readonly action: "stop"; readonly reason: GateReason };

/** All that the gate judges a command by. What is absent is not known, and stops. */
export interface GateState {
  readonly nowMs: number;
  /** Whether the base may act. */
  readonly power: "enabled" | "disabled";
  /** Permission to move; absent when nobody wants motion. */
  readonly goal?: { readonly maxSpeed: MetresPerSecond; readonly validUntilMs: number };
  readonly odometry?: { readonly atMs: number; readonly velocity: Velocity };
  /** Senses that are known to repeat themselves: what they say is not believed, however fresh. */
  readonly frozen?: "odometry" | "scan" | undefined;
  /** The newest scan itself, not what a map made of it. */
  readonly scan?: ScanPoints;
  /** What moves around the robot, or may. */
  readonly movers?: Movers;
  /** Places where somebody may stand unseen, `x0, y0, …` in the frame of the base. */
  readonly hidden?: Float64Array;
  /** Pose in the frame of the map; absent while the robot is not localised. */
  readonly pose?: Pose;
  readonly map?: PlanningMap;
  readonly footprint: Footprint;
  readonly limits: GateLimits;
}

export interface GateLimits extends KinematicLimits {
  /** A scan, or odometry, older than this stops the robot. */
  readonly scanStaleMs: number;
  /** `PEOPLE_RULES` unless given. */
  readonly people?: PeopleRules;
}

/** Shares of the wanted speed that are tried, in this order, when the whole runs into something. */
const SHARES = [1, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1];
/** Shares of what is faster than corners ask for at most, tried in this order. */
const CORNER_SHARES = [1, 0.75, 0.5, 0.25, 0];
/** Reverse speed of a robot that does not see behind itself. */
export const BLIND_SPEED: MetresPerSecond = 0.1;
/** With fewer good rays than this the lidar counts as blind. */
const LEAST_VALID_SHARE = 0.5;

/**
 * The only way from a wanted velocity to the wheels. Lets a command pass, scales it down along its own curve, or
 * answers zero: whatever happens next, the robot can brake to a standstill before its footprint reaches a point of
 * the newest scan or a forbidden zone, or comes near to where anything that moves can be by then; past corners it drives so that it stands before
 * somebody who steps out is there, as far as that is reasonable. Where it is already too close, it may turn and move away. This is no
 * certified safety function; it assumes a certified stop below it.
 */
export function gate(command: Velocity, state: GateState): { velocity: Velocity; verdict: GateVerdict } {
  const refusal = refusalOf(command, state);
  if (refusal === "idle") return { velocity: STANDSTILL, verdict: { action: "pass" } };
  if (refusal) return stop(refusal);
  const { scan, odometry, pose } = state as ReadyState;
  const limited = withinSpeed(command, speedCap(command, scan, pose, state), state.limits);
  const careful = slowedAtCorners(limited, odometry.velocity, state);
  let blockedBy: GateReason = careful === limited ? "zone_limit" : "blind_corner";
  for (const share of SHARES) {
    const velocity = scale(careful, share);
    const poses = stoppingPoses(odometry.velocity, velocity, state.limits, reactionOf(state.limits));
    const refused = refusedBy(poses, scan, pose, state);
    if (!refused) return passed(command, velocity, blockedBy);
    blockedBy = refused;
  }
  return stop(blockedBy);
}

/** What stands against a velocity, given the poses until the robot stands again. */
function refusedBy(
  poses: readonly TimedPose[],
  scan: ScanPoints,
  pose: Pose,
  { footprint, movers, map, limits }: GateState,
): GateReason | undefined {
  if (!isSweepClear(footprint, poses, scan.points)) return "obstacle";
  if (!staysOutOfZones(poses, pose, { map, footprint })) return "keepout";
  if (movers && !isClearOfMovers(footprint, poses, movers, limits.people ?? PEOPLE_RULES)) return "mover";
  return undefined;
}

/** The command, slowed down along its curve until nobody could step out into the way to standstill, or to the least that corners ask for. */
function slowedAtCorners(command: Velocity, now: Velocity, { footprint, hidden, limits }: GateState): Velocity {
  const people = limits.people ?? PEOPLE_RULES;
  const excess = Math.abs(command.linear) - people.cornerSpeed;
  if (!hidden || hidden.length === 0 || people.stepOutSpeed === 0 || !(excess > 0)) return command;
  for (const share of CORNER_SHARES) {
    const slowed = share === 1 ? command : scale(command, 1 - ((1 - share) * excess) / Math.abs(command.linear));
    const poses = stoppingPoses(now, slowed, limits, reactionOf(limits));
    if (share === 0 || isClearOfCorners(footprint, poses, hidden, people)) return slowed;
  }
  return command;
}

type ReadyState = GateState & Required<Pick<GateState, "goal" | "odometry" | "scan" | "pose">>;

/** Why no motion at all is allowed now; `idle` when none is wanted either. */
function refusalOf(command: Velocity, state: GateState): GateReason | "idle" | undefined {
  const { goal, nowMs } = state;
  if (!Number.isFinite(command.linear) || !Number.isFinite(command.angular)) return "not_finite";
  if (!goal && command.linear === 0 && command.angular === 0) return "idle";
  if (state.power === "disabled") return "not_enabled";
  // Written so that a NaN among the times or values refuses too.
  if (!goal || !(goal.validUntilMs > nowMs) || !(goal.maxSpeed > 0)) return "goal_expired";
  return blindness(state);
}

/** What a robot that cannot be trusted to move lacks, whether or not motion is wanted. */
export type Blindness = "odometry_stale" | "odometry_frozen" | "scan_stale" | "scan_frozen" | "pose_lost";

/** The first of the senses that is missing, silent, frozen or senseless; undefined when all are well. */
export function blindness({
  odometry,
  frozen,
  scan,
  pose,
  nowMs,
  limits,
}: Pick<GateState, "odometry" | "frozen" | "scan" | "pose" | "nowMs" | "limits">): Blindness | undefined {
  if (frozen) return `${frozen}_frozen`;
  if (!odometry || !(nowMs - odometry.atMs <= limits.scanStaleMs)) return "odometry_stale";
  if (!Number.isFinite(odometry.velocity.linear + odometry.velocity.angular)) return "odometry_stale";
  if (!scan || !(nowMs - scan.atMs <= limits.scanStaleMs) || !(scan.validShare >= LEAST_VALID_SHARE))
    return "scan_stale";
  if (!pose || !Number.isFinite(pose.x + pose.y + pose.yaw)) return "pose_lost";
  return undefined;
}

function stop(reason: GateReason): { velocity: Velocity; verdict: GateVerdict } {
  return { velocity: STANDSTILL, verdict: { action: "stop", reason } };
}

function passed(
  command: Velocity,
  velocity: Velocity,
  reason: GateReason,
): { velocity: Velocity; verdict: GateVerdict } {
  const isWhole = velocity.linear === command.linear && velocity.angular === command.angular;
  return { velocity, verdict: isWhole ? { action: "pass" } : { action: "clip", reason } };
}

function speedCap(command: Velocity, scan: ScanPoints, pose: Pose, state: GateState): MetresPerSecond {
  const { limits, goal } = state;
  const direction = command.linear < 0 ? limits.maxReverseSpeed : limits.maxSpeed;
  const blind = command.linear < 0 && scan.view === "ahead" ? BLIND_SPEED : Infinity;
  return Math.min(direction, blind, goal?.maxSpeed ?? 0, zoneSpeed(command, pose, state));
}

/** The speed from which the base still slows down to each zone's limit by the time its footprint reaches the zone. */
function zoneSpeed(command: Velocity, pose: Pose, { map, footprint, limits }: GateState): MetresPerSecond {
  const field = map?.speedLimit;
  if (!field || command.linear === 0) return Infinity;
  const speed = Math.abs(command.linear);
  const reaction = reactionOf(limits);
  const reach = stoppingDistance(speed, limits, reaction);
  let cap = Infinity;
  for (let along = 0; along <= reach; along += map.resolution) {
    const limit = lowestLimit(map, field, footprint, advance(pose, command, along / speed));
    const left = Math.max(0, along - speed * reaction - map.resolution);
    cap = Math.min(cap, Math.sqrt(limit * limit + 2 * limits.maxDeceleration * left));
  }
  return cap;
}

function lowestLimit(map: PlanningMap, field: Float32Array, footprint: Footprint, pose: Pose): MetresPerSecond {
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  const { outline } = footprint;
  let lowest = sample(map, field, pose.x, pose.y, Infinity);
  for (let at = 0; at < outline.length; at += 2) {
    const [x, y] = [coordinateAt(outline, at), coordinateAt(outline, at + 1)];
    lowest = Math.min(lowest, sample(map, field, pose.x + cos * x - sin * y, pose.y + sin * x + cos * y, Infinity));
  }
  return lowest;
}

/** Scales a command to a speed and to the fastest turn, keeping its curve. */
function withinSpeed(command: Velocity, cap: MetresPerSecond, limits: KinematicLimits): Velocity {
  const bySpeed = Math.abs(command.linear) > cap ? cap / Math.abs(command.linear) : 1;
  const byTurn =
    Math.abs(command.angular) > limits.maxAngularSpeed ? limits.maxAngularSpeed / Math.abs(command.angular) : 1;
  return scale(command, Math.min(bySpeed, byTurn));
}

function scale(velocity: Velocity, share: number): Velocity {
  return share === 1 ? velocity : { linear: velocity.linear * share, angular: velocity.angular * share };
}

/**
 * Whether poses (in the frame of the base) keep the footprint out of forbidden ground. A robot that already reaches
 * into it may move so that it reaches no deeper, and one whose centre is in it so that the centre gets no deeper: it
 * can leave, and in the middle of it turn.
 */
function staysOutOfZones(
  poses: readonly Pose[],
  pose: Pose,
  { map, footprint }: { readonly map: PlanningMap | undefined; readonly footprint: Footprint },
): boolean {
  const field = map?.zoneClearance;
  if (!field) return true;
  const steps = poses.map((step) => compose(pose, step));
  const isOutside = (at: Pose): boolean => footprintClearance(map, field, footprint, at, map.resolution) > 0;
  if (isOutside(pose)) return steps.every(isOutside);
  const depthOfCentre = ({ x, y }: Pose): number => sampleSmooth(map, field, x, y);
  const depth = depthOfCentre(pose) <= 0 ? depthOfCentre : (at: Pose) => deepest(map, field, footprint, at);
  const now = depth(pose);
  return steps.every((at) => depth(at) >= now - DEPTH_TOLERANCE);
}

/** How far the footprint reaches into forbidden ground, as the least signed distance along its border. */
function deepest(map: PlanningMap, field: Float32Array, footprint: Footprint, pose: Pose): Metres {
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  const { outline } = footprint;
  let least = Infinity;
  for (let at = 0; at < outline.length; at += 2) {
    const [x, y] = [coordinateAt(outline, at), coordinateAt(outline, at + 1)];
    least = Math.min(least, sampleSmooth(map, field, pose.x + cos * x - sin * y, pose.y + sin * x + cos * y));
  }
  return least;
}

const DEPTH_TOLERANCE: Metres = 1e-3;
