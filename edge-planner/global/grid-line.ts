import type { Point } from "#lib/geometry";
import { cellAt, codeAt } from "../grid.ts";
import type { SearchGround } from "./cell-search.ts";
import { CLOSED } from "./traversal-cost.ts";

/** A line that passes the corner of four cells nearer than this (in cells) touches all of them. */
const CORNER = 1e-6;
/** Lines as short as a step of the search, from anywhere in its first cell, were judged by the search. */
const JUDGED = 3;

/**
 * Cost of the straight line between two points, in metres weighted by the costs of the cells that it passes, each by its share; infinite
 * when one of them is closed, when it touches the corner of a closed one, or when it leads against one-way ground. Source of the walk from
 * border to border: J. Amanatides, A. Woo, "A Fast Voxel Traversal Algorithm for Ray Tracing", Eurographics 1987.
 */
export function lineCost(ground: SearchGround, a: Point, b: Point): number {
  const { width, height, resolution, originX, originY } = ground;
  const [x, y] = [(a[0] - originX) / resolution, (a[1] - originY) / resolution];
  const [dx, dy] = [(b[0] - originX) / resolution - x, (b[1] - originY) / resolution - y];
  const length = Math.hypot(dx, dy);
  const isInside = isOn(x, width) && isOn(y, height) && isOn(x + dx, width) && isOn(y + dy, height);
  if (!isInside) return Infinity;
  if (length === 0) return 0;
  const cells = walk(ground, { x, y, dx, dy }, length, length > JUDGED ? stepsTaken(ground, dx, dy) : 0);
  return cells * resolution;
}

interface Line {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

function isOn(coordinate: number, size: number): boolean {
  return coordinate >= 0 && coordinate < size;
}

/** The two grid steps that a direction lies between must both be allowed: a line is a mixture of them. */
function stepsTaken({ allowedSteps }: SearchGround, dx: number, dy: number): number {
  if (!allowedSteps || (dx === 0 && dy === 0)) return 0;
  const eighth = (Math.atan2(dy, dx) / (Math.PI / 4) + 8) % 8;
  const low = Math.floor(eighth + CORNER) % 8;
  const high = Math.ceil(eighth - CORNER) % 8;
  return (1 << low) | (1 << high);
}

function walk(ground: SearchGround, { x, y, dx, dy }: Line, length: number, steps: number): number {
  const { width, costs } = ground;
  const [alongX, alongY] = [dx > 0 ? 1 : -1, dy > 0 ? width : -width];
  const [perColumn, perRow] = [Math.abs(length / dx), Math.abs(length / dy)];
  let toColumn = shareLeft(x, dx) * perColumn;
  let toRow = shareLeft(y, dy) * perRow;
  let cell = Math.floor(y) * width + Math.floor(x);
  let [sum, at] = [0, 0];
  while (isPassable(ground, cell, steps)) {
    const next = Math.min(toColumn, toRow);
    if (next >= length - CORNER) return sum + (length - at) * cellAt(costs, cell);
    sum += (next - at) * cellAt(costs, cell);
    at = next;
    const apart = toColumn - toRow;
    if (apart < CORNER) {
      if (apart > -CORNER && cellAt(costs, cell + alongY) === CLOSED) break;
      cell += alongX;
      toColumn += perColumn;
    }
    if (apart > -CORNER) {
      if (apart < CORNER && cellAt(costs, cell) === CLOSED) break;
      cell += alongY;
      toRow += perRow;
    }
  }
  return Infinity;
}

/** How much of a cell lies ahead of a coordinate; a line that keeps its coordinate never leaves the cell that way. */
function shareLeft(coordinate: number, delta: number): number {
  if (delta === 0) return 1;
  const within = coordinate - Math.floor(coordinate);
  return delta > 0 ? 1 - within : within;
}

function isPassable({ costs, allowedSteps }: SearchGround, cell: number, steps: number): boolean {
  if (cellAt(costs, cell) === CLOSED) return false;
  return !allowedSteps || (codeAt(allowedSteps, cell) & steps) === steps;
}
