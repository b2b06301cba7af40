import type { Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import { type Footprint, signedDistance } from "./footprint.ts";
import { coordinateAt } from "./grid.ts";
import type { TimedPose } from "./kinematics.ts";
import { HIDDEN_RADIUS } from "./tracking/blind-corners.ts";
import { MOVER_ROW, type Movers } from "./tracking/movers.ts";

/** How a robot behaves where people and vehicles move; a profile may set these. */
export interface PeopleRules {
  /** Room that is kept from what moves, while the robot moves. */
  readonly apart: Metres;
  /** How hard anything that moves may change its mind, m/s². */
  readonly acceleration: number;
  /** How fast something that just appeared may come. */
  readonly newcomerSpeed: MetresPerSecond;
  /** How fast somebody unseen may step out from behind a corner; 0: nobody does. */
  readonly stepOutSpeed: MetresPerSecond;
  /** Corners never make the robot drive slower than this. */
  readonly cornerSpeed: MetresPerSecond;
}

export const PEOPLE_RULES: PeopleRules = {
  apart: 0.3,
  acceleration: 1,
  newcomerSpeed: 1.2,
  stepOutSpeed: 1,
  cornerSpeed: 0.7,
};

/** Until somebody who steps out is in a scan. */
const NOTICED_AFTER: Seconds = 0.1;
/** A robot that something comes to anyway may move only if that is nowhere worse than to stand, and better in the end. */
const NOWHERE_WORSE: Metres = 5e-3;
const BETTER: Metres = 1e-3;

/**
 * Whether the robot stands again before its footprint comes within `apart` of where anything that moves can be by then: its position carried on with
 * its velocity, and around that what a change of mind adds (`acceleration` t²/2). After it stands, nothing is asked: a robot at rest runs
 * into nobody. Where standing would not keep the room either, only what makes it larger is allowed.
 */
export function isClearOfMovers(
  footprint: Footprint,
  path: readonly TimedPose[],
  { count, rows }: Movers,
  { apart, acceleration }: PeopleRules,
): boolean {
  for (let row = 0; row < count; row++) {
    if (!staysApart(footprint, path, rows, row * MOVER_ROW, apart, acceleration)) return false;
  }
  return true;
}

/** Whether the robot stands before somebody who steps out now from one of the hidden places could reach it. */
export function isClearOfCorners(
  footprint: Footprint,
  path: readonly TimedPose[],
  hidden: Float64Array,
  { stepOutSpeed }: PeopleRules,
): boolean {
  for (let at = 0; at < hidden.length; at += 2) {
    const [x, y] = [coordinateAt(hidden, at), coordinateAt(hidden, at + 1)];
    for (const pose of path) {
      const reached = HIDDEN_RADIUS + stepOutSpeed * (pose.time + NOTICED_AFTER);
      if (distanceTo(footprint, pose, x, y, reached) < reached) return false;
    }
  }
  return true;
}

/** Room between the footprint at a pose and the nearest thing that moves, where that will be then; at most `enough`. */
export function roomToMovers(
  footprint: Footprint,
  pose: Pose,
  time: Seconds,
  { count, rows }: Movers,
  enough: Metres,
): Metres {
  let least = enough;
  for (let row = 0; row < count; row++) {
    const at = row * MOVER_ROW;
    const x = coordinateAt(rows, at) + coordinateAt(rows, at + 2) * time;
    const y = coordinateAt(rows, at + 1) + coordinateAt(rows, at + 3) * time;
    least = Math.min(least, distanceTo(footprint, pose, x, y, least));
  }
  return least;
}

const HERE: Pose = { x: 0, y: 0, yaw: 0 };

function staysApart(
  footprint: Footprint,
  path: readonly TimedPose[],
  rows: Float64Array,
  at: number,
  apart: Metres,
  acceleration: number,
): boolean {
  const [x0, y0] = [coordinateAt(rows, at), coordinateAt(rows, at + 1)];
  const [vx, vy] = [coordinateAt(rows, at + 2), coordinateAt(rows, at + 3)];
  let [isApart, isNowhereWorse, isBetter] = [true, true, false];
  for (const pose of path) {
    const [x, y] = [x0 + vx * pose.time, y0 + vy * pose.time];
    const needed = apart + (acceleration * pose.time * pose.time) / 2;
    const room = distanceTo(footprint, pose, x, y, needed);
    if (room >= needed) {
      isBetter = true;
      continue;
    }
    isApart = false;
    const standing = distanceTo(footprint, HERE, x, y, needed);
    if (room < standing - NOWHERE_WORSE) isNowhereWorse = false;
    isBetter = room > standing + BETTER;
    if (!isNowhereWorse) return false;
  }
  return isApart || isBetter;
}

/** Distance of a point to the footprint at a pose; at least `enough` as soon as it is surely no less. */
function distanceTo(footprint: Footprint, pose: Pose, x: Metres, y: Metres, enough: Metres): Metres {
  const [dx, dy] = [x - pose.x, y - pose.y];
  const far = footprint.circumscribed + Math.max(0, enough);
  if (dx * dx + dy * dy >= far * far) return enough;
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  return signedDistance(footprint, cos * dx + sin * dy, cos * dy - sin * dx);
}
