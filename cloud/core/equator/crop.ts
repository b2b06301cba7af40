import { encode } from "fast-png";
import { decodeOccupancy, FREE, OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Occupancy } from "#contract/spatial";
import type { Metres } from "#lib/units";

/** A rectangle of the frame `map`, metres. */
export interface Box {
  readonly minX: Metres;
  readonly minY: Metres;
  readonly maxX: Metres;
  readonly maxY: Metres;
}

/** Values of map_server's own pictures for free, occupied and unknown (`FREE`, `OCCUPIED`, `UNKNOWN`). */
const GREYS = [254, 0, 205];
const THRESHOLDS = { negate: 0, occupied_thresh: 0.65, free_thresh: 0.196 } as const;

/**
 * The part of a map inside a box, as a picture of its own. With `coarsening` n, n x n cells become one: occupied where any of them
 * is, free where all of them are, so that nothing becomes passable by it.
 */
export function crop(occupancy: Occupancy, box: Box, coarsening: number): Occupancy {
  const grid = decodeOccupancy(occupancy);
  const { resolution, originX, originY } = grid;
  const [fromX, toX] = span(box.minX - originX, box.maxX - originX, resolution, grid.width, coarsening);
  const [fromY, toY] = span(box.minY - originY, box.maxY - originY, resolution, grid.height, coarsening);
  const [width, height] = [Math.ceil((toX - fromX) / coarsening), Math.ceil((toY - fromY) / coarsening)];
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const cell = worst(grid, fromX + column * coarsening, fromY + row * coarsening, coarsening);
      // Row 0 of a picture is its top, which is the largest y.
      data[(height - 1 - row) * width + column] = GREYS[cell]!;
    }
  }
  const png = encode({ width, height, data, channels: 1, depth: 8 }, { zlib: { level: 9, mem: 9 } });
  return {
    ...THRESHOLDS,
    resolution: resolution * coarsening,
    origin: [round(originX + fromX * resolution), round(originY + fromY * resolution), 0],
    png: Buffer.from(png).toString("base64"),
  };
}

/** Cells from a multiple of the coarsening on, as far as the map goes. */
function span(from: Metres, to: Metres, resolution: Metres, count: number, step: number): [number, number] {
  const first = Math.max(0, Math.floor(from / resolution / step) * step);
  return [Math.min(first, count - 1), Math.max(first + 1, Math.min(count, Math.ceil(to / resolution)))];
}

function worst(grid: OccupancyGrid, fromX: number, fromY: number, size: number): number {
  let cell: number = FREE;
  for (let y = fromY; y < Math.min(grid.height, fromY + size); y++) {
    for (let x = fromX; x < Math.min(grid.width, fromX + size); x++) {
      const value = grid.cells[y * grid.width + x]!;
      if (value === OCCUPIED) return OCCUPIED;
      if (value !== FREE) cell = value;
    }
  }
  return cell;
}

/** Without the last digits of binary fractions, which cost bytes and mean nothing. */
function round(metres: Metres): Metres {
  return Math.round(metres * 1e6) / 1e6;
}
