import type { Metres } from "#lib/units";

/** Where a grid lies: row-major from the lower-left corner, x fastest, axes parallel to those of the frame `map`. */
export interface GridFrame {
  readonly width: number;
  readonly height: number;
  readonly resolution: Metres;
  /** Lower-left corner of cell (0, 0). */
  readonly originX: Metres;
  readonly originY: Metres;
}

/** Index of what lies outside of a grid. */
export const OUTSIDE = -1;

// One accessor for each kind of array: shared ones turn megamorphic in V8, and these are the hot loops.
/** A value of a field, such as a distance; `index` must lie in the grid. */
export function cellAt(cells: Float32Array, index: number): number {
  return cells[index]!;
}

/** A length or cost that must not lose digits; `index` must lie in the grid. */
export function lengthAt(lengths: Float64Array, index: number): number {
  return lengths[index]!;
}

/** A small code of a cell; `index` must lie in the grid. */
export function codeAt(cells: Uint8Array, index: number): number {
  return cells[index]!;
}

/** An index kept in a table of links; `index` must lie in the table. */
export function linkAt(links: Int32Array, index: number): number {
  return links[index]!;
}

/** A coordinate of a flat list of points `x0, y0, x1, y1, …`; `index` must lie in the list. */
export function coordinateAt(points: Float64Array, index: number): number {
  return points[index]!;
}

/** The cell that holds a point, or `OUTSIDE`, where a point that is no number lies too. */
export function indexAt(frame: GridFrame, x: Metres, y: Metres): number {
  const column = Math.floor((x - frame.originX) / frame.resolution);
  const row = Math.floor((y - frame.originY) / frame.resolution);
  const isWithin = column >= 0 && row >= 0 && column < frame.width && row < frame.height;
  return isWithin ? row * frame.width + column : OUTSIDE;
}

export function cellCentreX(frame: GridFrame, index: number): Metres {
  return frame.originX + ((index % frame.width) + 0.5) * frame.resolution;
}

export function cellCentreY(frame: GridFrame, index: number): Metres {
  return frame.originY + (Math.floor(index / frame.width) + 0.5) * frame.resolution;
}

/** A field's value at a point; `outside` where the grid does not reach. */
export function sample(frame: GridFrame, cells: Float32Array, x: Metres, y: Metres, outside: number): number {
  const index = indexAt(frame, x, y);
  return index === OUTSIDE ? outside : cellAt(cells, index);
}

/** A field between the centres of four cells, so that it changes smoothly; the border's value is kept beyond it. */
export function sampleSmooth(frame: GridFrame, cells: Float32Array, x: Metres, y: Metres): number {
  const column = clamp((x - frame.originX) / frame.resolution - 0.5, 0, frame.width - 1);
  const row = clamp((y - frame.originY) / frame.resolution - 0.5, 0, frame.height - 1);
  const [left, below] = [Math.min(Math.floor(column), frame.width - 2), Math.min(Math.floor(row), frame.height - 2)];
  const [across, up] = [column - left, row - below];
  const index = below * frame.width + left;
  const low = cellAt(cells, index) * (1 - across) + cellAt(cells, index + 1) * across;
  const high = cellAt(cells, index + frame.width) * (1 - across) + cellAt(cells, index + frame.width + 1) * across;
  return low * (1 - up) + high * up;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
