import type { Metres } from "#lib/units";
import { cellAt, codeAt, linkAt } from "./grid.ts";

/** Larger than any squared distance in cells, and exact in 32-bit floats. */
const FAR = 2 ** 40;

/**
 * Exact Euclidean distance from each cell's centre to the centre of the nearest cell with a
 * code other than zero; `beyond` where there is none. Source: P. Felzenszwalb, D. Huttenlocher, "Distance Transforms of Sampled
 * Functions", Theory of Computing 8 (2012): one lower envelope of parabolas for each column, then for each row.
 */
export function distanceField(
  codes: Uint8Array,
  shape: { readonly width: number; readonly height: number; readonly resolution: Metres },
  beyond: Metres,
): Float32Array {
  const { width, height, resolution } = shape;
  const squared = new Float32Array(width * height);
  const longest = Math.max(width, height);
  const line = new Float32Array(longest);
  const envelope: Envelope = { sites: new Int32Array(longest), bounds: new Float32Array(longest + 1) };
  for (let column = 0; column < width; column++) columnDistances(codes, squared, column, width, height);
  for (let row = 0; row < height; row++) {
    const from = row * width;
    for (let column = 0; column < width; column++) line[column] = cellAt(squared, from + column);
    transformLine(line, width, envelope, squared, from);
  }
  for (let index = 0; index < squared.length; index++) {
    const value = cellAt(squared, index);
    squared[index] = value >= FAR ? beyond : Math.min(beyond, Math.sqrt(value) * resolution);
  }
  return squared;
}

interface Envelope {
  readonly sites: Int32Array;
  readonly bounds: Float32Array;
}

/** On binary input the pass down a column is a plain count from the last marked cell, up and down. */
function columnDistances(
  codes: Uint8Array,
  squared: Float32Array,
  column: number,
  width: number,
  height: number,
): void {
  let since = Infinity;
  for (let row = 0, index = column; row < height; row++, index += width) {
    since = codeAt(codes, index) === 0 ? since + 1 : 0;
    squared[index] = Math.min(FAR, since * since);
  }
  since = Infinity;
  for (let row = height - 1, index = row * width + column; row >= 0; row--, index -= width) {
    since = codeAt(codes, index) === 0 ? since + 1 : 0;
    squared[index] = Math.min(cellAt(squared, index), since * since);
  }
}

function transformLine(line: Float32Array, length: number, envelope: Envelope, into: Float32Array, from: number): void {
  const { sites, bounds } = envelope;
  let top = -1;
  for (let site = 0; site < length; site++) {
    if (cellAt(line, site) >= FAR) continue;
    let bound = -Infinity;
    while (top >= 0) {
      const rival = linkAt(sites, top);
      bound = (cellAt(line, site) + site * site - cellAt(line, rival) - rival * rival) / (2 * (site - rival));
      if (bound > cellAt(bounds, top)) break;
      top--;
      bound = -Infinity;
    }
    top++;
    sites[top] = site;
    bounds[top] = bound;
  }
  if (top < 0) {
    into.fill(FAR, from, from + length);
    return;
  }
  bounds[top + 1] = Infinity;
  for (let at = 0, parabola = 0; at < length; at++) {
    while (cellAt(bounds, parabola + 1) < at) parabola++;
    const away = at - linkAt(sites, parabola);
    into[from + at] = away * away + cellAt(line, linkAt(sites, parabola));
  }
}
