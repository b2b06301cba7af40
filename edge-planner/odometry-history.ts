import { compose, distance, type Pose, relativeTo, type Velocity, wrapAngle } from "#lib/geometry";
import { assert } from "#lib/errors";
import { advance } from "./kinematics.ts";

/** A reading of the wheels as planning sees it; the drivers' `Odometry` has this shape. */
export interface OdometryReading {
  readonly atMs: number;
  readonly pose: Pose;
  readonly velocity: Velocity;
}

/** The way of the base in the frame `odom` over the last seconds. Owned by one motion loop. */
export interface OdometryHistory {
  readonly readings: OdometryReading[];
}

/** What a new reading means: it moved the base by `moved`, it is an old one, or the wheels began to count anew. */
export type OdometryStep =
  | { readonly kind: "moved"; readonly moved: Pose }
  | { readonly kind: "known" }
  | { readonly kind: "restarted" };

const HISTORY_MS = 3000;
/** No base moves so far between two readings; one that seems to was reset. */
const LEAST_JUMP = 0.5;
const JUMP_PER_SECOND = 5;
/** Readings are carried on with their velocity for so long. */
const LONGEST_EXTRAPOLATION_MS = 100;

export function addReading(history: OdometryHistory, reading: OdometryReading): OdometryStep {
  const { readings } = history;
  const last = readings.at(-1);
  if (last && reading.atMs <= last.atMs) return { kind: "known" };
  const isJump = last && distance(last.pose, reading.pose) > jumpLimit(last, reading);
  if (!last || isJump) {
    readings.length = 0;
    readings.push(reading);
    return { kind: "restarted" };
  }
  readings.push(reading);
  while (readings[0] && readings[0].atMs < reading.atMs - HISTORY_MS) readings.shift();
  return { kind: "moved", moved: relativeTo(last.pose, reading.pose) };
}

/** The pose at a time within the history, between two readings or carried on from the last; undefined before it. */
export function odometryAt({ readings }: OdometryHistory, atMs: number): Pose | undefined {
  let after = readings.length;
  while (after > 0 && readings[after - 1]!.atMs > atMs) after--;
  const before = readings[after - 1];
  if (!before) return undefined;
  const next = readings[after];
  if (!next) {
    const aheadMs = Math.min(LONGEST_EXTRAPOLATION_MS, atMs - before.atMs);
    return advance(before.pose, before.velocity, aheadMs / 1000);
  }
  const share = (atMs - before.atMs) / (next.atMs - before.atMs);
  const moved = relativeTo(before.pose, next.pose);
  return compose(before.pose, { x: moved.x * share, y: moved.y * share, yaw: wrapAngle(moved.yaw) * share });
}

/** The motion of the base from one time to another, in its frame at the first; undefined outside of the history. */
export function motionBetween(history: OdometryHistory, fromMs: number, toMs: number): Pose | undefined {
  assert(Number.isFinite(fromMs) && Number.isFinite(toMs), "times of samples are finite");
  const [from, to] = [odometryAt(history, fromMs), odometryAt(history, toMs)];
  return from && to && relativeTo(from, to);
}

function jumpLimit(last: OdometryReading, reading: OdometryReading): number {
  return LEAST_JUMP + (JUMP_PER_SECOND * (reading.atMs - last.atMs)) / 1000;
}
