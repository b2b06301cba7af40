import { type Point, type Pose, wrapAngle } from "#lib/geometry";
import type { Radians } from "#lib/units";
import type { GridFrame } from "../grid.ts";
import { fillPolygon } from "../polygon-raster.ts";

/** Turning by no more than this, the corners of a tool move on chords rather than arcs. */
const TURN_STEP: Radians = 0.12;

/** Calls `visit` for each cell whose centre the tool passes on the way from one pose to another; a cell may be visited repeatedly. */
export function sweepTool(
  frame: GridFrame,
  tool: readonly Point[],
  from: Pose,
  to: Pose,
  visit: (index: number) => void,
): void {
  const turn = wrapAngle(to.yaw - from.yaw);
  const steps = Math.max(1, Math.ceil(Math.abs(turn) / TURN_STEP));
  let before = placed(tool, from);
  for (let step = 1; step <= steps; step++) {
    const share = step / steps;
    const pose = {
      x: from.x + (to.x - from.x) * share,
      y: from.y + (to.y - from.y) * share,
      yaw: from.yaw + turn * share,
    };
    const after = placed(tool, pose);
    fillPolygon(frame, hullOf([...before, ...after]), visit);
    before = after;
  }
}

/** The poses of a robot that drives a polyline: it turns on the spot at each corner, then goes straight. */
export function posesAlong(points: readonly Point[], yaw: Radians | undefined): Pose[] {
  const poses: Pose[] = [];
  let heading = yaw;
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    if (a[0] === b[0] && a[1] === b[1]) continue;
    const next = Math.atan2(b[1] - a[1], b[0] - a[0]);
    if (heading !== undefined && heading !== next) poses.push({ x: a[0], y: a[1], yaw: heading });
    poses.push({ x: a[0], y: a[1], yaw: next }, { x: b[0], y: b[1], yaw: next });
    heading = next;
  }
  return poses;
}

/** Sweeps the tool along a polyline; resolves the heading at its end. */
export function sweepAlong(
  frame: GridFrame,
  tool: readonly Point[],
  points: readonly Point[],
  yaw: Radians | undefined,
  visit: (index: number) => void,
): Radians | undefined {
  const poses = posesAlong(points, yaw);
  for (let at = 1; at < poses.length; at++) sweepTool(frame, tool, poses[at - 1]!, poses[at]!, visit);
  return poses.at(-1)?.yaw ?? yaw;
}

function placed(tool: readonly Point[], { x, y, yaw }: Pose): Point[] {
  const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
  return tool.map(([tx, ty]): Point => [x + cos * tx - sin * ty, y + sin * tx + cos * ty]);
}

/** Convex hull, counter-clockwise. Source: A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions", 1979. */
function hullOf(points: Point[]): Point[] {
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const lower = chainOf(points);
  const upper = chainOf(points.reverse());
  return [...lower, ...upper];
}

function chainOf(points: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of points) {
    while (chain.length >= 2 && cross(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
    chain.push(point);
  }
  chain.pop();
  return chain;
}

function cross(o: Point, a: Point, b: Point): number {
  return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}
