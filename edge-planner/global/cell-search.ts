import { createBucketQueue } from "./bucket-queue.ts";
import { cellAt, type GridFrame, linkAt } from "../grid.ts";
import { CLOSED, ESCAPE_COST } from "./traversal-cost.ts";

export type SearchResult =
  | { readonly ok: true; readonly cells: readonly number[] }
  | { readonly ok: false; readonly reason: "no_route" | "budget_exhausted" };

/** Costs within one bucket may come out of order, so a way is at most this much (in cells) from the cheapest. */
const BUCKET_WIDTH = 0.25;
const DIAGONAL = Math.SQRT2;

/**
 * Cheapest way over 8-connected cells from one cell to another, by A* with the octile distance. `costs` holds the
 * cost per cell of going through, at least 1, or `CLOSED`; a diagonal step needs both cells beside it open. The
 * cells on the grid's border are closed, so that no step has to look for it.
 */
export function searchCells(
  frame: GridFrame,
  costs: Float32Array,
  from: number,
  to: number,
  nodeBudget: number,
): SearchResult {
  closeBorderCells(frame, costs);
  const search = startSearch(frame, costs, to);
  search.reached[from] = 0;
  search.queue.push(from, heuristic(search, from));
  let taken = 0;
  for (let cell = search.queue.pop(); cell >= 0; cell = search.queue.pop()) {
    if (cell === to) return { ok: true, cells: traceBack(search.cameFrom, from, to) };
    // A cell whose cost fell after this entry was pushed has been, or will be, taken up by the better entry.
    const isOutdated = Math.fround(cellAt(search.reached, cell) + heuristic(search, cell)) < search.queue.poppedCost();
    if (isOutdated) continue;
    if (++taken > nodeBudget) return { ok: false, reason: "budget_exhausted" };
    expand(search, cell);
  }
  return { ok: false, reason: "no_route" };
}

interface Search {
  readonly costs: Float32Array;
  readonly width: number;
  readonly goalColumn: number;
  readonly goalRow: number;
  readonly reached: Float32Array;
  readonly cameFrom: Int32Array;
  readonly queue: ReturnType<typeof createBucketQueue>;
}

function startSearch(frame: GridFrame, costs: Float32Array, to: number): Search {
  return {
    costs,
    width: frame.width,
    goalColumn: to % frame.width,
    goalRow: Math.floor(to / frame.width),
    reached: new Float32Array(costs.length).fill(Infinity),
    cameFrom: new Int32Array(costs.length).fill(-1),
    queue: createBucketQueue(BUCKET_WIDTH, (ESCAPE_COST + 1) * DIAGONAL),
  };
}

function expand(search: Search, cell: number): void {
  const { costs, width } = search;
  const west = cellAt(costs, cell - 1) !== CLOSED;
  const east = cellAt(costs, cell + 1) !== CLOSED;
  if (west) relax(search, cell, cell - 1, 1);
  if (east) relax(search, cell, cell + 1, 1);
  expandRow(search, cell, cell - width, west, east);
  expandRow(search, cell, cell + width, west, east);
}

/** The cell above or below and, where a diagonal step cuts no corner, those beside it. */
function expandRow(search: Search, cell: number, beside: number, west: boolean, east: boolean): void {
  if (cellAt(search.costs, beside) === CLOSED) return;
  relax(search, cell, beside, 1);
  if (west) relax(search, cell, beside - 1, DIAGONAL);
  if (east) relax(search, cell, beside + 1, DIAGONAL);
}

function relax(search: Search, from: number, to: number, length: number): void {
  const cost = cellAt(search.costs, to);
  if (cost === CLOSED) return;
  const through = Math.fround(cellAt(search.reached, from) + (length * (cost + cellAt(search.costs, from))) / 2);
  if (through >= cellAt(search.reached, to)) return;
  search.reached[to] = through;
  search.cameFrom[to] = from;
  search.queue.push(to, through + heuristic(search, to));
}

function heuristic(search: Search, cell: number): number {
  const row = Math.floor(cell / search.width);
  const dx = Math.abs(cell - row * search.width - search.goalColumn);
  const dy = Math.abs(row - search.goalRow);
  return dx + dy + (DIAGONAL - 2) * Math.min(dx, dy);
}

function traceBack(cameFrom: Int32Array, from: number, to: number): number[] {
  const cells = [to];
  for (let cell = to; cell !== from;) {
    cell = linkAt(cameFrom, cell);
    cells.push(cell);
  }
  return cells.reverse();
}

function closeBorderCells(frame: GridFrame, costs: Float32Array): void {
  const { width, height } = frame;
  costs.fill(CLOSED, 0, width);
  costs.fill(CLOSED, (height - 1) * width);
  for (let row = 0; row < height; row++) {
    costs[row * width] = CLOSED;
    costs[row * width + width - 1] = CLOSED;
  }
}
