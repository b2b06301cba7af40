import type { Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { cellAt, indexAt, OUTSIDE } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import type { RangeScan } from "../scan-points.ts";

/** Neighbouring points of one scan that belong together and that the map does not explain. */
export interface Cluster {
  /** Middle of the points, in the frame in which things are tracked. */
  readonly x: Metres;
  readonly y: Metres;
  /** Farthest point from the middle. */
  readonly radius: Metres;
  /** First and last ray; the first is the larger where the cluster goes over the seam of the sweep. */
  readonly first: number;
  readonly last: number;
  /** `x0, y0, x1, y1, …` in that frame. */
  readonly points: readonly Metres[];
}

/** Farther away a person is hit by too few rays. */
const RANGE: Metres = 8;
/** A hit this near to a mapped obstacle is that obstacle; the second term allows for an error of heading, per metre. */
const EXPLAINED: Metres = 0.15;
const EXPLAINED_PER_METRE = 0.02;
/** Points this near belong together; the second term is a share of the spacing of the rays where they hit. */
const JOINED: Metres = 0.12;
const JOINED_PER_SPACING = 3;
/** Rays that may fail in between. */
const MOST_SKIPPED = 2;
const LEAST_POINTS = 2;
/** What is larger is a wall, or furniture, and no moving thing. */
const LARGEST_RADIUS: Metres = 1.8;

/** Where the lidar was, in the frame of the map and in that in which things are tracked. */
export interface LidarPoses {
  readonly inMap: Pose;
  readonly tracked: Pose;
}

/** The clusters of a scan, in the order of their rays. */
export function clustersOf(scan: RangeScan, lidar: LidarPoses, map: PlanningMap | undefined): Cluster[] {
  const clusters: Cluster[] = [];
  let open: Growing | undefined;
  for (let ray = 0; ray < scan.ranges.length; ray++) {
    const range = scan.ranges[ray]!;
    if (!(range > 0) || range > Math.min(scan.rangeMax, RANGE) || isExplained(scan, ray, lidar.inMap, map)) continue;
    const bearing = lidar.tracked.yaw + scan.angleMin + ray * scan.angleStep;
    const [x, y] = [lidar.tracked.x + range * Math.cos(bearing), lidar.tracked.y + range * Math.sin(bearing)];
    const isNext = open && ray - open.last <= MOST_SKIPPED + 1 && isJoined(open.points, x, y, range, scan);
    if (open && isNext) {
      open.points.push(x, y);
      open.last = ray;
      continue;
    }
    close(open, clusters);
    open = { first: ray, last: ray, points: [x, y] };
  }
  close(open, clusters);
  return clusters;
}

interface Growing {
  readonly first: number;
  last: number;
  readonly points: number[];
}

function isExplained(scan: RangeScan, ray: number, { x, y, yaw }: Pose, map: PlanningMap | undefined): boolean {
  if (!map) return false;
  const range = scan.ranges[ray]!;
  const bearing = yaw + scan.angleMin + ray * scan.angleStep;
  const cell = indexAt(map, x + range * Math.cos(bearing), y + range * Math.sin(bearing));
  return cell === OUTSIDE || cellAt(map.clearance, cell) < EXPLAINED + EXPLAINED_PER_METRE * range;
}

function isJoined(points: readonly number[], x: Metres, y: Metres, range: Metres, scan: RangeScan): boolean {
  const [lastX, lastY] = [points[points.length - 2]!, points[points.length - 1]!];
  const reach = JOINED + JOINED_PER_SPACING * range * Math.abs(scan.angleStep);
  return (x - lastX) ** 2 + (y - lastY) ** 2 <= reach * reach;
}

function close(open: Growing | undefined, clusters: Cluster[]): void {
  if (!open || open.points.length < 2 * LEAST_POINTS) return;
  const { first, last, points } = open;
  let [sumX, sumY, radius] = [0, 0, 0];
  for (let at = 0; at < points.length; at += 2) {
    sumX += points[at]!;
    sumY += points[at + 1]!;
  }
  const [x, y] = [(2 * sumX) / points.length, (2 * sumY) / points.length];
  for (let at = 0; at < points.length; at += 2) {
    radius = Math.max(radius, Math.hypot(points[at]! - x, points[at + 1]! - y));
  }
  if (radius <= LARGEST_RADIUS) clusters.push({ x, y, radius, first, last, points });
}
