import { createBucketQueue } from "./bucket-queue.ts";
import { cellAt, codeAt, type GridFrame, linkAt, lengthAt } from "../grid.ts";
import { type Corridor, isWithin } from "./sectors.ts";
import { CLOSED, ESCAPE_COST } from "./traversal-cost.ts";

export type SearchResult =
  | { readonly ok: true; readonly cells: readonly number[]; readonly cost: number; readonly taken: number }
  | {
      readonly ok: false;
      readonly reason: "no_route" | "budget_exhausted" | "cancelled";
      readonly taken: number;
    };

/** What is searched: the cost of each cell, at least 1 or `CLOSED`, and the steps that one-way ground allows. */
export interface SearchGround extends GridFrame {
  readonly costs: Float32Array;
  /** A bit for each step that may be taken in a cell (east is bit 0, on counter-clockwise); absent where all may. */
  readonly allowedSteps?: Uint8Array;
}

export interface SearchLimits {
  /** Cells that may be taken up. */
  readonly nodeBudget: number;
  /** Into how many directions a way may lead from cell to cell: 8 gives the least octile length, 16 comes nearer to straight lines. */
  readonly directions: 8 | 16;
  /** The only ground that is searched; all of it unless given. */
  readonly corridor?: Corridor | undefined;
  /** Asked now and then; true ends the search. */
  readonly isCancelled?: (() => boolean) | undefined;
}

/** Working memory for searches over grids of one size, kept because it is large; one search at a time. */
export interface SearchSpace {
  readonly reached: Float64Array;
  readonly cameFrom: Int32Array;
  readonly touched: number[];
}

/** Bits of `allowedSteps`: east is +x, north is +y. */
export const EAST = 1;
const NORTH_EAST = 2;
export const NORTH = 4;
const NORTH_WEST = 8;
export const WEST = 16;
const SOUTH_WEST = 32;
export const SOUTH = 64;
const SOUTH_EAST = 128;
const DIAGONALS = NORTH_EAST | NORTH_WEST | SOUTH_WEST | SOUTH_EAST;

const BUCKET_WIDTH = 0.25;
const DIAGONAL = Math.SQRT2;
const KNIGHT = Math.sqrt(5);
/** Cells taken up between two looks at whether the search is still wanted. */
const LOOK_EVERY = 2048;

export function createSearchSpace({ width, height }: GridFrame): SearchSpace {
  const count = width * height;
  return { reached: new Float64Array(count).fill(Infinity), cameFrom: new Int32Array(count), touched: [] };
}

/**
 * The cheapest way over neighbouring cells from one cell to another, exactly, by A*. A step costs its length in cells times the mean cost of
 * the cells that it passes: both cells of a straight or diagonal step, all four of a knight's move. It may touch no closed cell, so a
 * diagonal step needs both cells beside it. The cells on the grid's border must be closed.
 */
export function searchCells(
  ground: SearchGround,
  space: SearchSpace,
  from: number,
  to: number,
  limits: SearchLimits,
): SearchResult {
  const search = startSearch(ground, space, to, limits);
  touch(search, from, 0, from);
  search.queue.push(from, heuristicOf(search, from));
  const result = run(search, from, to, limits);
  for (const cell of space.touched) space.reached[cell] = Infinity;
  space.touched.length = 0;
  return result;
}

interface Search extends SearchSpace {
  readonly costs: Float32Array;
  readonly allowed: Uint8Array | undefined;
  readonly corridor: Corridor | undefined;
  readonly width: number;
  readonly directions: 8 | 16;
  readonly goalColumn: number;
  readonly goalRow: number;
  readonly queue: ReturnType<typeof createBucketQueue>;
}

function startSearch(ground: SearchGround, space: SearchSpace, to: number, limits: SearchLimits): Search {
  return {
    reached: space.reached,
    cameFrom: space.cameFrom,
    touched: space.touched,
    costs: ground.costs,
    allowed: ground.allowedSteps,
    corridor: limits.corridor,
    width: ground.width,
    directions: limits.directions,
    goalColumn: to % ground.width,
    goalRow: Math.floor(to / ground.width),
    queue: createBucketQueue(BUCKET_WIDTH, (ESCAPE_COST + 1) * KNIGHT),
  };
}

function run(search: Search, from: number, to: number, { nodeBudget, isCancelled }: SearchLimits): SearchResult {
  const { reached, queue } = search;
  let taken = 0;
  // Within a bucket entries come in any order, so the goal is settled only when all that may lead there more cheaply is taken up.
  for (let cell = queue.pop(); cell >= 0 && queue.floor() < lengthAt(reached, to); cell = queue.pop()) {
    const cost = queue.poppedCost();
    if (cost >= lengthAt(reached, to)) continue;
    // A cell whose cost fell after this entry was pushed has been, or will be, taken up by the better entry.
    if (lengthAt(reached, cell) + heuristicOf(search, cell) < cost) continue;
    if (++taken > nodeBudget) return { ok: false, reason: "budget_exhausted", taken };
    if (taken % LOOK_EVERY === 0 && isCancelled?.()) return { ok: false, reason: "cancelled", taken };
    expand(search, cell);
  }
  const cost = lengthAt(reached, to);
  if (cost === Infinity) return { ok: false, reason: "no_route", taken };
  return { ok: true, cells: traceBack(search.cameFrom, from, to), cost, taken };
}

function expand(search: Search, cell: number): void {
  const { costs, width } = search;
  const row = Math.trunc(cell / width);
  const column = cell - row * width;
  const here = cellAt(costs, cell);
  const east = cellAt(costs, cell + 1);
  const west = cellAt(costs, cell - 1);
  const north = cellAt(costs, cell + width);
  const south = cellAt(costs, cell - width);
  if (east !== CLOSED) relax(search, cell, cell + 1, EAST, (here + east) / 2, column + 1, row);
  if (west !== CLOSED) relax(search, cell, cell - 1, WEST, (here + west) / 2, column - 1, row);
  if (north !== CLOSED) relax(search, cell, cell + width, NORTH, (here + north) / 2, column, row + 1);
  if (south !== CLOSED) relax(search, cell, cell - width, SOUTH, (here + south) / 2, column, row - 1);
  expandQuadrant(search, cell, column, row, 1, 1, east, north);
  expandQuadrant(search, cell, column, row, -1, 1, west, north);
  expandQuadrant(search, cell, column, row, -1, -1, west, south);
  expandQuadrant(search, cell, column, row, 1, -1, east, south);
}

/** The diagonal step into a quadrant and the two knight's moves beside it; `flat` and `steep` are the costs of the cells straight ahead. */
function expandQuadrant(
  search: Search,
  cell: number,
  column: number,
  row: number,
  dx: number,
  dy: number,
  flat: number,
  steep: number,
): void {
  if (flat === CLOSED && steep === CLOSED) return;
  const { costs, width } = search;
  const corner = cell + dx + dy * width;
  const diagonal = cellAt(costs, corner);
  if (diagonal === CLOSED) return;
  const here = cellAt(costs, cell);
  const steps = stepsInto(dx, dy);
  if (flat !== CLOSED && steep !== CLOSED) {
    relax(search, cell, corner, steps & DIAGONALS, (DIAGONAL * (here + diagonal)) / 2, column + dx, row + dy);
  }
  if (search.directions === 8) return;
  const passed = here + diagonal;
  if (flat !== CLOSED && cellAt(costs, corner + dx) !== CLOSED) {
    const cost = (KNIGHT * (passed + flat + cellAt(costs, corner + dx))) / 4;
    relax(search, cell, corner + dx, steps & ~(NORTH | SOUTH), cost, column + 2 * dx, row + dy);
  }
  if (steep !== CLOSED && cellAt(costs, corner + dy * width) !== CLOSED) {
    const cost = (KNIGHT * (passed + steep + cellAt(costs, corner + dy * width))) / 4;
    relax(search, cell, corner + dy * width, steps & ~(EAST | WEST), cost, column + dx, row + 2 * dy);
  }
}

/** The diagonal step of a quadrant and the straight ones on both sides of it. */
function stepsInto(dx: number, dy: number): number {
  if (dx > 0) return dy > 0 ? EAST | NORTH_EAST | NORTH : EAST | SOUTH_EAST | SOUTH;
  return dy > 0 ? WEST | NORTH_WEST | NORTH : WEST | SOUTH_WEST | SOUTH;
}

function relax(
  search: Search,
  from: number,
  to: number,
  steps: number,
  cost: number,
  column: number,
  row: number,
): void {
  const { reached, allowed, corridor } = search;
  const through = lengthAt(reached, from) + cost;
  if (through >= lengthAt(reached, to)) return;
  if (allowed && (codeAt(allowed, from) & codeAt(allowed, to) & steps) !== steps) return;
  if (corridor && !isWithin(corridor, column, row)) return;
  touch(search, to, through, from);
  search.queue.push(to, through + leastLeft(search, column, row));
}

function touch({ reached, cameFrom, touched }: Search, cell: number, cost: number, from: number): void {
  if (lengthAt(reached, cell) === Infinity) touched.push(cell);
  reached[cell] = cost;
  cameFrom[cell] = from;
}

function heuristicOf(search: Search, cell: number): number {
  const row = Math.trunc(cell / search.width);
  return leastLeft(search, cell - row * search.width, row);
}

/** Length of the way left if nothing were closed: never more than it costs, because no cell costs less than 1. */
function leastLeft({ goalColumn, goalRow, directions }: Search, column: number, row: number): number {
  const dx = Math.abs(column - goalColumn);
  const dy = Math.abs(row - goalRow);
  const [long, short] = dx > dy ? [dx, dy] : [dy, dx];
  if (directions === 8) return long + (DIAGONAL - 1) * short;
  return long >= 2 * short ? long + (KNIGHT - 2) * short : KNIGHT * (long - short) + DIAGONAL * (2 * short - long);
}

function traceBack(cameFrom: Int32Array, from: number, to: number): number[] {
  const cells = [to];
  for (let cell = to; cell !== from;) {
    cell = linkAt(cameFrom, cell);
    cells.push(cell);
  }
  return cells.reverse();
}
