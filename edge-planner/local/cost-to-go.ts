import type { Metres } from "#lib/units";
import { type BucketQueue, createBucketQueue } from "../global/bucket-queue.ts";
import { cellAt } from "../grid.ts";

/**
 * What it costs from each cell of the local window to get to the end of the way in sight: metres, weighted by how narrow it is. Smooth, so that its slope
 * tells the heading: a wave that spreads from the end (the eikonal equation, solved as by J. Sethian, "A fast marching level set
 * method", PNAS 1996, with buckets instead of a heap). Owned by one motion loop.
 */
export interface CostToGo {
  readonly width: number;
  readonly height: number;
  readonly resolution: Metres;
  /** Metres; `unreached` more than at the robot where the wave did not come. */
  readonly values: Float32Array;
  readonly queue: BucketQueue;
}

/** Widths that tell what is narrow for a footprint. */
export interface Widths {
  /** A cell with less distance than this is closed. */
  readonly closed: Metres;
  /** With more than this it is open floor. */
  readonly open: Metres;
}

/** Where a wave begins: a cell, and what it costs from there on. */
export interface Seed {
  readonly cell: number;
  readonly cost: Metres;
}

/** How much dearer than open floor the narrowest cell is. */
const NARROW_COST = 6;
/** What a closed cell costs right around the robot, which may stand too near to something and must get away. */
const ESCAPE_COST = 12;
/** How far beyond the robot's own cost the wave spreads, for the ways that lead back. */
const BEYOND: Metres = 2;
const UNREACHED: Metres = 6;
const BUCKET: Metres = 0.05;
const SPAN: Metres = 4;
/** Less than this is no improvement: 32-bit numbers would improve for ever. */
const LEAST_GAIN = 1e-4;

export function createCostToGo(
  shape: { readonly width: number; readonly height: number; readonly resolution: Metres },
  values: Float32Array = new Float32Array(shape.width * shape.height),
): CostToGo {
  const { width, height, resolution } = shape;
  return { width, height, resolution, values, queue: createBucketQueue(BUCKET, SPAN) };
}

/** What a wave spreads over. */
export interface Ground {
  /** Distance of each cell to the nearest obstacle. */
  readonly distances: Float32Array;
  readonly widths: Widths;
  /** The robot's cell, and how many cells around it are open even if they are too narrow. */
  readonly robot: number;
  readonly escape: number;
}

/**
 * Spreads the wave from a seed until it is well past the robot's cell. Returns whether it came to the robot; if
 * not, the values are of no use.
 */
export function spreadCost(field: CostToGo, ground: Ground, seed: Seed): boolean {
  const { width, values, queue } = field;
  values.fill(Infinity);
  queue.clear();
  values[seed.cell] = seed.cost;
  queue.push(seed.cell, seed.cost);
  let limit = Infinity;
  for (let cell = queue.pop(); cell >= 0; cell = queue.pop()) {
    const cost = queue.poppedCost();
    if (cost > limit) break;
    if (cost > cellAt(values, cell) + LEAST_GAIN) continue;
    if (cell === ground.robot) limit = cost + BEYOND;
    reach(field, ground, seed, cell + 1);
    reach(field, ground, seed, cell - 1);
    reach(field, ground, seed, cell + width);
    reach(field, ground, seed, cell - width);
  }
  const unreached = cellAt(values, ground.robot) + UNREACHED;
  if (unreached === Infinity) return false;
  for (let cell = 0; cell < values.length; cell++) if (cellAt(values, cell) > unreached) values[cell] = unreached;
  return true;
}

/** Lets the wave into a cell, if it comes there sooner than before. The border stays out. */
function reach({ width, height, resolution, values, queue }: CostToGo, ground: Ground, seed: Seed, cell: number): void {
  const column = cell % width;
  const row = (cell - column) / width;
  if (column <= 0 || row <= 0 || column >= width - 1 || row >= height - 1) return;
  let slowness = slownessAt(cellAt(ground.distances, cell), ground.widths);
  if (slowness === Infinity) {
    if (
      !isAround(ground.robot, column, row, width, ground.escape) &&
      !isAround(seed.cell, column, row, width, ground.escape)
    )
      return;
    slowness = ESCAPE_COST;
  }
  const cost = arrival(values, cell, width, slowness * resolution);
  if (cost >= cellAt(values, cell) - LEAST_GAIN) return;
  values[cell] = cost;
  queue.push(cell, cost);
}

function isAround(middle: number, column: number, row: number, width: number, within: number): boolean {
  const middleColumn = middle % width;
  const middleRow = (middle - middleColumn) / width;
  return Math.abs(column - middleColumn) <= within && Math.abs(row - middleRow) <= within;
}

function slownessAt(distance: Metres, { closed, open }: Widths): number {
  if (distance >= open) return 1;
  if (distance < closed) return Infinity;
  const lack = (open - distance) / (open - closed);
  return 1 + NARROW_COST * lack * lack;
}

/** When the wave reaches a cell from its neighbours: the upwind solution of the eikonal equation in two dimensions. */
function arrival(values: Float32Array, cell: number, width: number, step: Metres): Metres {
  const across = Math.min(cellAt(values, cell - 1), cellAt(values, cell + 1));
  const up = Math.min(cellAt(values, cell - width), cellAt(values, cell + width));
  const apart = Math.abs(across - up);
  if (!(apart < step)) return Math.min(across, up) + step;
  return (across + up + Math.sqrt(2 * step * step - apart * apart)) / 2;
}
