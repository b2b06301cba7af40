import { relativeTo, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { RangeScan } from "../scan-points.ts";

/** The last scans, each with the pose of the lidar then, in one frame that does not jump. */
export interface PastScans {
  readonly kept: PastScan[];
}

interface PastScan {
  readonly atMs: number;
  readonly lidar: Pose;
  readonly scan: RangeScan;
}

/** What an earlier scan showed at a place: nothing (it looked farther), something, or that it could not see it. */
export type Earlier = "free" | "solid" | "unseen";

const KEPT_MS = 600;
/** A scan at least so old is asked: in that time even somebody slow has moved by more than the margin. */
const COMPARED_MS = 350;
const MARGIN: Metres = 0.12;

export function createPastScans(): PastScans {
  return { kept: [] };
}

export function keepScan({ kept }: PastScans, scan: RangeScan, lidar: Pose): void {
  kept.push({ atMs: scan.atMs, lidar, scan });
  while (kept[0] && kept[0].atMs < scan.atMs - KEPT_MS) kept.shift();
}

/** The scan to compare with at a time: the newest that is old enough; undefined in the first moments. */
export function scanToCompare({ kept }: PastScans, nowMs: number): PastScan | undefined {
  return kept.findLast(({ atMs }) => atMs <= nowMs - COMPARED_MS);
}

/** What a past scan showed at a point of that frame. */
export function shownBy({ scan, lidar }: PastScan, x: Metres, y: Metres): Earlier {
  const seen = relativeTo(lidar, { x, y, yaw: 0 });
  const range = Math.hypot(seen.x, seen.y);
  if (range > scan.rangeMax - MARGIN) return "unseen";
  const raysInCircle = Math.round((2 * Math.PI) / Math.abs(scan.angleStep));
  const middle = Math.round((Math.atan2(seen.y, seen.x) - scan.angleMin) / scan.angleStep);
  let isFree = true;
  for (let ray = middle - 1; ray <= middle + 1; ray++) {
    const reached = scan.ranges[((ray % raysInCircle) + raysInCircle) % raysInCircle];
    if (reached !== undefined && Math.abs(reached - range) <= MARGIN) return "solid";
    if (reached === undefined || !(reached > range + MARGIN)) isFree = false;
  }
  return isFree ? "free" : "unseen";
}
