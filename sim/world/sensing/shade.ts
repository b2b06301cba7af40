import type { Metres, Radians } from "#lib/units";
import type { Thing } from "../space/shapes.ts";
import { type Fan, forRaysWithin, type View } from "./fan.ts";
import type { Horizon } from "./horizon.ts";

/** Shortens the rays that hit a thing. `horizon`, if given, has looked at these ranges. */
export function shade(
  ranges: Float32Array,
  fan: Fan,
  view: View,
  thing: Thing,
  rangeMax: Metres,
  horizon?: Horizon,
): void {
  const dx = thing.x - view.x;
  const dy = thing.y - view.y;
  const { radius } = thing;
  const squared = dx * dx + dy * dy;
  if (squared > (rangeMax + radius) ** 2) return;
  const away = Math.sqrt(squared);
  const isWithin = away <= radius;
  if (isWithin && thing.shape === "circle") {
    ranges.fill(0);
    return;
  }
  const x = view.turnCos * dx + view.turnSin * dy;
  const y = view.turnCos * dy - view.turnSin * dx;
  if (horizon?.hides(x, y, away, radius)) return;
  const half = isWithin ? Math.PI : ARC_MARGIN + arcSineAbove(radius / away);
  forRaysWithin(fan, bearingNear(x, y) - half, 2 * half, (first, last) => {
    if (isHidden(ranges, first, last, away - radius)) return;
    if (thing.shape === "circle") shadeCircle(ranges, fan, { x, y, radius }, first, last);
    else shadeEdges(ranges, fan, view, thing, first, last);
  });
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
function isHidden(ranges: Float32Array, first: number, last: number, nearest: Metres): boolean {
  for (let ray = first; ray <= last; ray++) if (ranges[ray]! > nearest) return false;
  return true;
}

function shadeCircle(
  ranges: Float32Array,
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

/** Intersects rays with the edges of a thing: few with all, many only with those that they may hit. */
function shadeEdges(ranges: Float32Array, fan: Fan, view: View, thing: Outlined, first: number, last: number): void {
  const { outline, shape } = thing;
  const areFew = last - first < FEW_RAYS;
  const edge = { fromX: 0, fromY: 0, toX: 0, toY: 0 };
  for (let at = -1; at < outline.length; at++) {
    const [x, y] = outline[at < 0 ? outline.length - 1 : at]!;
    edge.fromX = edge.toX;
    edge.fromY = edge.toY;
    edge.toX = view.turnCos * (x - view.x) + view.turnSin * (y - view.y);
    edge.toY = view.turnCos * (y - view.y) - view.turnSin * (x - view.x);
    if (at < 0 || (at === 0 && shape === "wall")) continue;
    if (areFew) shadeEdge(ranges, fan, edge, first, last);
    else shadeFacing(ranges, fan, edge);
  }
}

/** Both ends of an edge in the frame of the lidar. */
interface Edge {
  readonly fromX: Metres;
  readonly fromY: Metres;
  readonly toX: Metres;
  readonly toY: Metres;
}

function shadeFacing(ranges: Float32Array, fan: Fan, edge: Edge): void {
  const from = Math.atan2(edge.fromY, edge.fromX);
  const turn = Math.atan2(edge.toY, edge.toX) - from;
  const width = turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn;
  const start = (width < 0 ? from + width : from) - ARC_MARGIN;
  forRaysWithin(fan, start, Math.abs(width) + 2 * ARC_MARGIN, (first, last) =>
    shadeEdge(ranges, fan, edge, first, last),
  );
}

/** Cramer's rule for where a ray meets the line of the edge: `area / across` along the ray, `beside / across` along the edge. */
function shadeEdge(
  ranges: Float32Array,
  { cos, sin }: Fan,
  { fromX, fromY, toX, toY }: Edge,
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
