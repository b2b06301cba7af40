import { OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";

/**
 * Large free boxes, so that rays leap over empty floor. Directions are told apart by octants; the table of an octant is the grid
 * mirrored and transposed so that rays in it run towards larger columns and rows, and farther along columns than along rows.
 */
export interface FreeBoxes {
  /** The table for travel along (cos, sin) is `octants[octantOf(cos, sin)]`. */
  readonly octants: readonly FreeBoxTable[];
}

/** The boxes of one octant of directions. */
export interface FreeBoxTable {
  /**
   * For each cell a box without an occupied cell that has this cell as its corner nearest to the origin of the table: the
   * number of its rows, and as many columns, or with `OBLONG` added `ASPECT` times as many; 0 = occupied.
   */
  readonly boxes: Uint8Array;
  /** Cells in a row of the table: a frame of zeros behind the last column and row ends every ray. */
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
}

/** Columns of an oblong box for each of its rows. */
export const ASPECT = 4;
/** Flag of an oblong box. */
export const OBLONG = 0x80;
/** Boxes of more rows are not told apart. */
const ROWS_MAX = OBLONG - 1;
/** An oblong box of fewer rows for each row of the square leads less far, for the mean direction of an octant. */
const LEAST_SHARE = 0.42;

/** Index of the table for a direction: 1 to the left, 2 down, 4 steep, added. */
export function octantOf(cos: number, sin: number): number {
  return (cos < 0 ? 1 : 0) + (sin < 0 ? 2 : 0) + (Math.abs(sin) > Math.abs(cos) ? 4 : 0);
}

/** The boxes of a grid; they end at its borders. */
export function freeBoxes(grid: OccupancyGrid): FreeBoxes {
  return { octants: Array.from({ length: 8 }, (_, octant) => boxesOf(turned(grid, octant))) };
}

interface Turned {
  readonly columns: number;
  readonly rows: number;
  /** 1 = occupied. */
  readonly cells: Uint8Array;
}

/** The grid as an octant sees it. */
function turned({ width, height, cells }: OccupancyGrid, octant: number): Turned {
  const [isLeft, isDown, isSteep] = [(octant & 1) > 0, (octant & 2) > 0, (octant & 4) > 0];
  const [columns, rows] = isSteep ? [height, width] : [width, height];
  const [alongX, alongY] = [isLeft ? -1 : 1, isDown ? -width : width];
  const corner = (isLeft ? width - 1 : 0) + (isDown ? height - 1 : 0) * width;
  const [perColumn, perRow] = isSteep ? [alongY, alongX] : [alongX, alongY];
  const seen = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (cells[corner + row * perRow + column * perColumn] === OCCUPIED) seen[row * columns + column] = 1;
    }
  }
  return { columns, rows, cells: seen };
}

/**
 * One pass from the far corner: a square has one row more than the least of the three squares ahead of its corner cell, and an
 * oblong box one more than the least of three oblong ones, if the first cells of its first row are free.
 */
function boxesOf({ columns, rows, cells }: Turned): FreeBoxTable {
  const stride = columns + ASPECT;
  const squares = new Uint8Array(stride * (rows + 1));
  const oblongs = new Uint8Array(stride * (rows + 1));
  const boxes = new Uint8Array(stride * (rows + 1));
  for (let row = rows - 1; row >= 0; row--) {
    let free = 0;
    for (let column = columns - 1; column >= 0; column--) {
      free = cells[row * columns + column] === 1 ? 0 : free + 1;
      if (free === 0) continue;
      const at = row * stride + column;
      const square = oneMore(squares, at, 1, stride);
      const oblong = free < ASPECT ? 0 : oneMore(oblongs, at, ASPECT, stride);
      squares[at] = square;
      oblongs[at] = oblong;
      boxes[at] = oblong > LEAST_SHARE * square ? oblong + OBLONG : square;
    }
  }
  return { boxes, stride, columns, rows };
}

function oneMore(table: Uint8Array, at: number, ahead: number, stride: number): number {
  return Math.min(ROWS_MAX, 1 + Math.min(table[at + ahead]!, table[at + stride]!, table[at + stride + ahead]!));
}
