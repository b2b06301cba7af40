import { isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { ObstacleSpec } from "../world-spec.ts";

/** What light does on a thing: come back, come back only from a glance straight on, or bounce off. */
export type Surface = "plain" | "glass" | "mirror";

/** A solid thing beside the mapped terrain: an obstacle, a person, a door or another robot, in the frame `map`. */
export type Thing = {
  readonly id: string;
  /** Centre and radius of a circle around all of it; of a round thing, the thing itself. */
  readonly x: Metres;
  readonly y: Metres;
  readonly radius: Metres;
  /** `plain` if absent. */
  readonly surface?: Surface;
} & (
  | { readonly shape: "circle" }
  /** A `wall` is open: it has no inside, and no edge from its last point to its first. */
  | { readonly shape: "polygon" | "wall"; readonly outline: readonly Point[]; readonly sense: Sense }
);

/** Which way an outline goes around: 1 = counter-clockwise, -1 = clockwise, 0 = it does not, as it is open. */
export type Sense = 1 | -1 | 0;

/** A `FootprintSpec`: corners in the frame of the base, or a circle around its origin. */
export type Footprint = readonly Point[] | { readonly circle: Metres };

/** An obstacle of a spec as a thing. */
export function obstacleThing(id: string, obstacle: ObstacleSpec): Thing {
  const { surface } = obstacle;
  const skin = surface === undefined ? {} : { surface };
  if ("polygon" in obstacle) return { ...polygonThing(id, obstacle.polygon), ...skin };
  if ("wall" in obstacle) return { ...outlined(id, "wall", obstacle.wall), ...skin };
  const [x, y, radius] = obstacle.circle;
  return { shape: "circle", id, x, y, radius, ...skin };
}

/** A polygon as a thing, enclosed by a circle around the mean of its corners. */
export function polygonThing(id: string, outline: readonly Point[]): Thing {
  return outlined(id, "polygon", outline);
}

/** A body of this footprint at `pose`. */
export function bodyThing(id: string, footprint: Footprint, pose: Pose): Thing {
  const { x, y } = pose;
  if ("circle" in footprint) return { shape: "circle", id, x, y, radius: footprint.circle };
  return new PlacedPolygon(id, footprint, pose);
}

/** A polygon whose corners are computed when somebody looks: a body that moves is looked at in few of its places. */
class PlacedPolygon {
  readonly shape = "polygon";
  readonly id: string;
  readonly x: Metres;
  readonly y: Metres;
  readonly radius: Metres;
  readonly #footprint: readonly Point[];
  readonly #pose: Pose;
  #outline: readonly Point[] | undefined;

  constructor(id: string, footprint: readonly Point[], pose: Pose) {
    this.id = id;
    this.x = pose.x;
    this.y = pose.y;
    this.radius = radiusOf(footprint);
    this.#footprint = footprint;
    this.#pose = pose;
  }

  get outline(): readonly Point[] {
    return (this.#outline ??= placeOutline(this.#footprint, this.#pose));
  }

  get sense(): Sense {
    return senseOf(this.#footprint);
  }
}

/** Radius of the circle around the origin of a footprint that holds all of it. */
export function radiusOf(footprint: Footprint): Metres {
  if ("circle" in footprint) return footprint.circle;
  let squared = 0;
  for (const [x, y] of footprint) squared = Math.max(squared, x * x + y * y);
  return Math.sqrt(squared);
}

function outlined(id: string, shape: "polygon" | "wall", outline: readonly Point[]): Thing {
  const [x, y] = [mean(outline.map((corner) => corner[0])), mean(outline.map((corner) => corner[1]))];
  const radius = Math.max(...outline.map((corner) => Math.hypot(corner[0] - x, corner[1] - y)));
  return { shape, id, x, y, radius, outline, sense: shape === "wall" ? 0 : senseOf(outline) };
}

function senseOf(outline: readonly Point[]): Sense {
  let area = 0;
  let from = outline[outline.length - 1]!;
  for (const to of outline) {
    area += from[0] * to[1] - from[1] * to[0];
    from = to;
  }
  return area < 0 ? -1 : 1;
}

/** The footprint of a body at `pose`, in the frame that `pose` is given in. */
export function placeOutline(footprint: readonly Point[], pose: Pose): Point[] {
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  return footprint.map(([x, y]): Point => [pose.x + cos * x - sin * y, pose.y + sin * x + cos * y]);
}

/** Distance between two things; 0 when they touch or overlap. */
export function gapBetween(a: Thing, b: Thing): Metres {
  if (a.shape === "circle" && b.shape === "circle") {
    return Math.max(0, Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2) - a.radius - b.radius);
  }
  if (a.shape === "circle") return gapToCircle(b, a);
  if (b.shape === "circle") return gapToCircle(a, b);
  return outlineGap(a, b);
}

type Outlined = Exclude<Thing, { shape: "circle" }>;

function gapToCircle(thing: Thing, { x, y, radius }: { x: Metres; y: Metres; radius: Metres }): Metres {
  return Math.max(0, distanceToThing([x, y], thing) - radius);
}

/** Distance from a point to a thing; 0 inside. */
export function distanceToThing(point: Point, thing: Thing): Metres {
  if (thing.shape === "circle") {
    return Math.max(0, Math.sqrt((thing.x - point[0]) ** 2 + (thing.y - point[1]) ** 2) - thing.radius);
  }
  if (thing.shape === "wall") return distanceToLine(point, thing.outline);
  const isNear = (thing.x - point[0]) ** 2 + (thing.y - point[1]) ** 2 <= thing.radius ** 2;
  return isNear ? distanceToPolygon(point, thing.outline) : distanceToBorder(point, thing.outline);
}

/** Distance from a point to a polygon; 0 inside. */
export function distanceToPolygon(point: Point, outline: readonly Point[]): Metres {
  return isInside(point, outline) ? 0 : distanceToBorder(point, outline);
}

/** Distance from a point to the border of a polygon, from either side. */
export function distanceToBorder(point: Point, outline: readonly Point[]): Metres {
  return leastDistance(point, outline, outline.length - 1, 0);
}

/** Distance from a point to an open line. */
function distanceToLine(point: Point, line: readonly Point[]): Metres {
  return leastDistance(point, line, 0, 1);
}

/** The least distance to the edges that end at the corners from `first` on; the first of them begins at the corner `before`. */
function leastDistance([x, y]: Point, outline: readonly Point[], before: number, first: number): Metres {
  let least = Infinity;
  let from = outline[before]!;
  for (let at = first; at < outline.length; at++) {
    const corner = outline[at]!;
    const edgeX = corner[0] - from[0];
    const edgeY = corner[1] - from[1];
    const toX = x - from[0];
    const toY = y - from[1];
    const lengthSquared = edgeX * edgeX + edgeY * edgeY;
    const along = lengthSquared === 0 ? 0 : (toX * edgeX + toY * edgeY) / lengthSquared;
    const clipped = along < 0 ? 0 : along > 1 ? 1 : along;
    const offX = toX - clipped * edgeX;
    const offY = toY - clipped * edgeY;
    // Squares, and one root at the end: this is the inner loop of every clearance.
    least = Math.min(least, offX * offX + offY * offY);
    from = corner;
  }
  return Math.sqrt(least);
}

function outlineGap(a: Outlined, b: Outlined): Metres {
  let least = Infinity;
  for (const corner of a.outline) least = Math.min(least, distanceToThing(corner, b));
  for (const corner of b.outline) least = Math.min(least, distanceToThing(corner, a));
  // Borders may cross only where the corners are nearer than the things are large.
  const isApart = least > 2 * Math.min(a.radius, b.radius);
  return least > 0 && !isApart && doBordersCross(a, b) ? 0 : least;
}

function doBordersCross(a: Outlined, b: Outlined): boolean {
  let from = a.outline[a.outline.length - 1]!;
  for (let at = 0; at < a.outline.length; at++) {
    const to = a.outline[at]!;
    if ((at > 0 || a.shape === "polygon") && doesBorderCross(b, from, to)) return true;
    from = to;
  }
  return false;
}

function doesBorderCross({ outline, shape }: Outlined, a: Point, b: Point): boolean {
  let from = outline[outline.length - 1]!;
  for (let at = 0; at < outline.length; at++) {
    const to = outline[at]!;
    if ((at > 0 || shape === "polygon") && doSegmentsCross(a, b, from, to)) return true;
    from = to;
  }
  return false;
}

function doSegmentsCross(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** Positive when `p` lies to the left of the line from `a` to `b`. */
function side(a: Point, b: Point, p: Point): number {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
