import type { Metres } from "#lib/units";
import { type Footprint, signedDistance } from "../footprint.ts";
import { coordinateAt } from "../grid.ts";

/** Numbers for each disc in `FootprintDiscs.rows`: centre x, y in the frame of the base, and radius. */
export const DISC_ROW = 3;

/** Discs that lie in a footprint and all but fill it: with a distance field, one look a disc tells the room around the footprint. */
export interface FootprintDiscs {
  readonly count: number;
  readonly rows: Float64Array;
  /** How far the border is from the nearest disc where it is farthest: by so much the discs see too much room. */
  readonly gap: Metres;
}

const MOST_DISCS = 8;
const GRID_STEP: Metres = 0.02;
/** A gap this small is less than what the cells of a map err by. */
const FINE: Metres = 0.02;

/** Chooses the discs one by one, each time the one that leaves the least of the border far from all. */
export function discsOf(footprint: Footprint): FootprintDiscs {
  const candidates = insideDiscs(footprint);
  const { outline } = footprint;
  const gaps = new Float64Array(outline.length / 2).fill(Infinity);
  const rows: number[] = [];
  let gap: Metres = Infinity;
  while (rows.length < MOST_DISCS * DISC_ROW && gap > FINE) {
    let best = candidates[0]!;
    let least = Infinity;
    for (const candidate of candidates) {
      const left = sumOfSquares(gaps, outline, candidate);
      if (left < least) [best, least] = [candidate, left];
    }
    rows.push(...best);
    gap = 0;
    for (let at = 0; at < gaps.length; at++) {
      gaps[at] = Math.min(coordinateAt(gaps, at), gapTo(outline, at, best));
      gap = Math.max(gap, coordinateAt(gaps, at));
    }
  }
  return { count: rows.length / DISC_ROW, rows: Float64Array.from(rows), gap };
}

type Disc = readonly [x: Metres, y: Metres, radius: Metres];

/** The largest disc around each point of a grid in the footprint. */
function insideDiscs(footprint: Footprint): Disc[] {
  const reach = Math.ceil(footprint.circumscribed / GRID_STEP);
  const discs: Disc[] = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const [x, y] = [column * GRID_STEP, row * GRID_STEP];
      const radius = 0 - signedDistance(footprint, x, y);
      if (radius > GRID_STEP) discs.push([x, y, radius]);
    }
  }
  return discs;
}

function sumOfSquares(gaps: Float64Array, outline: Float64Array, disc: Disc): number {
  let sum = 0;
  for (let at = 0; at < gaps.length; at++) {
    const gap = Math.min(coordinateAt(gaps, at), gapTo(outline, at, disc));
    // Fourth powers: what counts is where the border is farthest.
    sum += Math.min(1, gap) ** 4;
  }
  return sum;
}

function gapTo(outline: Float64Array, at: number, [x, y, radius]: Disc): Metres {
  return Math.hypot(coordinateAt(outline, 2 * at) - x, coordinateAt(outline, 2 * at + 1) - y) - radius;
}
