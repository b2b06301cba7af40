import { type OccupancyGrid, decodeOccupancy, FREE, OCCUPIED } from "#contract/occupancy-grid";
import type { Metres } from "#lib/units";
import type { WorldSpec } from "./world-spec.ts";

/** The mapped, solid part of the world. Only occupied cells are solid: unknown ones are merely unseen. */
export interface Terrain {
  readonly grid: OccupancyGrid;
  /** Per cell the Chebyshev distance to the nearest occupied cell, in cells, at most `GAP_MAX`; 0 = occupied. */
  readonly gap: Uint8Array;
}

/** Distances beyond this are not told apart. */
const GAP_MAX = 255;
const EMPTY_RESOLUTION: Metres = 0.05;
/** Share of a cell that may be missing because lengths in metres are rounded in binary. */
const ROUNDING = 1e-6;

/** Decodes the map of a world. Many worlds of one map may share the result. */
export function prepareTerrain(map: WorldSpec["map"]): Terrain {
  return createTerrain("empty" in map ? emptyGrid(map.empty) : decodeOccupancy(map));
}

/** The terrain of a grid. */
export function createTerrain(grid: OccupancyGrid): Terrain {
  return { grid, gap: chebyshevDistances(grid) };
}

/**
 * Distance along the unit vector (`cos`, `sin`) from (`x`, `y`) to the first occupied cell, or `Infinity` when none
 * lies within `rangeMax`. Exact: it walks cell borders (Amanatides & Woo, "A Fast Voxel Traversal Algorithm", 1987)
 * and leaps only where the distance field proves that the leap crosses free cells.
 */
export function castRay(terrain: Terrain, x: Metres, y: Metres, cos: number, sin: number, rangeMax: Metres): Metres {
  const { width, height, resolution, originX, originY } = terrain.grid;
  const gap = terrain.gap;
  const [startX, startY, reach] = [(x - originX) / resolution, (y - originY) / resolution, rangeMax / resolution];
  // Adding 0 turns -0 into 0: a ray along an axis reaches the borders beside it at +Infinity, never at -Infinity.
  const [inverseX, inverseY] = [1 / (cos + 0), 1 / (sin + 0)];
  // The border of a cell that the ray leaves by, relative to the cell's lower-left corner.
  const [aheadX, aheadY] = [Number(cos >= 0), Number(sin >= 0)];
  let along = entryOf(startX, startY, cos, sin, width, height);
  let column = Math.floor(startX + cos * along);
  let row = Math.floor(startY + sin * along);
  while (along <= reach && column >= 0 && row >= 0 && column < width && row < height) {
    const free = gap[row * width + column]!;
    if (free === 0) return along * resolution;
    if (free > 1) {
      along += free - 1;
      column = Math.floor(startX + cos * along);
      row = Math.floor(startY + sin * along);
      continue;
    }
    const toX = (column + aheadX - startX) * inverseX;
    const toY = (row + aheadY - startY) * inverseY;
    if (toX < toY) {
      along = toX;
      column += 2 * aheadX - 1;
    } else {
      along = toY;
      row += 2 * aheadY - 1;
    }
  }
  return Infinity;
}

/** How far along the ray the grid begins: 0 inside of it, `Infinity` when the ray misses it. In cells. */
function entryOf(x: number, y: number, cos: number, sin: number, width: number, height: number): number {
  if (x >= 0 && y >= 0 && x < width && y < height) return 0;
  let entry = 0;
  for (const [start, step, size] of [
    [x, cos, width],
    [y, sin, height],
  ] as const) {
    if (step > 0) entry = Math.max(entry, -start / step);
    else if (step < 0) entry = Math.max(entry, (size - start) / step);
  }
  // A hair inside, so that rounding does not put the entry into the cell outside of the border.
  return entry + 1e-9;
}

/** Free floor, and around it a wall of one cell. */
function emptyGrid([xMin, yMin, xMax, yMax]: readonly [number, number, number, number]): OccupancyGrid {
  const cellsAcross = (length: Metres): number => Math.max(1, Math.ceil(length / EMPTY_RESOLUTION - ROUNDING));
  const [width, height] = [cellsAcross(xMax - xMin) + 2, cellsAcross(yMax - yMin) + 2];
  const cells = new Uint8Array(width * height).fill(OCCUPIED);
  for (let row = 1; row < height - 1; row++) cells.fill(FREE, row * width + 1, (row + 1) * width - 1);
  return {
    width,
    height,
    resolution: EMPTY_RESOLUTION,
    originX: xMin - EMPTY_RESOLUTION,
    originY: yMin - EMPTY_RESOLUTION,
    cells,
  };
}

/** Two passes over the grid (Rosenfeld & Pfaltz, 1966), exact for this metric. */
function chebyshevDistances({ width, height, cells }: OccupancyGrid): Uint8Array {
  const gap = new Uint8Array(width * height).fill(GAP_MAX);
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height ? GAP_MAX : gap[row * width + column]!;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const cell = row * width + column;
      if (cells[cell] === OCCUPIED) gap[cell] = 0;
      else {
        const nearest = Math.min(
          at(column - 1, row),
          at(column - 1, row - 1),
          at(column, row - 1),
          at(column + 1, row - 1),
        );
        gap[cell] = Math.min(GAP_MAX, nearest + 1);
      }
    }
  }
  for (let row = height - 1; row >= 0; row--) {
    for (let column = width - 1; column >= 0; column--) {
      const nearest = Math.min(
        at(column + 1, row),
        at(column + 1, row + 1),
        at(column, row + 1),
        at(column - 1, row + 1),
      );
      const cell = row * width + column;
      gap[cell] = Math.min(gap[cell]!, nearest + 1);
    }
  }
  return gap;
}
