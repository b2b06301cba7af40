import type { Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { cellAt, cellCentreX, cellCentreY, indexAt, OUTSIDE } from "./grid.ts";
import type { PlanningMap } from "./planning-map.ts";
import type { RangeScan } from "./scan-points.ts";

/** Obstacles that the lidar saw and the map does not know, and the clearance that they leave. Owned by one motion loop. */
export interface ObstacleLayer {
  readonly map: PlanningMap;
  /** The map's clearance lessened by the observed obstacles. */
  readonly clearance: Float32Array;
  /** Rises when an obstacle appeared or went. */
  version: number;
  readonly observations: Map<number, Observation>;
  readonly kernel: readonly KernelCell[];
  /** Rows of `clearance` that may differ from the map's, both included; empty when `from > to`. */
  touched: { from: number; to: number };
}

interface Observation {
  /** Scans that saw it, less those that saw through it. */
  evidence: number;
  seenMs: number;
}

interface KernelCell {
  readonly column: number;
  readonly row: number;
  readonly distance: Metres;
}

/** Obstacles matter to costs and controllers up to this distance. */
const KERNEL_RADIUS: Metres = 1.1;
const MARKING_RANGE: Metres = 8;
/** A hit this near to a mapped obstacle is that obstacle; the second term allows for an error of heading, per metre. */
const EXPLAINED: Metres = 0.15;
const EXPLAINED_PER_METRE = 0.02;
const SOLID_EVIDENCE = 2;
const MOST_EVIDENCE = 4;
/** An obstacle out of sight is believed for so long: enough to drive another way around. */
const MEMORY_MS = 60_000;
const UNCONFIRMED_MS = 1000;
/** A ray that ends this far behind a cell has seen through it. */
const SEEN_THROUGH: Metres = 0.15;

export function createObstacleLayer(map: PlanningMap): ObstacleLayer {
  const cells = Math.ceil(KERNEL_RADIUS / map.resolution);
  const span = Array.from({ length: 2 * cells + 1 }, (_, at) => at - cells);
  const kernel = span.flatMap((row) =>
    span.map((column) => ({ column, row, distance: Math.hypot(column, row) * map.resolution })),
  );
  return {
    map,
    clearance: map.clearance.slice(),
    version: 0,
    observations: new Map(),
    kernel: kernel.filter((cell) => cell.distance <= KERNEL_RADIUS),
    touched: { from: 0, to: -1 },
  };
}

/**
 * Takes in one scan made from `lidar` (in the frame of the map): marks hits, clears what was seen through, forgets. Rays that
 * `isPassing` leaves out mark nothing: what moves is no furniture.
 */
export function integrateScan(
  layer: ObstacleLayer,
  scan: RangeScan,
  lidar: Pose,
  isPassing: (ray: number) => boolean = () => false,
): void {
  const before = layer.version;
  for (const [cell, observation] of layer.observations) weaken(layer, cell, observation, scan, lidar);
  // Where something went, what is left must be stamped again; what appears only lessens the clearance.
  if (layer.version !== before) rebuildClearance(layer);
  for (let ray = 0; ray < scan.ranges.length; ray++) {
    if (!isPassing(ray)) markHit(layer, scan, lidar, ray);
  }
}

/** The cells in which an obstacle is believed, in the order in which they were first seen. */
export function solidCells({ observations }: ObstacleLayer): number[] {
  return [...observations].flatMap(([cell, { evidence }]) => (evidence >= SOLID_EVIDENCE ? [cell] : []));
}

function weaken(layer: ObstacleLayer, cell: number, observation: Observation, scan: RangeScan, lidar: Pose): void {
  const isSolid = observation.evidence >= SOLID_EVIDENCE;
  const age = scan.atMs - observation.seenMs;
  if (age > (isSolid ? MEMORY_MS : UNCONFIRMED_MS)) observation.evidence = 0;
  else if (isSeenThrough(layer, cell, scan, lidar)) observation.evidence--;
  if (observation.evidence <= 0) layer.observations.delete(cell);
  if (isSolid && observation.evidence < SOLID_EVIDENCE) layer.version++;
}

function markHit(layer: ObstacleLayer, scan: RangeScan, lidar: Pose, ray: number): void {
  const range = scan.ranges[ray]!;
  if (!(range > 0) || range > Math.min(scan.rangeMax, MARKING_RANGE)) return;
  const bearing = lidar.yaw + scan.angleMin + ray * scan.angleStep;
  const cell = indexAt(layer.map, lidar.x + range * Math.cos(bearing), lidar.y + range * Math.sin(bearing));
  if (cell === OUTSIDE || cellAt(layer.map.clearance, cell) < EXPLAINED + EXPLAINED_PER_METRE * range) return;
  const observation = layer.observations.get(cell);
  if (!observation) {
    layer.observations.set(cell, { evidence: 1, seenMs: scan.atMs });
    return;
  }
  if (observation.seenMs === scan.atMs) return;
  observation.seenMs = scan.atMs;
  if (observation.evidence < MOST_EVIDENCE) observation.evidence++;
  if (observation.evidence !== SOLID_EVIDENCE) return;
  layer.version++;
  stamp(layer, cell);
}

/** Whether all rays that would meet the cell end well behind it. */
function isSeenThrough(layer: ObstacleLayer, cell: number, scan: RangeScan, lidar: Pose): boolean {
  const [dx, dy] = [cellCentreX(layer.map, cell) - lidar.x, cellCentreY(layer.map, cell) - lidar.y];
  const range = Math.hypot(dx, dy);
  if (range > scan.rangeMax) return false;
  const raysInCircle = Math.round((2 * Math.PI) / Math.abs(scan.angleStep));
  const middle = Math.round((Math.atan2(dy, dx) - lidar.yaw - scan.angleMin) / scan.angleStep);
  const spread = Math.ceil(Math.atan2(layer.map.resolution * 0.7, range) / Math.abs(scan.angleStep));
  for (let ray = middle - spread; ray <= middle + spread; ray++) {
    const reached = scan.ranges[((ray % raysInCircle) + raysInCircle) % raysInCircle];
    if (reached === undefined || !(reached > range + SEEN_THROUGH)) return false;
  }
  return true;
}

function rebuildClearance(layer: ObstacleLayer): void {
  const { map, clearance, touched } = layer;
  const [first, end] = [touched.from * map.width, (touched.to + 1) * map.width];
  if (end > first) clearance.set(map.clearance.subarray(first, end), first);
  touched.from = map.height;
  touched.to = -1;
  for (const [cell, { evidence }] of layer.observations) {
    if (evidence >= SOLID_EVIDENCE) stamp(layer, cell);
  }
}

function stamp({ map, clearance, touched, kernel }: ObstacleLayer, at: number): void {
  const row = Math.floor(at / map.width);
  const column = at - row * map.width;
  const reach = Math.ceil(KERNEL_RADIUS / map.resolution);
  touched.from = Math.max(0, Math.min(touched.from, row - reach));
  touched.to = Math.min(map.height - 1, Math.max(touched.to, row + reach));
  for (const cell of kernel) {
    const [x, y] = [column + cell.column, row + cell.row];
    if (x < 0 || y < 0 || x >= map.width || y >= map.height) continue;
    const index = y * map.width + x;
    if (cell.distance < cellAt(clearance, index)) clearance[index] = cell.distance;
  }
}
