import { distance, type Pose, relativeTo, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { clamp } from "./grid.ts";
import { STANDSTILL } from "./kinematics.ts";
import { isClearOfScan, type Situation } from "./local-controller.ts";

/** A short way back along the robot's own track, or ahead where that is shut, to get room for another try. */
export interface BackOut {
  readonly from: Pose;
  readonly startedMs: number;
  readonly direction: "back" | "ahead";
  /** Where the robot came from, oldest first. */
  readonly trail: readonly Pose[];
}

const LENGTH: Metres = 0.35;
const SPEED: MetresPerSecond = 0.15;
const LONGEST_MS = 5000;
const LOOK_BACK: Metres = 0.3;
/** Curvature, 1/m. */
const SHARPEST_CURVE = 1.5;

export function planBackOut(situation: Situation, trail: readonly Pose[], nowMs: number): BackOut {
  const back: BackOut = { from: situation.pose, startedMs: nowMs, direction: "back", trail: [...trail] };
  return firstClear(back, situation) ? back : { ...back, direction: "ahead" };
}

/** The velocity that backs out: zero while the way is not clear, undefined when it is done or took too long. */
export function backOut(plan: BackOut, situation: Situation, nowMs: number): Velocity | undefined {
  const isOver = distance(plan.from, situation.pose) >= LENGTH || nowMs - plan.startedMs > LONGEST_MS;
  // Right beside an obstacle the noise of a single scan may shut the way for a moment.
  return isOver ? undefined : (firstClear(plan, situation) ?? STANDSTILL);
}

/** Along the track if that is clear, else straight. */
function firstClear({ direction, trail }: BackOut, situation: Situation): Velocity | undefined {
  const { pose, limits } = situation;
  const linear = direction === "back" ? -Math.min(SPEED, limits.maxReverseSpeed) : SPEED;
  const curves = direction === "back" ? [curveBack(trail, pose), 0] : [0];
  return curves
    .map((curve) => ({ linear, angular: linear * curve }))
    .find((velocity) => isClearOfScan(situation, velocity));
}

/** Curvature of the circle that leads backwards through the track behind (pure pursuit); straight without a track. */
function curveBack(trail: readonly Pose[], pose: Pose): number {
  const behind = trail.findLast((point) => distance(point, pose) >= LOOK_BACK);
  if (!behind) return 0;
  const { x, y } = relativeTo(pose, behind);
  return x >= 0 ? 0 : clamp((2 * y) / (x * x + y * y), -SHARPEST_CURVE, SHARPEST_CURVE);
}
