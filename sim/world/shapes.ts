import { isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { ObstacleSpec } from "./world-spec.ts";

/** A solid thing beside the mapped terrain: an obstacle, a person or another robot, in the frame `map`. */
export type Thing =
  | { readonly shape: "circle"; readonly id: string; readonly x: Metres; readonly y: Metres; readonly radius: Metres }
  | {
      readonly shape: "polygon";
      readonly id: string;
      /** Centre and radius of a circle around the outline. */
      readonly x: Metres;
      readonly y: Metres;
      readonly radius: Metres;
      readonly outline: readonly Point[];
    };

/** An obstacle of a spec as a thing. */
export function obstacleThing(id: string, obstacle: ObstacleSpec): Thing {
  if ("polygon" in obstacle) return polygonThing(id, obstacle.polygon);
  const [x, y, radius] = obstacle.circle;
  return { shape: "circle", id, x, y, radius };
}

/** A polygon as a thing, enclosed by a circle around the mean of its corners. */
export function polygonThing(id: string, outline: readonly Point[]): Thing {
  const [x, y] = [mean(outline.map((corner) => corner[0])), mean(outline.map((corner) => corner[1]))];
  const radius = Math.max(...outline.map((corner) => Math.hypot(corner[0] - x, corner[1] - y)));
  return { shape: "polygon", id, x, y, radius, outline };
}

/** The footprint of a body at `pose`, in the frame that `pose` is given in. */
export function placeOutline(footprint: readonly Point[], pose: Pose): Point[] {
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  return footprint.map(([x, y]) => [pose.x + cos * x - sin * y, pose.y + sin * x + cos * y]);
}

/** Distance from a polygon to a thing; 0 when they touch. */
export function gapTo(outline: readonly Point[], thing: Thing): Metres {
  return thing.shape === "circle"
    ? Math.max(0, distanceToPolygon([thing.x, thing.y], outline) - thing.radius)
    : polygonGap(outline, thing.outline);
}

/** Distance from a point to a polygon; 0 inside. */
export function distanceToPolygon(point: Point, outline: readonly Point[]): Metres {
  return isInside(point, outline) ? 0 : distanceToBorder(point, outline);
}

/** Distance from a point to the border of a polygon, from either side. */
export function distanceToBorder([x, y]: Point, outline: readonly Point[]): Metres {
  let least = Infinity;
  let before = outline[outline.length - 1]!;
  for (const corner of outline) {
    const [edgeX, edgeY, toX, toY] = [corner[0] - before[0], corner[1] - before[1], x - before[0], y - before[1]];
    const lengthSquared = edgeX * edgeX + edgeY * edgeY;
    const along = lengthSquared === 0 ? 0 : (toX * edgeX + toY * edgeY) / lengthSquared;
    const clipped = along < 0 ? 0 : along > 1 ? 1 : along;
    const [offX, offY] = [toX - clipped * edgeX, toY - clipped * edgeY];
    // Squares, and one root at the end: this is the inner loop of every clearance.
    least = Math.min(least, offX * offX + offY * offY);
    before = corner;
  }
  return Math.sqrt(least);
}

/** Distance between two simple polygons, convex or not; 0 when they overlap. */
export function polygonGap(a: readonly Point[], b: readonly Point[]): Metres {
  let least = Infinity;
  for (const corner of a) least = Math.min(least, distanceToPolygon(corner, b));
  for (const corner of b) least = Math.min(least, distanceToPolygon(corner, a));
  return least > 0 && doBordersCross(a, b) ? 0 : least;
}

function doBordersCross(a: readonly Point[], b: readonly Point[]): boolean {
  for (let i = 0, beforeI = a.length - 1; i < a.length; beforeI = i++) {
    for (let j = 0, beforeJ = b.length - 1; j < b.length; beforeJ = j++) {
      if (doSegmentsCross(a[beforeI]!, a[i]!, b[beforeJ]!, b[j]!)) return true;
    }
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
