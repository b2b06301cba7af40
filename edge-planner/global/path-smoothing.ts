import type { Point } from "#lib/geometry";
import type { SearchGround } from "./cell-search.ts";
import { lineCost } from "./grid-line.ts";

/** A straight line replaces the way over cells when it costs at most this much more; the corners it saves are worth it. */
const SLACK = 1.02;
/** Points that a straight line from one anchor is tried over. */
const LONGEST_PULL = 250;
/** Rounds in which all corners are pulled tight; each ends early when nothing gets cheaper. */
const ROUNDS = 20;
/** Cells that a corner is moved by, the longest first. */
const STRIDES = [4, 2, 1];
/** A gain below this share is noise of the arithmetic. */
const GAIN = 1e-9;

/** The way over cells made straight: few points, no dearer than before but for a little slack, each corner pulled tight. */
export function straighten(ground: SearchGround, points: readonly Point[]): Point[] {
  return tighten(ground, leaveOut(ground, points));
}

/** Cost of a polyline; infinite through closed ground. */
export function polylineCost(ground: SearchGround, points: readonly Point[]): number {
  let sum = 0;
  for (let at = 1; at < points.length; at++) sum += lineCost(ground, points[at - 1]!, points[at]!);
  return sum;
}

/** Leaves out the points between which the straight line costs no more than the way over cells did. */
function leaveOut(ground: SearchGround, points: readonly Point[]): Point[] {
  const spent = costsAlong(ground, points);
  const kept: Point[] = [];
  let anchor = 0;
  while (anchor < points.length - 1) {
    kept.push(points[anchor]!);
    let next = anchor + 1;
    // Doubling strides, then single steps: visibility is nearly monotone, and a missed point costs only a corner.
    for (let stride = 1; stride >= 1;) {
      const candidate = Math.min(points.length - 1, anchor + LONGEST_PULL, next + stride);
      const allowed = (spent[candidate]! - spent[anchor]!) * SLACK;
      const isWorthIt = candidate > next && lineCost(ground, points[anchor]!, points[candidate]!) <= allowed;
      if (isWorthIt) next = candidate;
      stride = isWorthIt ? stride * 2 : Math.floor(stride / 2);
    }
    anchor = next;
  }
  kept.push(points[points.length - 1]!);
  return kept;
}

/** Moves each corner to where the two lines that meet there cost least, cell by cell, and drops those that nothing needs. */
function tighten(ground: SearchGround, given: readonly Point[]): Point[] {
  const points = [...given];
  for (let round = 0; round < ROUNDS; round++) {
    let isChanged = false;
    for (let at = 1; at < points.length - 1; at++) {
      const moved = bestCorner(ground, points[at - 1]!, points[at]!, points[at + 1]!);
      if (moved === points[at]) continue;
      isChanged = true;
      if (moved) points[at] = moved;
      else points.splice(at--, 1);
    }
    if (!isChanged) break;
  }
  return points;
}

/** Where the way from `a` to `b` should turn instead of at `corner`; undefined when it need not turn. */
function bestCorner(ground: SearchGround, a: Point, corner: Point, b: Point): Point | undefined {
  let best = corner;
  let least = lineCost(ground, a, corner) + lineCost(ground, corner, b);
  if (lineCost(ground, a, b) <= least) return undefined;
  for (const stride of STRIDES) {
    const reach = stride * ground.resolution;
    for (let isBetter = true; isBetter;) {
      isBetter = false;
      for (const [dx, dy] of ALL_AROUND) {
        const moved: Point = [best[0] + dx * reach, best[1] + dy * reach];
        const cost = lineCost(ground, a, moved);
        if (cost >= least) continue;
        const whole = cost + lineCost(ground, moved, b);
        if (whole >= least * (1 - GAIN)) continue;
        [best, least, isBetter] = [moved, whole, true];
      }
    }
  }
  return best;
}

const ALL_AROUND: readonly Point[] = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
];

/** Cost of a polyline up to each of its points. */
function costsAlong(ground: SearchGround, points: readonly Point[]): number[] {
  let sum = 0;
  return points.map((point, at) => {
    if (at > 0) sum += lineCost(ground, points[at - 1]!, point);
    return sum;
  });
}
