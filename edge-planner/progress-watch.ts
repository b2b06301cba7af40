import { distance, type Pose, wrapAngle } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";

/** Whether the robot gets anywhere, and the way it came. Owned by one motion loop; `watchProgress` changes it. */
export interface ProgressWatch {
  /** Where and when the robot last got somewhere. */
  anchor: Pose;
  anchorMs: number;
  /** Turned since the robot last drove on; turning in circles is no progress. */
  turned: Radians;
  /** Poses on the way here, newest last. */
  readonly trail: Pose[];
}

const STEP_FORWARD: Metres = 0.15;
const STEP_TURNED: Radians = 0.3;
/** Three half turns line a robot up with anything. */
const MOST_TURNED: Radians = 3 * Math.PI;
const TRAIL_SPACING: Metres = 0.1;
const TRAIL_LENGTH = 15;

export function createProgressWatch(pose: Pose, nowMs: number): ProgressWatch {
  return { anchor: pose, anchorMs: nowMs, turned: 0, trail: [pose] };
}

/** Takes in a pose on the way to the goal; returns for how long, in milliseconds, the robot has got nowhere. */
export function watchProgress(watch: ProgressWatch, pose: Pose, nowMs: number): number {
  const turn = Math.abs(wrapAngle(pose.yaw - watch.anchor.yaw));
  const isDriven = distance(watch.anchor, pose) >= STEP_FORWARD;
  const isTurned = turn >= STEP_TURNED && watch.turned < MOST_TURNED;
  if (isDriven || isTurned) {
    watch.turned = isDriven ? 0 : watch.turned + turn;
    watch.anchor = pose;
    watch.anchorMs = nowMs;
  }
  const last = watch.trail.at(-1);
  if (!last || distance(last, pose) >= TRAIL_SPACING) watch.trail.push(pose);
  if (watch.trail.length > TRAIL_LENGTH) watch.trail.shift();
  return nowMs - watch.anchorMs;
}
