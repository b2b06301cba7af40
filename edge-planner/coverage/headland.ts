import { distanceToSegment, type Point, polylineLength, wrapAngle } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";
import { cellCentreX, cellCentreY, codeAt, indexAt, OUTSIDE } from "../grid.ts";
import { type Floor, halfWidthOf } from "./floor.ts";
import { type Covered, makeProbe } from "./strokes.ts";
import { sweepAlong } from "./tool-sweep.ts";

/** A way along walls is straightened by leaving its cells by no more than this. */
const STRAIGHTENED: Metres = 0.05;
/** Loops around less than a chair leg are not worth the turns. */
const LEAST_LOOP: Metres = 0.8;
const WORTH = 0.35;
const BRIDGE: Metres = 1;
const LEAST_PART: Metres = 0.5;
/** Walls are sorted by their angle into bins of this many radians. */
const BIN: Radians = Math.PI / 60;

/** The ways around the floor as near to walls and obstacles as the robot gets: closed polylines, longest first. */
export function contoursOf(floor: Floor): Point[][] {
  const seen = new Uint8Array(floor.open.length);
  const loops: Point[][] = [];
  for (let index = floor.width; index < floor.open.length; index++) {
    const isEdge = codeAt(floor.open, index) === 1 && codeAt(floor.open, index - floor.width) === 0;
    if (!isEdge || seen[index] === 1) continue;
    const cells = traceFrom(floor, index, seen);
    const points = cells.map((cell): Point => [cellCentreX(floor, cell), cellCentreY(floor, cell)]);
    const loop = simplified(floor, [...points, points[0]!]);
    if (polylineLength(loop) >= LEAST_LOOP) loops.push(loop);
  }
  return loops.toSorted((a, b) => polylineLength(b) - polylineLength(a));
}

/** The angle, from 0 to below a quarter turn, that most of the walls have or are square to; 0 where there are none. */
export function wallAngle(contours: readonly (readonly Point[])[]): Radians {
  const bins = new Float64Array(Math.round(Math.PI / 2 / BIN));
  for (const loop of contours) {
    for (let at = 1; at < loop.length; at++) {
      const [a, b] = [loop[at - 1]!, loop[at]!];
      const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
      const angle = (wrapAngle(Math.atan2(dy, dx)) + 2 * Math.PI) % (Math.PI / 2);
      // Long walls count more than the sum of as many short ones: the steps of round things have all angles.
      const bin = Math.round(angle / BIN) % bins.length;
      bins[bin] = bins[bin]! + (dx * dx + dy * dy);
    }
  }
  let best = 0;
  for (let bin = 1; bin < bins.length; bin++) if (bins[bin]! > bins[best]!) best = bin;
  return best * BIN;
}

/** The parts of the contours along which there is something to cover, marked as covered. */
export function layHeadland(
  floor: Floor,
  tool: readonly Point[],
  covered: Covered,
  contours: readonly (readonly Point[])[],
): Point[][] {
  const parts: Point[][] = [];
  for (const loop of contours) {
    for (const part of worthwhile(floor, covered, halfWidthOf(tool), loop)) {
      if (polylineLength(part) < LEAST_PART) continue;
      parts.push(part);
      sweepAlong(floor, tool, part, undefined, (index) => void (covered[index] = 1));
    }
  }
  return parts;
}

/** Whether the middle of the robot may be all along a straight line. */
export function isOpenLine(floor: Floor, a: Point, b: Point): boolean {
  const steps = Math.max(1, Math.ceil((2 * Math.hypot(b[0] - a[0], b[1] - a[1])) / floor.resolution));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const index = indexAt(floor, a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share);
    if (index === OUTSIDE || codeAt(floor.open, index) === 0) return false;
  }
  return true;
}

/** East, north, west, south: how a step changes the corner of cells that the tracer stands on. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;
/** The cell to the left of a step in each direction, from the corner where it begins. */
const LEFT = [
  [0, 0],
  [-1, 0],
  [-1, -1],
  [0, -1],
] as const;

/** The open cells along one border, with the closed ones on the right. */
function traceFrom(floor: Floor, start: number, seen: Uint8Array): number[] {
  const { width, open } = floor;
  const isOpen = (column: number, row: number): boolean => codeAt(open, row * width + column) === 1;
  const leftOf = (x: number, y: number, way: number): [number, number] => [x + LEFT[way]![0], y + LEFT[way]![1]];
  const isBorder = (x: number, y: number, way: number): boolean =>
    isOpen(...leftOf(x, y, way)) && !isOpen(...leftOf(x, y, (way + 3) % 4));
  const [startX, startY] = [start % width, Math.floor(start / width)];
  const cells: number[] = [];
  let [x, y, way] = [startX, startY, 0];
  do {
    const [column, row] = leftOf(x, y, way);
    const cell = row * width + column;
    if (cells.at(-1) !== cell) cells.push(cell);
    if (way === 0) seen[cell] = 1;
    x += STEPS[way]![0];
    y += STEPS[way]![1];
    way = [way + 1, way, way + 3, way + 2].map((turn) => turn % 4).find((turn) => isBorder(x, y, turn))!;
  } while (x !== startX || y !== startY || way !== 0);
  return cells;
}

/** Source: D. Douglas, T. Peucker, "Algorithms for the reduction of the number of points", 1973; never through closed cells. */
function simplified(floor: Floor, points: readonly Point[]): Point[] {
  const kept = new Set([0, points.length - 1]);
  // A loop ends where it begins: without a point on its far side there would be no line to measure from.
  const far = furthestFrom(points, 0, points.length - 1);
  const open: [number, number][] = [
    [0, far.at],
    [far.at, points.length - 1],
  ];
  kept.add(far.at);
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    if (to - from < 2) continue;
    const { at, off } = furthestFrom(points, from, to);
    if (off <= STRAIGHTENED && isOpenLine(floor, points[from]!, points[to]!)) continue;
    const middle = off > 0 ? at : Math.floor((from + to) / 2);
    kept.add(middle);
    open.push([from, middle], [middle, to]);
  }
  return points.filter((_, at) => kept.has(at));
}

function furthestFrom(points: readonly Point[], from: number, to: number): { at: number; off: Metres } {
  let [at, off] = [from, 0];
  for (let index = from + 1; index < to; index++) {
    const away = distanceToSegment(points[index]!, points[from]!, points[to]!);
    if (away > off) [at, off] = [index, away];
  }
  return { at, off };
}

/** Parts of a polyline along which enough is new; the whole of it stays one. */
function worthwhile(floor: Floor, covered: Covered, halfWidth: Metres, line: readonly Point[]): Point[][] {
  const parts: { points: Point[]; gap: Metres; good: number }[] = [];
  for (let at = 1; at < line.length; at++) {
    const [a, b] = [line[at - 1]!, line[at]!];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const probe = makeProbe(floor, covered, halfWidth, Math.atan2(b[1] - a[1], b[0] - a[0]));
    const steps = Math.max(1, Math.ceil(length / (2 * floor.resolution)));
    for (let step = at === 1 ? 0 : 1; step <= steps; step++) {
      const point: Point = [a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps];
      const isGood = probe.gainAt(point[0], point[1]) >= WORTH * probe.width;
      const part = parts.at(-1);
      const isOpen = part !== undefined && part.gap <= BRIDGE;
      if (isOpen) {
        // Points in between lie on the same straight line and are left out again below.
        part.points.push(point);
        if (isGood) [part.gap, part.good] = [0, part.points.length];
        else part.gap += length / steps;
      } else if (isGood) parts.push({ points: [point], gap: 0, good: 1 });
    }
  }
  return parts.map(({ points, good }) => withoutStraights(points.slice(0, good)));
}

function withoutStraights(points: readonly Point[]): Point[] {
  return points.filter((point, at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    return !before || !after || distanceToSegment(point, before, after) > 1e-6;
  });
}
