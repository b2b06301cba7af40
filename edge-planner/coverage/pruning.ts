import { type Point, polylineLength } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { codeAt } from "../grid.ts";
import type { Floor } from "./floor.ts";
import type { Covered, Stroke } from "./strokes.ts";
import { sweepAlong } from "./tool-sweep.ts";

/** Getting to a pass and back again, about. */
const DETOUR: Metres = 0.8;

/** The passes of a plan, before they are ordered. */
export interface Passes {
  readonly headland: readonly (readonly Point[])[];
  readonly strokes: readonly Stroke[];
}

/**
 * Leaves out passes while as many wanted cells as are asked for stay covered: those first that alone cover least for their
 * length, as what is beside others is mostly covered by them.
 */
export function prune(floor: Floor, tool: readonly Point[], before: Covered, passes: Passes, needed: number): Passes {
  const all = [...passes.headland, ...passes.strokes.map(({ points }) => points)];
  const counts = Uint8Array.from(before);
  const cellsOf = all.map((points) => cellsUnder(floor, tool, points));
  for (const cells of cellsOf) for (const cell of cells) counts[cell] = Math.min(255, counts[cell]! + 1);
  let spare = -needed;
  for (let index = 0; index < counts.length; index++) {
    if (codeAt(floor.wanted, index) === 1 && codeAt(counts, index) > 0) spare++;
  }
  const left = new Set(all.keys());
  const costs = all.map((points) => polylineLength(points) + DETOUR);
  while (spare > 0) {
    const dropped = cheapest(left, cellsOf, counts, costs, spare);
    if (dropped === undefined) break;
    left.delete(dropped.pass);
    spare -= dropped.alone;
    for (const cell of cellsOf[dropped.pass]!) counts[cell] = counts[cell]! - 1;
  }
  return {
    headland: passes.headland.filter((_, at) => left.has(at)),
    strokes: passes.strokes.filter((_, at) => left.has(passes.headland.length + at)),
  };
}

/** The pass that covers least alone for its length, of those that can be spared. */
function cheapest(
  left: ReadonlySet<number>,
  cellsOf: readonly Int32Array[],
  counts: Uint8Array,
  costs: readonly Metres[],
  spare: number,
): { pass: number; alone: number } | undefined {
  let best: { pass: number; alone: number } | undefined;
  let least = Infinity;
  for (const pass of left) {
    let alone = 0;
    for (const cell of cellsOf[pass]!) if (codeAt(counts, cell) === 1) alone++;
    const worth = alone / costs[pass]!;
    if (alone <= spare && worth < least) [best, least] = [{ pass, alone }, worth];
  }
  return best;
}

/** The wanted cells under a pass, each once. */
function cellsUnder(floor: Floor, tool: readonly Point[], points: readonly Point[]): Int32Array {
  const cells = new Set<number>();
  sweepAlong(floor, tool, points, undefined, (index) => {
    if (codeAt(floor.wanted, index) === 1) cells.add(index);
  });
  return Int32Array.from(cells);
}
