import type { Metres, Radians } from "#lib/units";
import type { Point } from "#lib/geometry";
import { type Floor, halfWidthOf } from "./floor.ts";
import { type Covered, linesOf, makeProbe, type Probe, runsOf, type Stroke, strokeOf } from "./strokes.ts";
import { sweepAlong } from "./tool-sweep.ts";

/** Of a fill, a part is driven from which at least this share of the tool's width is new. */
const WORTH = 0.15;
const BRIDGE: Metres = 0.5;
/** What getting to a fill and back takes, about. */
const DETOUR: Metres = 1;
/** A fill is looked at again, not taken, when it has lost more than this share of its worth to others. */
const KEPT = 0.8;

interface Fill {
  readonly stroke: Stroke;
  readonly probe: Probe;
  readonly direction: Radians;
  readonly worth: number;
}

/**
 * Short passes over what larger ones have left, those first that cover most for their length and the way to them, until as
 * many cells are covered as are asked for or nothing is worth a pass; marked as covered.
 */
export function layFills(
  floor: Floor,
  tool: readonly Point[],
  covered: Covered,
  directions: readonly Radians[],
  missing: number,
): Stroke[] {
  let left = missing;
  const fills: Stroke[] = [];
  while (left > 0) {
    const found = directions
      .flatMap((direction) => candidates(floor, tool, covered, direction))
      .toSorted((a, b) => b.worth - a.worth);
    let taken = 0;
    for (const fill of found) {
      if (left <= 0) break;
      if (worthOf(fill.stroke, fill.probe, floor) < KEPT * fill.worth) continue;
      let gained = 0;
      sweepAlong(floor, tool, fill.stroke.points, undefined, (index) => {
        if (floor.wanted[index] === 1 && covered[index] === 0) gained++;
        covered[index] = 1;
      });
      if (gained === 0) continue;
      left -= gained;
      taken++;
      fills.push(fill.stroke);
    }
    if (taken === 0) break;
  }
  return fills;
}

function candidates(floor: Floor, tool: readonly Point[], covered: Covered, direction: Radians): Fill[] {
  const lines = linesOf(floor, direction);
  const probe = makeProbe(floor, covered, halfWidthOf(tool), direction);
  const bridge = Math.round(BRIDGE / lines.step);
  const fills: Fill[] = [];
  for (let row = 0; row < lines.rows; row++) {
    const across = lines.acrossOf(row);
    for (const [first, last] of runsOf(lines, row)) {
      const parts: [number, number][] = [];
      for (let column = first; column <= last; column++) {
        const [x, y] = lines.pointAt(lines.alongOf(column), across);
        if (probe.gainAt(x, y) < WORTH * probe.width) continue;
        const part = parts.at(-1);
        if (part && column - part[1] <= bridge) part[1] = column;
        else parts.push([column, column]);
      }
      for (const [from, to] of parts) {
        // A pass of no length has no direction.
        const start = from === to ? Math.max(first, from - 1) : from;
        const end = from === to ? Math.min(last, to + 1) : to;
        const stroke = strokeOf(lines, across, lines.alongOf(start), lines.alongOf(end));
        fills.push({ stroke, probe, direction, worth: worthOf(stroke, probe, floor) });
      }
    }
  }
  return fills;
}

/** New floor for each metre of tool's width that is driven for it; 1 at its best. */
function worthOf({ points: [a, b], from, to }: Stroke, { gainAt, width }: Probe, { resolution }: Floor): number {
  const length = to - from;
  const steps = Math.max(1, Math.round(length / resolution));
  let gain = 0;
  for (let step = 0; step <= steps; step++) {
    gain += gainAt(a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps);
  }
  return (gain * resolution) / (width * (length + DETOUR));
}
