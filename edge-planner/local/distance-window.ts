import type { Metres } from "#lib/units";
import { cellAt, codeAt, linkAt } from "../grid.ts";

/**
 * A distance field that is kept up to date: exact Euclidean distance from each cell's centre to the centre of the nearest marked cell, cut short
 * at `reach`. A change is paid for where it can be felt: its column, and the rows and columns within reach. Source: P. Felzenszwalb,
 * D. Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 8 (2012), on integers.
 */
export interface DistanceWindow {
  readonly width: number;
  readonly height: number;
  readonly resolution: Metres;
  /** Marked (1) or free (0); `markCell` changes it. */
  readonly marks: Uint8Array;
  /** Distances in metres, as of the last `updateDistances`. */
  readonly distances: Float32Array;
  /** Everything below belongs to the update: cells to the nearest mark in the same column, at most `reach`. */
  readonly reach: number;
  readonly vertical: Uint8Array;
  readonly above: Uint8Array;
  readonly dirtyColumns: Uint8Array;
  readonly rowFrom: Int32Array;
  readonly rowTo: Int32Array;
  readonly sites: Int32Array;
  readonly bounds: Int32Array;
  /** Metres for each squared distance in cells. */
  readonly roots: Float32Array;
}

const REACH_MAX = 255;

/** A window without marks; distances are written into `distances`. */
export function createDistanceWindow(
  shape: { readonly width: number; readonly height: number; readonly resolution: Metres },
  reach: Metres,
  distances: Float32Array = new Float32Array(shape.width * shape.height),
): DistanceWindow {
  const { width, height, resolution } = shape;
  const cells = Math.min(REACH_MAX, Math.round(reach / resolution));
  const roots = Float32Array.from({ length: cells * cells + 1 }, (_, squared) => Math.sqrt(squared) * resolution);
  distances.fill(cells * resolution);
  return {
    width,
    height,
    resolution,
    marks: new Uint8Array(width * height),
    distances,
    reach: cells,
    vertical: new Uint8Array(width * height).fill(cells),
    above: new Uint8Array(height),
    dirtyColumns: new Uint8Array(width),
    rowFrom: new Int32Array(height).fill(width),
    rowTo: new Int32Array(height).fill(-1),
    sites: new Int32Array(width),
    bounds: new Int32Array(width + 1),
    roots,
  };
}

/** Marks a cell (1) or frees it (0). */
export function markCell(window: DistanceWindow, cell: number, mark: 0 | 1): void {
  if (codeAt(window.marks, cell) === mark) return;
  window.marks[cell] = mark;
  window.dirtyColumns[cell % window.width] = 1;
}

/** Says that `marks` were changed at many places at once. */
export function markEverythingChanged(window: DistanceWindow): void {
  window.dirtyColumns.fill(1);
}

/** Brings the distances up to date with the marks. */
export function updateDistances(window: DistanceWindow): void {
  const { width, height, dirtyColumns, rowFrom, rowTo, reach } = window;
  for (let column = 0; column < width; column++) {
    if (codeAt(dirtyColumns, column) === 0) continue;
    dirtyColumns[column] = 0;
    updateColumn(window, column);
  }
  for (let row = 0; row < height; row++) {
    const [from, to] = [linkAt(rowFrom, row), linkAt(rowTo, row)];
    if (to < from) continue;
    rowFrom[row] = width;
    rowTo[row] = -1;
    updateRow(window, row * width, Math.max(0, from - reach), Math.min(width - 1, to + reach));
  }
}

function updateColumn(window: DistanceWindow, column: number): void {
  const { width, height, marks, vertical, above, reach, rowFrom, rowTo } = window;
  let since = reach;
  for (let row = height - 1, cell = row * width + column; row >= 0; row--, cell -= width) {
    since = codeAt(marks, cell) === 1 ? 0 : Math.min(reach, since + 1);
    above[row] = since;
  }
  since = reach;
  for (let row = 0, cell = column; row < height; row++, cell += width) {
    since = codeAt(marks, cell) === 1 ? 0 : Math.min(reach, since + 1);
    const nearest = Math.min(since, codeAt(above, row));
    if (codeAt(vertical, cell) === nearest) continue;
    vertical[cell] = nearest;
    if (column < linkAt(rowFrom, row)) rowFrom[row] = column;
    if (column > linkAt(rowTo, row)) rowTo[row] = column;
  }
}

/** The lower envelope of the columns' parabolas over `from` to `to`, both included, of the row that begins at cell `row`. */
function updateRow(window: DistanceWindow, row: number, from: number, to: number): void {
  const { width, vertical, reach, sites, bounds, roots, distances } = window;
  const end = Math.min(width - 1, to + reach);
  let top = -1;
  for (let column = Math.max(0, from - reach); column <= end; column++) {
    const height = codeAt(vertical, row + column);
    if (height >= reach) continue;
    let bound = 0;
    while (top >= 0) {
      const rival = linkAt(sites, top);
      const rivalHeight = codeAt(vertical, row + rival);
      const squares = column * column - rival * rival + height * height - rivalHeight * rivalHeight;
      // The first column in which the newcomer is nearer than its rival.
      bound = Math.floor(squares / (2 * (column - rival))) + 1;
      if (bound > linkAt(bounds, top)) break;
      top--;
    }
    top++;
    sites[top] = column;
    bounds[top] = top === 0 ? 0 : bound;
  }
  const furthest = reach * reach;
  if (top < 0) {
    distances.fill(cellAt(roots, furthest), row + from, row + to + 1);
    return;
  }
  bounds[top + 1] = width;
  for (let column = from, at = 0; column <= to; column++) {
    while (linkAt(bounds, at + 1) <= column) at++;
    const away = column - linkAt(sites, at);
    const height = codeAt(vertical, row + linkAt(sites, at));
    distances[row + column] = cellAt(roots, Math.min(furthest, away * away + height * height));
  }
}
