import type { Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { codeAt, type GridFrame, indexAt, OUTSIDE } from "../grid.ts";
import type { RangeScan } from "../scan-points.ts";
import {
  createDistanceWindow,
  type DistanceWindow,
  markCell,
  markEverythingChanged,
  updateDistances,
} from "./distance-window.ts";

/**
 * What the lidar saw around the robot lately, in a square window that moves along with it in the frame `odom`, which drifts but
 * never jumps. Owned by one motion loop; the functions below change it.
 */
export interface LocalMap extends GridFrame {
  originX: Metres;
  originY: Metres;
  readonly window: DistanceWindow;
  /** For each cell how often it was hit of late, less how often it was seen through. */
  readonly evidence: Uint8Array;
  /** The row that forgets next. */
  fading: number;
  hasPlace: boolean;
}

export const LOCAL_RESOLUTION: Metres = 0.03;
/** Cells along the edge of the window. */
export const LOCAL_CELLS = 256;
/** Distances beyond this are not told apart. */
export const LOCAL_REACH: Metres = 1.2;

/** How much a hit counts for, and against that each ray that passes; what is believed from which sum on, and the largest sum. */
const HIT = 3;
const SOLID = 4;
const MOST = 24;
/** A ray is trusted to have passed what lies so much before its end. */
const SHORT_OF_END: Metres = 0.04;
/** What a row forgets each time its turn comes: all of it after six turns, a minute at 20 scans a second. */
const FADE = 4;
/** The window moves along when the robot is so far from its middle. */
const SHIFT_AFTER: Metres = 1;

export function createLocalMap(distances?: Float32Array): LocalMap {
  const shape = { width: LOCAL_CELLS, height: LOCAL_CELLS, resolution: LOCAL_RESOLUTION };
  return {
    ...shape,
    originX: 0,
    originY: 0,
    window: createDistanceWindow(shape, LOCAL_REACH, distances),
    evidence: new Uint8Array(LOCAL_CELLS * LOCAL_CELLS),
    fading: 0,
    hasPlace: false,
  };
}

/** Moves the window so that the robot is near its middle; what leaves it is forgotten. */
export function centreOn(map: LocalMap, x: Metres, y: Metres): void {
  const half = (LOCAL_CELLS / 2) * LOCAL_RESOLUTION;
  const [offX, offY] = [x - map.originX - half, y - map.originY - half];
  if (map.hasPlace && Math.abs(offX) < SHIFT_AFTER && Math.abs(offY) < SHIFT_AFTER) return;
  const [columns, rows] = [Math.round(offX / LOCAL_RESOLUTION), Math.round(offY / LOCAL_RESOLUTION)];
  map.hasPlace = true;
  map.originX += columns * LOCAL_RESOLUTION;
  map.originY += rows * LOCAL_RESOLUTION;
  shift(map.evidence, columns, rows);
  const { marks } = map.window;
  for (let cell = 0; cell < marks.length; cell++) marks[cell] = codeAt(map.evidence, cell) >= SOLID ? 1 : 0;
  markEverythingChanged(map.window);
}

/**
 * Takes in one scan made from `lidar` (in the frame of the map): what rays passed loses, what they hit gains. What moves is taken in like everything
 * else, as it is soon seen through where it was. Brings the distances up to date.
 */
export function takeScan(map: LocalMap, scan: RangeScan, lidar: Pose): void {
  const { ranges, angleMin, angleStep, rangeMax } = scan;
  for (let ray = 0; ray < ranges.length; ray++) {
    const range = ranges[ray]!;
    if (!(range > 0)) continue;
    const bearing = lidar.yaw + angleMin + ray * angleStep;
    passRay(map, lidar, Math.cos(bearing), Math.sin(bearing), Math.min(range, rangeMax) - SHORT_OF_END);
  }
  for (let ray = 0; ray < ranges.length; ray++) {
    const range = ranges[ray]!;
    if (!(range > 0) || range > rangeMax) continue;
    const bearing = lidar.yaw + angleMin + ray * angleStep;
    hit(map, indexAt(map, lidar.x + range * Math.cos(bearing), lidar.y + range * Math.sin(bearing)));
  }
  fadeRow(map);
  updateDistances(map.window);
}

function hit({ evidence, window }: LocalMap, cell: number): void {
  if (cell === OUTSIDE) return;
  const sum = Math.min(MOST, codeAt(evidence, cell) + HIT);
  evidence[cell] = sum;
  if (sum >= SOLID) markCell(window, cell, 1);
}

/** Walks along a ray in steps of one cell along its longer axis. */
function passRay(map: LocalMap, { x, y }: Pose, cos: number, sin: number, length: Metres): void {
  const { width, height, resolution, evidence } = map;
  const longer = Math.max(Math.abs(cos), Math.abs(sin));
  const [stepX, stepY] = [cos / longer, sin / longer];
  const steps = Math.floor((length * longer) / resolution);
  let [column, row] = [(x - map.originX) / resolution, (y - map.originY) / resolution];
  for (let step = 0; step <= steps; step++, column += stepX, row += stepY) {
    if (column < 0 || row < 0 || column >= width || row >= height) return;
    const cell = Math.floor(row) * width + Math.floor(column);
    if (codeAt(evidence, cell) !== 0) weaken(map, cell, 1);
  }
}

function weaken({ evidence, window }: LocalMap, cell: number, by: number): void {
  const sum = Math.max(0, codeAt(evidence, cell) - by);
  evidence[cell] = sum;
  if (sum < SOLID) markCell(window, cell, 0);
}

function fadeRow(map: LocalMap): void {
  const from = map.fading * map.width;
  map.fading = (map.fading + 1) % map.height;
  for (let cell = from; cell < from + map.width; cell++) {
    if (codeAt(map.evidence, cell) !== 0) weaken(map, cell, FADE);
  }
}

/** Moves the content of a square window by whole cells; what comes in is empty. */
function shift(cells: Uint8Array, columns: number, rows: number): void {
  const edge = LOCAL_CELLS;
  if (Math.abs(columns) >= edge || Math.abs(rows) >= edge) return void cells.fill(0);
  cells.copyWithin(Math.max(0, -rows) * edge, Math.max(0, rows) * edge, Math.min(edge, edge + rows) * edge);
  if (rows > 0) cells.fill(0, (edge - rows) * edge);
  else cells.fill(0, 0, -rows * edge);
  for (let row = 0; row < edge; row++) {
    const from = row * edge;
    cells.copyWithin(from + Math.max(0, -columns), from + Math.max(0, columns), from + Math.min(edge, edge + columns));
    if (columns > 0) cells.fill(0, from + edge - columns, from + edge);
    else cells.fill(0, from, from - columns);
  }
}
