import { type Point, type Pose, wrapAngle } from "#lib/geometry";
import type { Radians } from "#lib/units";

/** A part of a way without sharp corners, and how the robot stands at its end: ready for the next. */
export interface Leg {
  readonly line: readonly Point[];
  readonly end: Pose;
}

/** At sharper corners the robot stops and turns on the spot: cutting them would leave floor. */
const SHARP: Radians = 0.35;

/** A polyline cut at its sharp corners. */
export function legsOf(points: readonly Point[]): Leg[] {
  const way = points.filter((point, at) => at === 0 || Math.hypot(point[0] - points[at - 1]![0], point[1] - points[at - 1]![1]) > 1e-3); // prettier-ignore
  const legs: { line: Point[]; yaw: Radians }[] = [];
  for (let at = 1; at < way.length; at++) {
    const [a, b] = [way[at - 1]!, way[at]!];
    const yaw = Math.atan2(b[1] - a[1], b[0] - a[0]);
    const leg = legs.at(-1);
    if (leg && Math.abs(wrapAngle(yaw - leg.yaw)) <= SHARP) {
      leg.line.push(b);
      leg.yaw = yaw;
    } else legs.push({ line: [a, b], yaw });
  }
  return legs.map(({ line, yaw }, at): Leg => {
    const [x, y] = line.at(-1)!;
    const next = legs[at + 1]?.line;
    const turned = next ? Math.atan2(next[1]![1] - next[0]![1], next[1]![0] - next[0]![0]) : yaw;
    return { line, end: { x, y, yaw: turned } };
  });
}
