import { type OccupancyGrid, decodeOccupancy, FREE, OCCUPIED } from "#contract/occupancy-grid";
import { distanceField } from "#edge-planner/distance-field";
import type { WorldSpec } from "../world-spec.ts";
import type { Metres } from "#lib/units";
import { type FreeBoxes, freeBoxes } from "./free-boxes.ts";

/** The mapped, solid part of the world. Only occupied cells are solid: unknown ones are merely unseen. */
export interface Terrain {
  readonly grid: OccupancyGrid;
  /** Per cell the Chebyshev distance to the nearest occupied cell, in cells, at most `GAP_MAX`; 0 = occupied. */
  readonly gap: Uint8Array;
  /** Distance from each cell's centre to the centre of the nearest occupied one; computed when first asked for. */
  readonly distances: Float32Array;
  /** What rays leap over; computed when first asked for. */
  readonly boxes: FreeBoxes;
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
  let distances: Float32Array | undefined;
  let boxes: FreeBoxes | undefined;
  return {
    grid,
    gap: chebyshevDistances(grid),
    get distances() {
      const codes = (): Uint8Array => grid.cells.map((cell) => (cell === OCCUPIED ? 1 : 0));
      return (distances ??= distanceField(codes(), grid, Infinity));
    },
    get boxes() {
      return (boxes ??= freeBoxes(grid));
    },
  };
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

/** A distance around the point that surely holds nothing occupied; at or below 0 when that can't be told. */
export function freeAround(terrain: Terrain, x: Metres, y: Metres): Metres {
  const { grid } = terrain;
  const { width, height, resolution } = grid;
  const column = Math.floor((x - grid.originX) / resolution);
  const row = Math.floor((y - grid.originY) / resolution);
  if (column < 0 || row < 0 || column >= width || row >= height) return 0;
  const offX = x - grid.originX - (column + 0.5) * resolution;
  const offY = y - grid.originY - (row + 0.5) * resolution;
  // From the point to the centre of its cell, and from the centre of an occupied cell to its corner.
  const slack = Math.sqrt(offX * offX + offY * offY) + resolution * Math.SQRT1_2;
  return terrain.distances[row * width + column]! - slack;
}
