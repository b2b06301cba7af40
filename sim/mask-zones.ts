import { decode } from "fast-png";
import type { Occupancy, Zone } from "#contract/spatial";
import { decodeOccupancy, OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";
import type { MetresPerSecond } from "#lib/units";

/** Marks thinner than this are walls, which the mask repeats from the map, not zones. */
const THINNEST = 0.3;

/** Keepout zones of a Nav2 keepout mask, as rectangles. */
export function keepoutZones(mask: Occupancy): Zone[] {
  const grid = decodeOccupancy(mask);
  const isThick = opened(grid, (cell) => grid.cells[cell] === OCCUPIED);
  return rectangles(grid, (cell) => isThick[cell] === 1).map((polygon, index) => ({
    id: `mask-keepout-${index + 1}`,
    kind: "keepout",
    polygon,
  }));
}

/** Speed-limit zones of a Nav2 speed mask (mode scale: darkness 0 to 1 = percentage of the maximum speed; 0 = no limit). */
export function speedZones(mask: Occupancy, maxSpeed: MetresPerSecond): Zone[] {
  const grid = decodeOccupancy(mask);
  const image = decode(Buffer.from(mask.png, "base64"));
  const percentAt = (cell: number): number => {
    const row = grid.height - 1 - Math.floor(cell / grid.width);
    const value = image.data[(row * grid.width + (cell % grid.width)) * image.channels]!;
    return Math.round((mask.negate === 1 ? value / 255 : 1 - value / 255) * 100);
  };
  const levels = new Set<number>();
  for (let cell = 0; cell < grid.cells.length; cell++) levels.add(percentAt(cell));
  return [...levels]
    .filter((percent) => percent > 0 && percent < 100)
    .toSorted((a, b) => a - b)
    .flatMap((percent) => limitZones(grid, (cell) => percentAt(cell) === percent, percent, maxSpeed));
}

function limitZones(
  grid: OccupancyGrid,
  isLimited: (cell: number) => boolean,
  percent: number,
  maxSpeed: MetresPerSecond,
): Zone[] {
  const isThick = opened(grid, isLimited);
  return rectangles(grid, (cell) => isThick[cell] === 1).map((polygon, index) => ({
    id: `mask-speed-${percent}-${index + 1}`,
    kind: "speed-limit",
    polygon,
    maxSpeed: (maxSpeed * percent) / 100,
  }));
}

/** Morphological opening: the chosen cells that lie in a chosen square of `THINNEST`; 1 where they do. */
function opened(grid: OccupancyGrid, isChosen: (cell: number) => boolean): Uint8Array {
  const { width, height } = grid;
  const side = Math.max(1, Math.round(THINNEST / grid.resolution));
  const sums = new Uint32Array((width + 1) * (height + 1));
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = (row + 1) * (width + 1) + column + 1;
      const own = isChosen(row * width + column) ? 1 : 0;
      sums[at] = own + sums[at - 1]! + sums[at - width - 1]! - sums[at - width - 2]!;
    }
  }
  const kept = new Uint8Array(width * height);
  for (let row = 0; row + side <= height; row++) {
    for (let column = 0; column + side <= width; column++) {
      const low = row * (width + 1) + column;
      const high = low + side * (width + 1);
      if (sums[high + side]! - sums[high]! - sums[low + side]! + sums[low]! < side * side) continue;
      for (let y = row; y < row + side; y++) kept.fill(1, y * width + column, y * width + column + side);
    }
  }
  return kept;
}

/** Covers the chosen cells with rectangles: runs of equal extent in consecutive rows are merged. */
function rectangles(grid: OccupancyGrid, isChosen: (cell: number) => boolean): [number, number][][] {
  const done: [number, number][][] = [];
  let open = new Map<string, { from: number; to: number; firstRow: number }>();
  for (let row = 0; row <= grid.height; row++) {
    const next: typeof open = new Map();
    for (const [from, to] of row < grid.height ? runs(grid, row, isChosen) : []) {
      const key = `${from}-${to}`;
      next.set(key, open.get(key) ?? { from, to, firstRow: row });
    }
    for (const [key, block] of open) if (!next.has(key)) close(block, row);
    open = next;
  }
  return done;

  function close(block: { from: number; to: number; firstRow: number }, endRow: number): void {
    const x0 = grid.originX + block.from * grid.resolution;
    const x1 = grid.originX + block.to * grid.resolution;
    const y0 = grid.originY + block.firstRow * grid.resolution;
    const y1 = grid.originY + endRow * grid.resolution;
    done.push([
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ]);
  }
}

function* runs(grid: OccupancyGrid, row: number, isChosen: (cell: number) => boolean): Generator<[number, number]> {
  const start = row * grid.width;
  for (let column = 0; column < grid.width; column++) {
    if (!isChosen(start + column)) continue;
    const from = column;
    while (column < grid.width && isChosen(start + column)) column++;
    yield [from, column];
  }
}
