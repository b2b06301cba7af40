import type { Metres } from "#lib/units";
import { quadrantOf } from "./free-squares.ts";
import type { Terrain } from "./terrain.ts";

/** Directions of rays in some frame, as unit vectors. */
export interface Directions {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Where rays come from, and a frame there that is turned by the angle of these `turnCos`, `turnSin`. */
export interface Eye {
  readonly x: Metres;
  readonly y: Metres;
  readonly turnCos: number;
  readonly turnSin: number;
}

/**
 * Distance along the unit vector (`cos`, `sin`) from (`x`, `y`) to the first occupied cell, or `Infinity` when none
 * lies within `rangeMax`.
 */
export function castRay(terrain: Terrain, x: Metres, y: Metres, cos: number, sin: number, rangeMax: Metres): Metres {
  const range = Float64Array.of(Infinity);
  const ahead = { cos: Float64Array.of(cos), sin: Float64Array.of(sin) };
  castFan(terrain, { x, y, turnCos: 1, turnSin: 0 }, ahead, rangeMax, range);
  return range[0]!;
}

/**
 * Shortens each of the `ranges` to the distance for its direction in the frame of the eye, where `castRay` finds a nearer cell. Exact: rays go from border to border of the
 * largest free squares ahead (J. Amanatides & A. Woo, "A Fast Voxel Traversal Algorithm", 1987, with squares for voxels),
 * so no occupied cell on the way is missed.
 */
export function castFan(
  terrain: Terrain,
  { x, y, turnCos, turnSin }: Eye,
  directions: Directions,
  rangeMax: Metres,
  ranges: Float32Array | Float64Array,
): void {
  const { grid, squares } = terrain;
  const { width, height, resolution } = grid;
  const { stride, edges } = squares;
  const startX = (x - grid.originX) / resolution;
  const startY = (y - grid.originY) / resolution;
  for (let ray = 0; ray < ranges.length; ray++) {
    const cos = turnCos * directions.cos[ray]! - turnSin * directions.sin[ray]!;
    const sin = turnSin * directions.cos[ray]! + turnCos * directions.sin[ray]!;
    const fromX = cos < 0 ? width - startX : startX;
    const fromY = sin < 0 ? height - startY : startY;
    const reach = Math.min(rangeMax, ranges[ray]!) / resolution;
    const along = cast(edges[quadrantOf(cos, sin)], stride, height, fromX, fromY, Math.abs(cos), Math.abs(sin), reach);
    if (along < Infinity) ranges[ray] = along * resolution;
  }
}

/** One ray, in cells, towards larger columns and rows of a table of free squares. */
function cast(
  edges: Uint8Array,
  stride: number,
  height: number,
  startX: number,
  startY: number,
  cos: number,
  sin: number,
  reach: number,
): number {
  let along = startX >= 0 && startY >= 0 ? 0 : entryOf(startX, startY, cos, sin);
  if (along > reach) return Infinity;
  let column = Math.trunc(startX + cos * along);
  let row = Math.trunc(startY + sin * along);
  if (column >= stride - 1 || row >= height) return Infinity;
  const inverseX = 1 / cos;
  const inverseY = 1 / sin;
  for (;;) {
    const edge = edges[row * stride + column]!;
    if (edge === 0) return column < stride - 1 && row < height ? along : Infinity;
    const toX = (column + edge - startX) * inverseX;
    const toY = (row + edge - startY) * inverseY;
    // Rounding may put a ray that leaves by a corner one cell beside the square; it left by the square.
    if (toX < toY) {
      along = toX;
      column += edge;
      row = Math.min(row + edge - 1, Math.max(row, Math.trunc(startY + sin * along)));
    } else {
      along = toY;
      row += edge;
      column = Math.min(column + edge - 1, Math.max(column, Math.trunc(startX + cos * along)));
    }
    if (along > reach) return Infinity;
  }
}

/** How far along a ray from outside, whose direction has no negative part, the columns and rows from 0 on begin. */
function entryOf(startX: number, startY: number, cos: number, sin: number): number {
  // A hair inside, so that rounding does not put the entry into the cell outside of the border.
  return Math.max(startX < 0 ? -startX / cos : 0, startY < 0 ? -startY / sin : 0) + 1e-9;
}
