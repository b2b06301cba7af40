import type { Point } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";
import { codeAt, indexAt, OUTSIDE } from "../grid.ts";
import { type Floor, halfWidthOf } from "./floor.ts";
import { sweepAlong } from "./tool-sweep.ts";

/** A straight pass of the tool. */
export interface Stroke {
  readonly points: readonly [Point, Point];
  /** Its row, counted across the direction of the pass, and where it begins and ends along it, in metres. */
  readonly across: Metres;
  readonly from: Metres;
  readonly to: Metres;
}

/** What has been covered so far, cell by cell of the floor. */
export type Covered = Uint8Array;

/** Passes overlap by this share of the tool's width, as nobody drives exactly straight. */
export const OVERLAP = 0.1;
/** Of a pass, a part is driven from which at least this share of the tool's width is new. */
const WORTH = 0.4;
/** Parts of one line that are nearer to each other are one. */
const BRIDGE: Metres = 0.8;
/** A part that must be covered now or never is left to the fills where it is shorter. */
const LEAST_DUE: Metres = 0.2;
const LEAST_STROKE: Metres = 0.3;

/**
 * Parallel passes in one direction over what is not covered yet, marked as covered on the way. The rows are gone through from
 * one side to the other; a pass is laid where floor would be left behind if it were laid any later. So passes keep the
 * largest distance that still overlaps, and begin anew beside each obstacle.
 */
export function layStrokes(floor: Floor, tool: readonly Point[], covered: Covered, direction: Radians): Stroke[] {
  const lines = linesOf(floor, direction);
  const probe = makeProbe(floor, covered, halfWidthOf(tool), direction);
  const strokes: Stroke[] = [];
  for (let row = 0; row < lines.rows; row++) {
    const across = lines.acrossOf(row);
    for (const run of runsOf(lines, row)) {
      for (const [from, to] of dueParts(lines, probe, row, run)) {
        const stroke = strokeOf(lines, across, from, to);
        strokes.push(stroke);
        sweepAlong(floor, tool, stroke.points, undefined, (index) => void (covered[index] = 1));
      }
    }
  }
  return strokes;
}

/** Rows of cells at any angle. */
export interface Lines {
  readonly rows: number;
  readonly columns: number;
  readonly step: Metres;
  readonly acrossOf: (row: number) => Metres;
  readonly alongOf: (column: number) => Metres;
  readonly pointAt: (along: Metres, across: Metres) => Point;
  /** Whether the middle of the robot may be there. */
  readonly isOpen: (column: number, row: number) => boolean;
}

/** Rows across a direction that hold the whole floor. */
export function linesOf(floor: Floor, direction: Radians): Lines {
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  const { originX, originY, resolution: step } = floor;
  const corners: Point[] = [0, floor.width * step].flatMap((x) =>
    [0, floor.height * step].map((y): Point => [originX + x, originY + y]),
  );
  const alongs = corners.map(([x, y]) => cos * x + sin * y);
  const acrosses = corners.map(([x, y]) => -sin * x + cos * y);
  const [left, bottom] = [Math.min(...alongs), Math.min(...acrosses)];
  const alongOf = (column: number): Metres => left + (column + 0.5) * step;
  const acrossOf = (row: number): Metres => bottom + (row + 0.5) * step;
  const pointAt = (along: Metres, across: Metres): Point => [cos * along - sin * across, sin * along + cos * across];
  const isOpen = (column: number, row: number): boolean => {
    const [x, y] = pointAt(alongOf(column), acrossOf(row));
    const index = indexAt(floor, x, y);
    return index !== OUTSIDE && codeAt(floor.open, index) === 1;
  };
  const columns = Math.ceil((Math.max(...alongs) - left) / step);
  return {
    rows: Math.ceil((Math.max(...acrosses) - bottom) / step),
    columns,
    step,
    acrossOf,
    alongOf,
    pointAt,
    isOpen,
  };
}

/** Stretches of a row, as columns, both ends included, on which the middle of the robot may be. */
export function runsOf({ columns, isOpen }: Lines, row: number): [number, number][] {
  const runs: [number, number][] = [];
  let start = -1;
  for (let column = 0; column <= columns; column++) {
    const isIn = column < columns && isOpen(column, row);
    if (isIn && start < 0) start = column;
    if (isIn || start < 0) continue;
    if (column > start) runs.push([start, column - 1]);
    start = -1;
  }
  return runs;
}

/** What a tool across the direction of travel would newly cover at a point. */
export interface Probe {
  /** Cells that it crosses. */
  readonly width: number;
  /** Of these, the wanted ones that are not covered. */
  readonly gainAt: (x: Metres, y: Metres) => number;
  /** Whether the last cell on the right, less the overlap, is wanted and not covered. */
  readonly isDueAt: (x: Metres, y: Metres) => boolean;
}

export function makeProbe(floor: Floor, covered: Covered, halfWidth: Metres, direction: Radians): Probe {
  const { resolution, wanted } = floor;
  const [acrossX, acrossY] = [-Math.sin(direction), Math.cos(direction)];
  const half = Math.floor(halfWidth / resolution - 0.5);
  const isNew = (x: Metres, y: Metres, cells: number): boolean => {
    const index = indexAt(floor, x + acrossX * cells * resolution, y + acrossY * cells * resolution);
    return index !== OUTSIDE && codeAt(wanted, index) === 1 && codeAt(covered, index) === 0;
  };
  const edge = Math.floor((halfWidth * (1 - OVERLAP)) / resolution - 0.5);
  return {
    width: 2 * half + 1,
    gainAt(x, y) {
      let gain = 0;
      for (let cells = -half; cells <= half; cells++) if (isNew(x, y, cells)) gain++;
      return gain;
    },
    isDueAt: (x, y) => isNew(x, y, -edge),
  };
}

/** The parts of a run that are laid now, in metres along it: what is due, and what beside it is worth a pass. */
function dueParts(lines: Lines, probe: Probe, row: number, [first, last]: [number, number]): [Metres, Metres][] {
  const across = lines.acrossOf(row);
  const parts: { from: number; to: number; due: number }[] = [];
  const bridge = Math.round(BRIDGE / lines.step);
  for (let column = first; column <= last; column++) {
    const [x, y] = lines.pointAt(lines.alongOf(column), across);
    // Where the row above is closed, there is no later pass.
    const isLast = row + 1 >= lines.rows || !lines.isOpen(column, row + 1);
    const gain = probe.gainAt(x, y);
    const isDue = (probe.isDueAt(x, y) || isLast) && gain >= WORTH * probe.width;
    if (gain < WORTH * probe.width) continue;
    const part = parts.at(-1);
    if (part && column - part.to <= bridge) {
      part.to = column;
      part.due += isDue ? 1 : 0;
    } else parts.push({ from: column, to: column, due: isDue ? 1 : 0 });
  }
  return parts
    .filter(({ from, to, due }) => due * lines.step >= LEAST_DUE && (to - from) * lines.step >= LEAST_STROKE)
    .map(({ from, to }) => [lines.alongOf(from), lines.alongOf(to)]);
}

export function strokeOf(lines: Lines, across: Metres, from: Metres, to: Metres): Stroke {
  return { points: [lines.pointAt(from, across), lines.pointAt(to, across)], across, from, to };
}
