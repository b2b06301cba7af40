import { distance, type Pose, relativeTo, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { clamp } from "./grid.ts";
import { isClearOfScan, type Situation } from "./local-controller.ts";

/** A short way back along the robot's own track, to get room for another try. */
export interface BackOut {
  readonly from: Pose;
  readonly startedMs: number;
  /** Where the robot came from, oldest first. */
  readonly trail: readonly Pose[];
}

const LENGTH: Metres = 0.35;
const SPEED: MetresPerSecond = 0.15;
const LONGEST_MS = 5000;
const LOOK_BACK: Metres = 0.3;
const SHARPEST_CURVE = 1.5;

/** The velocity that backs out, or undefined when it is done, took too long, or is not clear. */
export function backOut(plan: BackOut, situation: Situation, nowMs: number): Velocity | undefined {
  const { pose, limits } = situation;
  if (distance(plan.from, pose) >= LENGTH || nowMs - plan.startedMs > LONGEST_MS) return undefined;
  const linear = -Math.min(SPEED, limits.maxReverseSpeed);
  const velocity = { linear, angular: linear * curveBack(plan.trail, pose) };
  return isClearOfScan(situation, velocity) ? velocity : undefined;
}

/** Curvature of the circle that leads backwards through the track behind (pure pursuit); straight without a track. */
function curveBack(trail: readonly Pose[], pose: Pose): number {
  const behind = trail.findLast((point) => distance(point, pose) >= LOOK_BACK);
  if (!behind) return 0;
  const { x, y } = relativeTo(pose, behind);
  return x >= 0 ? 0 : clamp((2 * y) / (x * x + y * y), -SHARPEST_CURVE, SHARPEST_CURVE);
}
