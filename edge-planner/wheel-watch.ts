import { distance, type Pose, type Velocity, wrapAngle } from "#lib/geometry";
import type { Metres, MetresPerSecond, Radians, RadiansPerSecond } from "#lib/units";

/** Compares what the wheels report with what they are told. Owned by one motion loop; `watchWheels` changes it. */
export interface WheelWatch {
  /** The place that the wheels have been reporting, and since when. */
  place: { readonly pose: Pose; readonly sinceMs: number } | undefined;
  /** How far they have gone: metres plus radians of turning. */
  way: number;
  newest: { readonly atMs: number; readonly pose: Pose } | undefined;
  /** Since when they have been told, or say, to turn without a break. */
  turningSinceMs: number | undefined;
  /** Until when they are not trusted, and how often in a row that was so. */
  distrust: { readonly untilMs: number; readonly times: number } | undefined;
}

/** `probed`: they were frozen when tried last, and are to be tried carefully. */
export type WheelTrust = "trusted" | "probed" | "frozen";

/** From a command until encoders must have noticed it, in a base of any kind that we know. */
export const FROZEN_MS = 500;
/** What a base is told at most that is tried again. */
export const PROBING: { readonly linear: MetresPerSecond; readonly angular: RadiansPerSecond } = {
  linear: 0.1,
  angular: 0.3,
};
/** Slower than this nothing is expected of them: a base may take so little for nothing. */
const TURNING: { readonly linear: MetresPerSecond; readonly angular: RadiansPerSecond } = {
  linear: 0.05,
  angular: 0.1,
};
/** What counts as another place: more than encoders flicker, less than any drive. */
const ELSEWHERE: { readonly linear: Metres; readonly angular: Radians } = { linear: 0.002, angular: 0.002 };
/** Somebody may have stopped the base below us (its own emergency stop, say), so it is tried again, ever more rarely. */
const RETRY_MS = { first: 2000, most: 60_000 } as const;

/** A watch that has seen nothing yet. */
export function createWheelWatch(): WheelWatch {
  return { place: undefined, way: 0, newest: undefined, turningSinceMs: undefined, distrust: undefined };
}

/**
 * Takes in a reading of the wheels and the velocity that they were told. They are frozen when they report one and the same
 * place for `frozenMs` in which they were told, or say themselves, to turn: encoders that hang, a broken cable, a base that
 * does not obey. Trusted again as soon as the place changes.
 */
export function watchWheels(
  watch: WheelWatch,
  reading: { readonly atMs: number; readonly pose: Pose; readonly velocity: Velocity },
  told: Velocity,
  frozenMs: number,
  nowMs: number,
): void {
  if (watch.newest?.atMs === reading.atMs) return;
  follow(watch, reading);
  if (!watch.place || isElsewhere(reading.pose, watch.place.pose)) {
    watch.place = { pose: reading.pose, sinceMs: nowMs };
    watch.distrust = undefined;
  }
  if (!isTurning(told) && !isTurning(reading.velocity)) watch.turningSinceMs = undefined;
  else watch.turningSinceMs ??= nowMs;
  if (watch.turningSinceMs === undefined || trustIn(watch, nowMs) === "frozen") return;
  if (nowMs - Math.max(watch.turningSinceMs, watch.place.sinceMs) >= frozenMs) distrust(watch, nowMs);
}

/** What the wheels are good for now. */
export function trustIn({ distrust }: WheelWatch, nowMs: number): WheelTrust {
  if (!distrust) return "trusted";
  return nowMs < distrust.untilMs ? "frozen" : "probed";
}

function follow(watch: WheelWatch, reading: NonNullable<WheelWatch["newest"]>): void {
  const { pose } = watch.newest ?? reading;
  watch.newest = reading;
  watch.way += distance(reading.pose, pose) + Math.abs(wrapAngle(reading.pose.yaw - pose.yaw));
}

function distrust(watch: WheelWatch, nowMs: number): void {
  const times = (watch.distrust?.times ?? 0) + 1;
  watch.distrust = { untilMs: nowMs + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (times - 1)), times };
  watch.turningSinceMs = undefined;
}

function isElsewhere(pose: Pose, before: Pose): boolean {
  const turn = Math.abs(wrapAngle(pose.yaw - before.yaw));
  return distance(pose, before) > ELSEWHERE.linear || turn > ELSEWHERE.angular;
}

function isTurning({ linear, angular }: Velocity): boolean {
  return Math.abs(linear) >= TURNING.linear || Math.abs(angular) >= TURNING.angular;
}
