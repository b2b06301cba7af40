import { distance, type Pose, wrapAngle } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";

/** Whether the robot gets anywhere, and the way it came. Owned by one motion loop; `watchProgress` changes it. */
export interface ProgressWatch {
  /** Where and when the robot last got somewhere, and what then remained of its way. */
  anchor: Pose;
  anchorMs: number;
  remaining: Metres;
  /** Turned since the robot last drove on; turning in circles is no progress. */
  turned: Radians;
  /** Poses on the way here, newest last. */
  readonly trail: Pose[];
}

/** Further than the robot gets by backing out and trying again. */
const STEP_AWAY: Metres = 0.5;
const STEP_NEARER: Metres = 0.1;
const STEP_TURNED: Radians = 0.3;
/** Three half turns line a robot up with anything. */
const MOST_TURNED: Radians = 3 * Math.PI;
const TRAIL_SPACING: Metres = 0.1;
const TRAIL_LENGTH = 15;

export function createProgressWatch(pose: Pose, nowMs: number): ProgressWatch {
  return { anchor: pose, anchorMs: nowMs, remaining: Infinity, turned: 0, trail: [pose] };
}

/** Takes in a pose and what remains of the way; returns for how long, in milliseconds, the robot has got nowhere. */
export function watchProgress(watch: ProgressWatch, pose: Pose, remaining: Metres, nowMs: number): number {
  const turn = Math.abs(wrapAngle(pose.yaw - watch.anchor.yaw));
  if (distance(watch.anchor, pose) >= STEP_AWAY || remaining <= watch.remaining - STEP_NEARER) {
    watch.turned = 0;
    watch.anchor = pose;
    watch.remaining = remaining;
    watch.anchorMs = nowMs;
  } else if (turn >= STEP_TURNED && watch.turned < MOST_TURNED) {
    watch.turned += turn;
    watch.anchor = { ...watch.anchor, yaw: pose.yaw };
    watch.anchorMs = nowMs;
  }
  const last = watch.trail.at(-1);
  if (!last || distance(last, pose) >= TRAIL_SPACING) watch.trail.push(pose);
  if (watch.trail.length > TRAIL_LENGTH) watch.trail.shift();
  return nowMs - watch.anchorMs;
}
