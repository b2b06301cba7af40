import { distanceToSegment, isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { assert } from "#lib/errors";
import { cellAt, coordinateAt, type GridFrame, indexAt, OUTSIDE } from "./grid.ts";

/** The shape of a robot seen from above, in the frame of its base. */
export interface Footprint {
  readonly corners: readonly Point[];
  /** Radius of the largest circle around the origin that lies in the footprint. */
  readonly inscribed: Metres;
  /** Radius of the smallest circle around the origin that holds the footprint. */
  readonly circumscribed: Metres;
  /** Points along the border, `x0, y0, x1, y1, …`, never further apart than `OUTLINE_SPACING`. */
  readonly outline: Float64Array;
}

const OUTLINE_SPACING: Metres = 0.08;

/** Prepares a footprint; its origin (the centre of rotation) must lie inside of the polygon. */
export function makeFootprint(corners: readonly Point[]): Footprint {
  assert(corners.length >= 3 && isInside([0, 0], corners), "a footprint holds its own origin");
  const edges = corners.map((corner, at): [Point, Point] => [corner, corners[(at + 1) % corners.length]!]);
  return {
    corners,
    inscribed: Math.min(...edges.map(([a, b]) => distanceToSegment([0, 0], a, b))),
    circumscribed: Math.max(...corners.map(([x, y]) => Math.hypot(x, y))),
    outline: Float64Array.from(edges.flatMap(([a, b]) => pointsBetween(a, b))),
  };
}

/** Distance of a point (in the frame of the base) to the footprint's border; negative inside. */
export function signedDistance(footprint: Footprint, x: Metres, y: Metres): Metres {
  const { corners } = footprint;
  let nearest = Infinity;
  let inside = false;
  for (let at = 0, before = corners.length - 1; at < corners.length; before = at++) {
    const [a, b] = [corners[at]!, corners[before]!];
    nearest = Math.min(nearest, squaredToSegment(x, y, a, b));
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
}

/**
 * Room around the footprint at a pose: the smallest value of a distance field along its border, cut short at
 * `enough`. Zero when a marked cell is touched; outside of the grid counts as touched.
 */
export function footprintClearance(
  frame: GridFrame,
  field: Float32Array,
  footprint: Footprint,
  pose: Pose,
  enough: Metres,
): Metres {
  const centre = indexAt(frame, pose.x, pose.y);
  if (centre === OUTSIDE) return 0;
  const atCentre = cellAt(field, centre);
  // A circle of the grid's own error around the circumscribed one is free: no need to look at the border.
  if (atCentre >= footprint.circumscribed + frame.resolution + enough) return enough;
  if (atCentre < footprint.inscribed - frame.resolution) return 0;
  return Math.min(enough, leastAlongBorder(frame, field, footprint.outline, pose));
}

/** The innermost loop of planning, so it works on cells directly; stops at the first border point that touches. */
function leastAlongBorder(frame: GridFrame, field: Float32Array, outline: Float64Array, pose: Pose): Metres {
  const { width, height, resolution } = frame;
  const [cos, sin] = [Math.cos(pose.yaw) / resolution, Math.sin(pose.yaw) / resolution];
  const [column, row] = [(pose.x - frame.originX) / resolution, (pose.y - frame.originY) / resolution];
  let least = Infinity;
  for (let at = 0; at < outline.length; at += 2) {
    const [x, y] = [coordinateAt(outline, at), coordinateAt(outline, at + 1)];
    const across = Math.floor(column + cos * x - sin * y);
    const up = Math.floor(row + sin * x + cos * y);
    if (across < 0 || up < 0 || across >= width || up >= height) return 0;
    const here = cellAt(field, up * width + across);
    if (here < least) least = here;
    if (least <= 0) return least;
  }
  return least;
}

/** The footprint's corners at a pose. */
export function cornersAt(footprint: Footprint, pose: Pose): Point[] {
  const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  return footprint.corners.map(([x, y]): Point => [pose.x + cos * x - sin * y, pose.y + sin * x + cos * y]);
}

function squaredToSegment(x: number, y: number, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1);
  const clipped = Math.min(1, Math.max(0, along));
  const [offX, offY] = [x - a[0] - clipped * dx, y - a[1] - clipped * dy];
  return offX * offX + offY * offY;
}

function pointsBetween(a: Point, b: Point): number[] {
  const steps = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / OUTLINE_SPACING));
  return Array.from({ length: steps }, (_, step) => [
    a[0] + ((b[0] - a[0]) * step) / steps,
    a[1] + ((b[1] - a[1]) * step) / steps,
  ]).flat();
}
