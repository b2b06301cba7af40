import type { Metres, Radians } from "#lib/units";
import type { Thing } from "../space/shapes.ts";
import { angleFromFirst, type Fan, TURN, type View } from "./fan.ts";

/** Shortens the rays that hit a thing, which must be within the range of the lidar. */
export function shade(ranges: Float64Array, fan: Fan, view: View, thing: Thing): void {
  const dx = thing.x - view.x;
  const dy = thing.y - view.y;
  const { radius } = thing;
  const away = Math.sqrt(dx * dx + dy * dy);
  const isWithin = away <= radius;
  if (isWithin && thing.shape === "circle") {
    ranges.fill(0);
    return;
  }
  const x = view.turnCos * dx + view.turnSin * dy;
  const y = view.turnCos * dy - view.turnSin * dx;
  const half = isWithin ? Math.PI : ARC_MARGIN + arcSineAbove(radius / away);
  // The arc begins in this turn, or began in the one before and reaches into it.
  for (let start = angleFromFirst(fan, bearingNear(x, y) - half); start > -2 * half; start -= TURN) {
    const first = firstRay(fan, start);
    const last = lastRay(fan, start + 2 * half);
    if (isHidden(ranges, first, last, away - radius)) continue;
    if (thing.shape === "circle") shadeCircle(ranges, fan, { x, y, radius }, first, last);
    else shadeEdges(ranges, fan, view, thing, { first, last, isWithin });
  }
}

function firstRay({ angleStep }: Fan, from: Radians): number {
  return Math.max(0, Math.ceil(from / angleStep));
}

function lastRay({ angleStep, cos }: Fan, to: Radians): number {
  return Math.min(cos.length - 1, Math.floor(to / angleStep));
}

/** `bearingNear` errs by less than this. */
const ARC_MARGIN: Radians = 0.005;

/** The bearing of a point, about: which rays it is tried against need not be exact, and `Math.atan2` is slow. */
function bearingNear(x: Metres, y: Metres): Radians {
  const [across, along] = [Math.abs(y), Math.abs(x)];
  const isSteep = across > along;
  const slope = isSteep ? along / across : across / along;
  // S. Rajan et al., "Efficient Approximations for the Arctangent Function", IEEE Signal Processing Magazine 23(3), 2006, eq. 9.
  const octant = slope * (Math.PI / 4 + 0.273 * (1 - slope));
  const quadrant = isSteep ? Math.PI / 2 - octant : octant;
  const half = x < 0 ? Math.PI - quadrant : quadrant;
  return y < 0 ? -half : half;
}

/** Not less than the arc sine of a value from 0 to 1. */
function arcSineAbove(value: number): Radians {
  return value * (1 + 0.571 * value * value);
}

/** Whether each of the rays ends before the thing begins. */
function isHidden(ranges: Float64Array, first: number, last: number, nearest: Metres): boolean {
  for (let ray = first; ray <= last; ray++) if (ranges[ray]! > nearest) return false;
  return true;
}

function shadeCircle(
  ranges: Float64Array,
  { cos, sin }: Fan,
  circle: { readonly x: Metres; readonly y: Metres; readonly radius: Metres },
  first: number,
  last: number,
): void {
  const { x, y, radius } = circle;
  for (let ray = first; ray <= last; ray++) {
    const beside = cos[ray]! * y - sin[ray]! * x;
    const depthSquared = radius * radius - beside * beside;
    if (depthSquared < 0) continue;
    const hit = cos[ray]! * x + sin[ray]! * y - Math.sqrt(depthSquared);
    if (hit < ranges[ray]!) ranges[ray] = hit;
  }
}

type Outlined = Exclude<Thing, { shape: "circle" }>;

/** So many rays are tried against every edge without asking first which of them may hit it. */
const FEW_RAYS = 24;

/** Rays that may hit a thing, and whether the lidar is within the circle around it. */
interface Arc {
  readonly first: number;
  readonly last: number;
  readonly isWithin: boolean;
}

/** Intersects rays with the edges of a thing: few with all, many only with those that they may hit. From outside, the far sides of a polygon are hidden. */
function shadeEdges(ranges: Float64Array, fan: Fan, view: View, thing: Outlined, arc: Arc): void {
  const { outline, shape, sense } = thing;
  const { first, last } = arc;
  const areFew = last - first < FEW_RAYS;
  const facing = arc.isWithin ? 0 : sense;
  let fromX = 0;
  let fromY = 0;
  for (let at = -1; at < outline.length; at++) {
    const corner = outline[at < 0 ? outline.length - 1 : at]!;
    const dx = corner[0] - view.x;
    const dy = corner[1] - view.y;
    const toX = view.turnCos * dx + view.turnSin * dy;
    const toY = view.turnCos * dy - view.turnSin * dx;
    const isEdge = at > 0 || (at === 0 && shape === "polygon");
    // The lidar is on the inner side of an edge that is turned away.
    if (isEdge && facing * (fromX * toY - fromY * toX) <= 0) {
      if (areFew) shadeEdge(ranges, fan, fromX, fromY, toX, toY, first, last);
      else shadeFacing(ranges, fan, fromX, fromY, toX, toY);
    }
    fromX = toX;
    fromY = toY;
  }
}

function shadeFacing(ranges: Float64Array, fan: Fan, fromX: Metres, fromY: Metres, toX: Metres, toY: Metres): void {
  const from = Math.atan2(fromY, fromX);
  const turn = Math.atan2(toY, toX) - from;
  const width = turn > Math.PI ? turn - TURN : turn < -Math.PI ? turn + TURN : turn;
  const arc = Math.abs(width) + 2 * ARC_MARGIN;
  for (let start = angleFromFirst(fan, Math.min(from, from + width) - ARC_MARGIN); start > -arc; start -= TURN) {
    shadeEdge(ranges, fan, fromX, fromY, toX, toY, firstRay(fan, start), lastRay(fan, start + arc));
  }
}

/** Cramer's rule for where a ray meets the line of an edge, given in the frame of the lidar: `area / across` along the ray, `beside / across` along the edge. */
function shadeEdge(
  ranges: Float64Array,
  { cos, sin }: Fan,
  fromX: Metres,
  fromY: Metres,
  toX: Metres,
  toY: Metres,
  first: number,
  last: number,
): void {
  const edgeX = toX - fromX;
  const edgeY = toY - fromY;
  const area = fromX * edgeY - fromY * edgeX;
  // Both are turned so that `area` is positive; a ray that then has no positive `across` leads away from the edge, or along it.
  const side = area < 0 ? -1 : 1;
  for (let ray = first; ray <= last; ray++) {
    const across = side * (cos[ray]! * edgeY - sin[ray]! * edgeX);
    if (!(across > 0)) continue;
    const beside = side * (sin[ray]! * fromX - cos[ray]! * fromY);
    // Rounding must not let a ray slip between two edges through their common corner.
    if (beside < -GRAZE || beside > across + GRAZE) continue;
    const hit = (side * area) / across;
    if (hit < ranges[ray]!) ranges[ray] = hit;
  }
}

const GRAZE = 1e-9;
