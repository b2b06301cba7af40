import type { Metres, MetresPerSecond, Radians, RadiansPerSecond } from "./units.ts";

/** A point in a plane, in metres. */
export type Point = readonly [x: Metres, y: Metres];

/** Position and heading in a frame that the name of the value tells. */
export interface Pose {
  readonly x: Metres;
  readonly y: Metres;
  readonly yaw: Radians;
}

/** Velocity of a base in its own frame: forward, and turning counter-clockwise. */
export interface Velocity {
  readonly linear: MetresPerSecond;
  readonly angular: RadiansPerSecond;
}

/** The pose of an `[x, y, yaw]` triple, as wire formats and files write it. */
export function poseFrom(triple: readonly [number, number, number]): Pose {
  return { x: triple[0], y: triple[1], yaw: triple[2] };
}

/** The same angle in (-pi, pi]. */
export function wrapAngle(angle: Radians): Radians {
  const turns = Math.ceil((angle - Math.PI) / (2 * Math.PI));
  return angle - turns * 2 * Math.PI;
}

/** Straight-line distance. */
export function distance(a: { x: Metres; y: Metres }, b: { x: Metres; y: Metres }): Metres {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** `local`, given in the frame of `parent`, in the frame that `parent` is given in. */
export function compose(parent: Pose, local: Pose): Pose {
  const [cos, sin] = [Math.cos(parent.yaw), Math.sin(parent.yaw)];
  return {
    x: parent.x + cos * local.x - sin * local.y,
    y: parent.y + sin * local.x + cos * local.y,
    yaw: wrapAngle(parent.yaw + local.yaw),
  };
}

/** `pose` seen from `origin`: the inverse of `compose(origin, …)`. */
export function relativeTo(origin: Pose, pose: Pose): Pose {
  const [cos, sin] = [Math.cos(origin.yaw), Math.sin(origin.yaw)];
  const [dx, dy] = [pose.x - origin.x, pose.y - origin.y];
  return { x: cos * dx + sin * dy, y: -sin * dx + cos * dy, yaw: wrapAngle(pose.yaw - origin.yaw) };
}

/** Whether the point lies in the polygon (even-odd rule; the border may fall on either side). */
export function isInside(point: Point, polygon: readonly Point[]): boolean {
  const px = point[0];
  const py = point[1];
  let inside = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
    const ax = polygon[at]![0];
    const ay = polygon[at]![1];
    const bx = polygon[before]![0];
    const by = polygon[before]![1];
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Distance from a point to the segment a-b. */
export function distanceToSegment(point: Point, a: Point, b: Point): Metres {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const lengthSquared = dx * dx + dy * dy;
  const along = lengthSquared === 0 ? 0 : ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / lengthSquared;
  const clipped = Math.min(1, Math.max(0, along));
  return Math.hypot(point[0] - a[0] - clipped * dx, point[1] - a[1] - clipped * dy);
}

/** Length of an open polyline. */
export function polylineLength(points: readonly Point[]): Metres {
  let length = 0;
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    length += Math.hypot(b[0] - a[0], b[1] - a[1]);
  }
  return length;
}

/** The point `along` metres down a polyline (clipped to its ends) and the direction of travel there. */
export function pointAlong(points: readonly Point[], along: Metres): Pose {
  let left = Math.max(0, along);
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const isLast = at === points.length - 1;
    if (length > 0 && (left <= length || isLast)) {
      const share = Math.min(1, left / length);
      return {
        x: a[0] + (b[0] - a[0]) * share,
        y: a[1] + (b[1] - a[1]) * share,
        yaw: Math.atan2(b[1] - a[1], b[0] - a[0]),
      };
    }
    left -= length;
  }
  const only = points[points.length - 1] ?? [0, 0];
  return { x: only[0], y: only[1], yaw: 0 };
}
