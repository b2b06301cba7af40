import type { Point } from "#lib/geometry";
import { cellAt, type GridFrame, indexAt, OUTSIDE } from "../grid.ts";
import { CLOSED } from "./traversal-cost.ts";

/** A straight line replaces the way over cells when it costs at most this much more; the corners it saves are worth it. */
const SLACK = 1.02;
/** Cells from one anchor that a straight line is tried over. */
const LONGEST_PULL = 250;

/** Leaves out the points between which the straight line costs no more than the way over cells did. */
export function straighten(frame: GridFrame, costs: Float32Array, points: readonly Point[]): Point[] {
  const spent = costsAlong(frame, costs, points);
  const kept: Point[] = [];
  let anchor = 0;
  while (anchor < points.length - 1) {
    kept.push(points[anchor]!);
    let next = anchor + 1;
    // Doubling strides, then single steps: visibility is nearly monotone, and a missed point costs only a corner.
    for (let stride = 1; stride >= 1;) {
      const candidate = Math.min(points.length - 1, anchor + LONGEST_PULL, next + stride);
      const allowed = (spent[candidate]! - spent[anchor]!) * SLACK;
      const isWorthIt = candidate > next && lineCost(frame, costs, points[anchor]!, points[candidate]!) <= allowed;
      if (isWorthIt) next = candidate;
      stride = isWorthIt ? stride * 2 : Math.floor(stride / 2);
    }
    anchor = next;
  }
  kept.push(points[points.length - 1]!);
  return kept;
}

/** Cost of the straight line between two points, in metres weighted by the cells' costs; infinite through closed ones. */
export function lineCost(frame: GridFrame, costs: Float32Array, a: Point, b: Point): number {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const steps = Math.max(1, Math.ceil(length / (frame.resolution / 2)));
  let sum = 0;
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const index = indexAt(frame, a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share);
    if (index === OUTSIDE) return Infinity;
    const cost = cellAt(costs, index);
    if (cost === CLOSED) return Infinity;
    sum += step === 0 || step === steps ? cost / 2 : cost;
  }
  return (sum * length) / steps;
}

/** Cost of a polyline up to each of its points. */
function costsAlong(frame: GridFrame, costs: Float32Array, points: readonly Point[]): number[] {
  let sum = 0;
  return points.map((point, at) => {
    if (at > 0) sum += lineCost(frame, costs, points[at - 1]!, point);
    return sum;
  });
}
