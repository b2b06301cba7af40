import type { Metres } from "#lib/units";
import { type BucketQueue, createBucketQueue } from "../global/bucket-queue.ts";
import { cellAt, linkAt } from "../grid.ts";

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
  /** What a metre costs in each cell that the wave came to; 1 elsewhere. */
  readonly slowness: Float32Array;
  readonly queue: BucketQueue;
}

/** Widths that tell what is narrow for a footprint. */
export interface Widths {
  /** A cell with less distance than this is closed. */
  readonly closed: Metres;
  /** With less than this the robot fits in some headings only, or is about to come where it does. */
  readonly tight: Metres;
  /** With more than this it is open floor. */
  readonly open: Metres;
}

/** Where a wave begins: cells, and what it costs from each of them on. The lists are as long as the window has border; `count` of them count. */
export interface Seeds {
  count: number;
  readonly cells: Int32Array;
  readonly costs: Float32Array;
}

/** How much dearer than open floor the narrowest cell is. */
const NARROW_COST = 6;
/** How much dearer in addition a tight cell is that lies beside the middle of its passage: who comes in from the middle comes in straight. */
const ASIDE_COST = 8;
/** What a closed cell costs right around the robot, which may stand too near to something and must get away. */
const ESCAPE_COST = 40;
/** How far beyond the robot's own cost the wave spreads, for the ways that lead back. */
const BEYOND: Metres = 2;
const UNREACHED: Metres = 6;
const BUCKET: Metres = 0.05;
const SPAN: Metres = 20;
/** Less than this is no improvement: 32-bit numbers would improve for ever. */
const LEAST_GAIN = 1e-4;

export function createCostToGo(
  shape: { readonly width: number; readonly height: number; readonly resolution: Metres },
  values: Float32Array = new Float32Array(shape.width * shape.height),
  slowness: Float32Array = new Float32Array(shape.width * shape.height),
): CostToGo {
  const { width, height, resolution } = shape;
  return { width, height, resolution, values, slowness, queue: createBucketQueue(BUCKET, SPAN) };
}

/** What a wave spreads over. */
export interface Ground {
  /** Distance of each cell to the nearest obstacle. */
  readonly distances: Float32Array;
  readonly widths: Widths;
  /** The cells of the robot and of the end of its way, and how many cells around them are open even if they are too narrow. */
  readonly robot: number;
  readonly end: number;
  readonly escape: number;
}

/** No seeds, with room for those of a whole border. */
export function createSeeds({ width, height }: { readonly width: number; readonly height: number }): Seeds {
  const length = 2 * (width + height);
  return { count: 0, cells: new Int32Array(length), costs: new Float32Array(length) };
}

export function addSeed(seeds: Seeds, cell: number, cost: Metres): void {
  seeds.cells[seeds.count] = cell;
  seeds.costs[seeds.count] = cost;
  seeds.count++;
}

/**
 * Spreads the wave from the seeds until it is well past the robot's cell. Returns whether it came to the robot; if
 * not, the values are of no use.
 */
export function spreadCost(field: CostToGo, ground: Ground, seeds: Seeds): boolean {
  const { width, values, slowness, queue } = field;
  values.fill(Infinity);
  slowness.fill(1);
  sow(field, seeds);
  let limit = Infinity;
  for (let cell = queue.pop(); cell >= 0; cell = queue.pop()) {
    const cost = queue.poppedCost();
    if (cost > limit) break;
    if (cost > cellAt(values, cell) + LEAST_GAIN) continue;
    if (cell === ground.robot) limit = cost + BEYOND;
    reach(field, ground, cell + 1);
    reach(field, ground, cell - 1);
    reach(field, ground, cell + width);
    reach(field, ground, cell - width);
  }
  const unreached = cellAt(values, ground.robot) + UNREACHED;
  if (unreached === Infinity) return false;
  for (let cell = 0; cell < values.length; cell++) if (cellAt(values, cell) > unreached) values[cell] = unreached;
  extendBorder(field);
  return true;
}

/** The border, which the wave leaves out, becomes like the cells beside it: who looks beyond the window sees those. */
function extendBorder({ width, height, values }: CostToGo): void {
  const last = (height - 1) * width;
  for (let row = 1; row < height - 1; row++) {
    values[row * width] = cellAt(values, row * width + 1);
    values[row * width + width - 1] = cellAt(values, row * width + width - 2);
  }
  for (let column = 0; column < width; column++) {
    values[column] = cellAt(values, width + column);
    values[last + column] = cellAt(values, last - width + column);
  }
}

/** Puts the seeds into the queue, which wants the cheapest first. */
function sow({ values, queue }: CostToGo, { count, cells, costs }: Seeds): void {
  queue.clear();
  let cheapest = 0;
  for (let at = 1; at < count; at++) if (cellAt(costs, at) < cellAt(costs, cheapest)) cheapest = at;
  for (let turn = 0; turn < count; turn++) {
    const at = (cheapest + turn) % count;
    const cell = linkAt(cells, at);
    values[cell] = cellAt(costs, at);
    queue.push(cell, cellAt(costs, at));
  }
}

/** Lets the wave into a cell, if it comes there sooner than before. The border stays out. */
function reach(field: CostToGo, ground: Ground, cell: number): void {
  const { width, height, resolution, values, queue } = field;
  const column = cell % width;
  const row = (cell - column) / width;
  if (column <= 0 || row <= 0 || column >= width - 1 || row >= height - 1) return;
  // It is at least 1: 1 itself says that it was not looked at yet, or is quickly told again.
  let slowness = cellAt(field.slowness, cell);
  if (slowness === 1) slowness = slownessAt(ground, cell, width, resolution);
  if (slowness === Infinity) {
    const isNear = isAround(ground.robot, column, row, width, ground.escape);
    if (!isNear && !isAround(ground.end, column, row, width, ground.escape)) return;
    slowness = ESCAPE_COST;
  }
  field.slowness[cell] = slowness;
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

function slownessAt({ distances, widths }: Ground, cell: number, width: number, resolution: Metres): number {
  const { closed, tight, open } = widths;
  const distance = cellAt(distances, cell);
  if (distance >= open) return 1;
  if (distance < closed) return Infinity;
  const lack = (open - distance) / (open - closed);
  const slowness = 1 + NARROW_COST * lack * lack;
  if (distance >= tight) return slowness;
  // Distances rise away from the nearest obstacle, but not in the middle between two.
  const across = cellAt(distances, cell + 1) - cellAt(distances, cell - 1);
  const up = cellAt(distances, cell + width) - cellAt(distances, cell - width);
  const aside = Math.sqrt(across * across + up * up) / (2 * resolution);
  const tightness = (tight - distance) / (tight - closed);
  return slowness + ASIDE_COST * tightness * aside;
}

/** When the wave reaches a cell from its neighbours: the upwind solution of the eikonal equation in two dimensions. */
function arrival(values: Float32Array, cell: number, width: number, step: Metres): Metres {
  const across = Math.min(cellAt(values, cell - 1), cellAt(values, cell + 1));
  const up = Math.min(cellAt(values, cell - width), cellAt(values, cell + width));
  const apart = Math.abs(across - up);
  if (!(apart < step)) return Math.min(across, up) + step;
  return (across + up + Math.sqrt(2 * step * step - apart * apart)) / 2;
}
