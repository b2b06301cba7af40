import { type Pose, relativeTo } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { sample } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import type { RangeScan } from "../scan-points.ts";
import type { LidarPoses } from "./scan-clusters.ts";

/** Radius of somebody who may step out from behind a corner. */
export const HIDDEN_RADIUS: Metres = 0.25;
/** Farther corners are looked at again before they matter. */
const RANGE: Metres = 5;
/** Behind a jump of ranges of at least this there is room for a person. */
const JUMP: Metres = 0.6;
/** What hides somebody is at least so wide. */
const LEAST_WIDTH: Metres = 0.4;
/** How far behind the corner somebody is looked for, in steps. */
const DEEPEST: Metres = 1.5;
const STEP: Metres = 0.25;

/**
 * Where somebody may stand unseen right behind the corners that a scan shows, `x0, y0, …` in the frame of
 * `lidar.tracked`: beside the last ray that passes the corner, in its shadow, the nearest that the map shows as free and wide
 * enough for a person.
 */
export function blindCorners(scan: RangeScan, lidar: LidarPoses, map: PlanningMap | undefined): Metres[] {
  const hidden: Metres[] = [];
  for (let ray = 1; ray < scan.ranges.length; ray++) {
    const [before, here] = [rangeAt(scan, ray - 1), rangeAt(scan, ray)];
    if (!(Math.abs(here - before) >= JUMP)) continue;
    const isRising = here > before;
    const [corner, side] = isRising ? [ray - 1, -1] : [ray, 1];
    if (Math.min(here, before) > RANGE || !isWide(scan, corner, side, Math.max(here, before))) continue;
    for (let behind = HIDDEN_RADIUS; behind <= DEEPEST; behind += STEP) {
      const place = inShadow(scan, corner, side, behind);
      if (!isStandable(map, lidar.inMap, place)) continue;
      hidden.push(...placed(lidar.tracked, place));
      break;
    }
  }
  return hidden;
}

/** The same places for a base at `base` in that frame. */
export function cornersSeenFrom(base: Pose, hidden: readonly Metres[]): Float64Array {
  const seen = new Float64Array(hidden.length);
  for (let at = 0; at < hidden.length; at += 2) {
    const { x, y } = relativeTo(base, { x: hidden[at]!, y: hidden[at + 1]!, yaw: 0 });
    seen[at] = x;
    seen[at + 1] = y;
  }
  return seen;
}

/** Nothing within reach counts as the reach; a ray that failed is NaN and makes no corner. */
function rangeAt({ ranges, rangeMax }: RangeScan, ray: number): Metres {
  const range = ranges[ray]!;
  return range > 0 ? Math.min(range, rangeMax) : Number.NaN;
}

/** Whether what ends at a ray hides so much that a person fits behind it: all rays over that width end nearer to it than to `far`. */
function isWide(scan: RangeScan, corner: number, side: number, far: Metres): boolean {
  const middle = (rangeAt(scan, corner) + far) / 2;
  const rays = Math.ceil(Math.atan2(LEAST_WIDTH, rangeAt(scan, corner)) / Math.abs(scan.angleStep));
  for (let ray = corner; Math.abs(ray - corner) <= rays; ray += side) {
    if (ray < 0 || ray >= scan.ranges.length) return false;
    // A ray that failed speaks neither for nor against it.
    if (rangeAt(scan, ray) > middle) return false;
  }
  return true;
}

/** The middle of somebody who touches the last ray past the corner from the shadow's side so far behind it, in the frame of the lidar. */
function inShadow(scan: RangeScan, corner: number, side: number, behind: Metres): readonly [Metres, Metres] {
  const bearing = scan.angleMin + corner * scan.angleStep;
  const away = rangeAt(scan, corner) + behind;
  const sideways = side * Math.sign(scan.angleStep) * HIDDEN_RADIUS;
  return [
    away * Math.cos(bearing) - sideways * Math.sin(bearing),
    away * Math.sin(bearing) + sideways * Math.cos(bearing),
  ];
}

function isStandable(map: PlanningMap | undefined, lidar: Pose, place: readonly [Metres, Metres]): boolean {
  if (!map) return true;
  const [x, y] = placed(lidar, place);
  return sample(map, map.clearance, x, y, 0) >= HIDDEN_RADIUS;
}

function placed(lidar: Pose, [x, y]: readonly [Metres, Metres]): readonly [Metres, Metres] {
  const [cos, sin] = [Math.cos(lidar.yaw), Math.sin(lidar.yaw)];
  return [lidar.x + cos * x - sin * y, lidar.y + sin * x + cos * y];
}
