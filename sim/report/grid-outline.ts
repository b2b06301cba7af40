import { OCCUPIED, type OccupancyGrid, UNKNOWN } from "#contract/occupancy-grid";
import type { Metres } from "#lib/units";

/** Part of a map as outlines, in blocks of `block` metres counted from (x, y); y grows upwards. */
export interface GridOutline {
  readonly x: Metres;
  readonly y: Metres;
  readonly block: Metres;
  /** SVG path data, to be filled by the even-odd rule. */
  readonly walls: string;
  /** Unknown space together with the walls, so that no seam shows between the two. */
  readonly closed: string;
}

export interface Region {
  readonly x: Metres;
  readonly y: Metres;
  readonly width: Metres;
  readonly height: Metres;
}

/**
 * Outlines of what the map shows inside a region, coarsened to blocks of at least `blockAtLeast`; coarser still when the
 * two paths would together exceed `charactersAtMost`. A block with any occupied cell is wall, so thin walls survive.
 */
export function outlineGrid(
  map: OccupancyGrid,
  region: Region,
  limits: { readonly blockAtLeast: Metres; readonly charactersAtMost: number },
): GridOutline {
  const cells = cellsOf(map, region);
  for (let side = Math.max(1, Math.ceil(limits.blockAtLeast / map.resolution)); ; side *= 2) {
    const blocks = coarsen(map, cells, side);
    const walls = outlinePath(blocks, (value) => value === OCCUPIED);
    const closed = outlinePath(blocks, (value) => value !== 0);
    const isSingle = blocks.columns <= 1 && blocks.rows <= 1;
    if (walls.length + closed.length > limits.charactersAtMost && !isSingle) continue;
    const [x, y] = [map.originX + cells.column * map.resolution, map.originY + cells.row * map.resolution];
    return { x, y, block: side * map.resolution, walls, closed };
  }
}

interface Cells {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

interface Blocks {
  readonly columns: number;
  readonly rows: number;
  readonly values: Uint8Array;
}

function cellsOf(map: OccupancyGrid, region: Region): Cells {
  const clip = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  const column = clip(Math.floor((region.x - map.originX) / map.resolution), map.width);
  const row = clip(Math.floor((region.y - map.originY) / map.resolution), map.height);
  const lastColumn = clip(Math.ceil((region.x + region.width - map.originX) / map.resolution), map.width);
  const lastRow = clip(Math.ceil((region.y + region.height - map.originY) / map.resolution), map.height);
  return { column, row, columns: lastColumn - column, rows: lastRow - row };
}

function coarsen(map: OccupancyGrid, cells: Cells, side: number): Blocks {
  const [columns, rows] = [Math.ceil(cells.columns / side), Math.ceil(cells.rows / side)];
  const unknowns = new Uint32Array(columns * rows);
  const values = new Uint8Array(columns * rows);
  for (let row = 0; row < cells.rows; row++) {
    const from = (cells.row + row) * map.width + cells.column;
    const into = Math.floor(row / side) * columns;
    for (let column = 0; column < cells.columns; column++) {
      const value = map.cells[from + column];
      const block = into + Math.floor(column / side);
      if (value === OCCUPIED) values[block] = OCCUPIED;
      else if (value === UNKNOWN) unknowns[block]! += 1;
    }
  }
  for (let block = 0; block < values.length; block++) {
    if (values[block] === 0 && unknowns[block]! * 2 >= side * side) values[block] = UNKNOWN;
  }
  return { columns, rows, values };
}

/** Unit steps with the inside on the left hand: east, north, west, south. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** The closed outlines of all blocks that `isIn` accepts, straight runs merged. */
function outlinePath(blocks: Blocks, isIn: (value: number) => boolean): string {
  const corners = blocks.columns + 1;
  const edges = boundaryEdges(blocks, isIn);
  let path = "";
  for (let start = 0; start < edges.length; start++) {
    while (edges[start] !== 0) path += traceLoop(edges, start, corners);
  }
  return path;
}

/** For every corner of the block grid, one bit for each step that leaves it along the boundary. */
function boundaryEdges({ columns, rows, values }: Blocks, isIn: (value: number) => boolean): Uint8Array {
  const corners = columns + 1;
  const edges = new Uint8Array(corners * (rows + 1));
  const at = (column: number, row: number): boolean =>
    column >= 0 && row >= 0 && column < columns && row < rows && isIn(values[row * columns + column]!);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!at(column, row)) continue;
      const corner = row * corners + column;
      if (!at(column, row - 1)) edges[corner]! |= 1;
      if (!at(column + 1, row)) edges[corner + 1]! |= 2;
      if (!at(column, row + 1)) edges[corner + corners + 1]! |= 4;
      if (!at(column - 1, row)) edges[corner + corners]! |= 8;
    }
  }
  return edges;
}

/** Follows one loop from `start`, clearing the edges that it uses. */
function traceLoop(edges: Uint8Array, start: number, corners: number): string {
  let path = `M${start % corners} ${Math.floor(start / corners)}`;
  let [at, direction, run] = [start, -1, 0];
  do {
    const next = lowestBit(edges[at]!);
    edges[at]! &= ~(1 << next);
    if (next !== direction) {
      path += runText(direction, run);
      [direction, run] = [next, 0];
    }
    run += 1;
    at += STEPS[next]![0] + STEPS[next]![1] * corners;
  } while (at !== start);
  // The last run is what `z` draws.
  return `${path}z`;
}

function runText(direction: number, run: number): string {
  if (direction < 0) return "";
  const [dx, dy] = STEPS[direction]!;
  return dx === 0 ? `v${dy * run}` : `h${dx * run}`;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
