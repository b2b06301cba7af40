import { distance, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { footprintClearance } from "./footprint.ts";
import type { Way } from "./global/route-keeper.ts";
import type { Terrain } from "./global/traversal-cost.ts";

/** Whether something that the map does not know stands where the robot is to go. Owned by one motion loop; `watchGoal` changes it. */
export interface GoalWatch {
  /** Since when the goal has looked taken without a break. */
  takenSinceMs: number | undefined;
}

/** From so near the robot sees whether its goal is free. */
const IN_SIGHT: Metres = 4;
/** What stands there gets so long to go away. */
const PATIENCE_MS = 15_000;

export function createGoalWatch(): GoalWatch {
  return { takenSinceMs: undefined };
}

/**
 * Whether the goal must be given up as occupied: from near, and for long enough, either the footprint at the goal touches what the lidar
 * saw, or what it saw closes every way there. A route alone does not tell: it ends in the middle of a goal's cell.
 */
export function watchGoal(
  watch: GoalWatch,
  terrain: Terrain,
  pose: Pose,
  goal: Pose,
  way: Way,
  nowMs: number,
): boolean {
  const isTaken = distance(pose, goal) <= IN_SIGHT && (way.kind === "obstructed" || isTouching(terrain, goal));
  watch.takenSinceMs = isTaken ? (watch.takenSinceMs ?? nowMs) : undefined;
  return watch.takenSinceMs !== undefined && nowMs - watch.takenSinceMs >= PATIENCE_MS;
}

/** What the map itself shows there is the plan's business. */
function isTouching({ map, clearance, footprint }: Terrain, goal: Pose): boolean {
  const roomIn = (field: Float32Array): Metres => footprintClearance(map, field, footprint, goal, map.resolution);
  return roomIn(clearance) <= 0 && roomIn(map.clearance) > 0;
}
