import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Stroke } from "./strokes.ts";

/** Passes of neighbouring rows are no further apart than this many times their usual distance. */
const NEIGHBOURS = 1.6;
/** Share of the shorter of two passes that lies beside the other one where both belong to one cell. */
const BESIDE = 0.4;

/**
 * Groups passes into the cells of the boustrophedon decomposition: a cell goes on from row to row as long as exactly one
 * pass lies beside exactly one; where an obstacle splits the rows or they join again, others begin. Source: H. Choset,
 * P. Pignon, "Coverage Path Planning: The Boustrophedon Cellular Decomposition", 1997, on passes instead of a sweep line.
 */
export function cellsOf(strokes: readonly Stroke[], spacing: Metres): Stroke[][] {
  const above = strokes.map((stroke) => strokes.filter((other) => isAbove(other, stroke, spacing)));
  const below = new Map<Stroke, number>();
  for (const others of above) for (const other of others) below.set(other, (below.get(other) ?? 0) + 1);
  const cells: Stroke[][] = [];
  const cellOf = new Map<Stroke, Stroke[]>();
  for (const [at, stroke] of strokes.entries()) {
    const cell = cellOf.get(stroke) ?? [stroke];
    if (!cellOf.has(stroke)) cells.push(cell);
    cellOf.set(stroke, cell);
    const [next, ...others] = above[at]!;
    if (!next || others.length > 0 || below.get(next) !== 1) continue;
    cell.push(next);
    cellOf.set(next, cell);
  }
  return cells;
}

/** The four ways through a cell, back and forth: from its first or last row, from the left or the right. */
export function waysThrough(cell: readonly Stroke[]): Point[][] {
  return [cell, cell.toReversed()].flatMap((rows) =>
    [0, 1].map((side) => rows.flatMap(({ points: [a, b] }, at) => (at % 2 === side ? [a, b] : [b, a]))),
  );
}

function isAbove(upper: Stroke, lower: Stroke, spacing: Metres): boolean {
  const apart = upper.across - lower.across;
  if (apart <= 1e-6 || apart > NEIGHBOURS * spacing) return false;
  const shared = Math.min(upper.to, lower.to) - Math.max(upper.from, lower.from);
  return shared >= BESIDE * Math.min(upper.to - upper.from, lower.to - lower.from);
}
