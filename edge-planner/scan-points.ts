import { compose, type Pose } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";

/** One sweep of a planar lidar as planning sees it; the drivers' `Scan` has this shape. */
export interface RangeScan {
  readonly atMs: number;
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  readonly rangeMax: Metres;
  /** `Infinity` where nothing was hit within range, `NaN` where the ray failed. */
  readonly ranges: Float32Array;
}

/** What a scan hit, in the frame of the base as it stands now. */
export interface ScanPoints {
  readonly atMs: number;
  /** `x0, y0, x1, y1, …` */
  readonly points: Float64Array;
  /** Share of the rays that gave an answer, be it "nothing there". */
  readonly validShare: number;
  /** Whether the sweep looks backwards too. */
  readonly view: "all-round" | "ahead";
}

/** Bearings left out of a sweep that still counts as all round; wide enough for a bracket. */
const BLIND_SECTOR: Radians = 0.35;

/** Points of a scan, given where the lidar sits on the base and where the base was then, seen from where it is now. */
export function projectScan(scan: RangeScan, mount: Pose, baseThen: Pose): ScanPoints {
  const lidar = compose(baseThen, mount);
  const points = new Float64Array(scan.ranges.length * 2);
  let [used, valid] = [0, 0];
  for (let ray = 0; ray < scan.ranges.length; ray++) {
    const range = scan.ranges[ray]!;
    if (!(range > 0)) continue;
    valid++;
    if (range > scan.rangeMax) continue;
    const bearing = lidar.yaw + scan.angleMin + ray * scan.angleStep;
    points[used++] = lidar.x + range * Math.cos(bearing);
    points[used++] = lidar.y + range * Math.sin(bearing);
  }
  const swept = Math.abs(scan.angleStep) * scan.ranges.length;
  return {
    atMs: scan.atMs,
    points: points.subarray(0, used),
    validShare: scan.ranges.length === 0 ? 0 : valid / scan.ranges.length,
    view: swept >= 2 * Math.PI - BLIND_SECTOR ? "all-round" : "ahead",
  };
}
