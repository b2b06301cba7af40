import { OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";

/**
 * Largest free squares, so that rays leap over empty floor: for each cell the edge, in cells, of the largest square
 * without an occupied cell that has this cell as its corner nearest to the origin of the table; 0 = occupied. There is a table for each
 * quadrant of directions, mirrored so that rays in it run towards larger columns and rows.
 */
export interface FreeSquares {
  /** Cells in a row of a table: a frame of zeros behind the last column and row ends every ray. */
  readonly stride: number;
  /** The table for travel along (cos, sin) is `edges[quadrantOf(cos, sin)]`. */
  readonly edges: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
}

/** Longer edges are not told apart. */
const EDGE_MAX = 255;

/** Index of the table for a direction. */
export function quadrantOf(cos: number, sin: number): 0 | 1 | 2 | 3 {
  return ((cos < 0 ? 1 : 0) + (sin < 0 ? 2 : 0)) as 0 | 1 | 2 | 3;
}

/** The squares of a grid; they end at its borders. */
export function freeSquares(grid: OccupancyGrid): FreeSquares {
  const edges = [false, true].flatMap((isDown) => [false, true].map((isLeft) => mirroredEdges(grid, isLeft, isDown)));
  return { stride: grid.width + 1, edges: edges as unknown as FreeSquares["edges"] };
}

/** One pass from the far corner: a square is one larger than the least of the three squares ahead of its corner cell. */
function mirroredEdges({ width, height, cells }: OccupancyGrid, isLeft: boolean, isDown: boolean): Uint8Array {
  const stride = width + 1;
  const edges = new Uint8Array(stride * (height + 1));
  for (let row = height - 1; row >= 0; row--) {
    const from = (isDown ? height - 1 - row : row) * width;
    for (let column = width - 1; column >= 0; column--) {
      const at = row * stride + column;
      const least = Math.min(edges[at + 1]!, edges[at + stride]!, edges[at + stride + 1]!);
      const isOccupied = cells[from + (isLeft ? width - 1 - column : column)] === OCCUPIED;
      edges[at] = isOccupied ? 0 : Math.min(EDGE_MAX, 1 + least);
    }
  }
  return edges;
}
