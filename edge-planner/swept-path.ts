import type { Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { coordinateAt } from "./grid.ts";
import { type Footprint, signedDistance } from "./footprint.ts";

/** Room that is kept between the footprint and a scan point. */
export const SCAN_PADDING: Metres = 0.03;
/** Room that a robot which is already closer to something keeps to everything else. */
const TIGHT_PADDING: Metres = SCAN_PADDING / 2;
/** Points this deep inside are the robot's own parts or ghosts, not something that it touches. */
const OWN_BODY_DEPTH: Metres = 0.1;
const TOLERANCE: Metres = 1e-6;

/**
 * Whether a way, as poses in the frame of the base in any order, keeps clear of points in that frame. Where the robot already is
 * closer to something than the padding, as in a passage that is hardly wider than itself, it may come as close to other things, but
 * not closer than half the padding; to what is closer still it must not come any closer, and what it already touches it must not press harder: so it can
 * always move away, and no noise of a single point lets it creep up to the others.
 */
export function isSweepClear(footprint: Footprint, path: readonly Pose[], points: Float64Array): boolean {
  const reach = furthest(path) + footprint.circumscribed + SCAN_PADDING;
  const near = pointsWithin(points, reach);
  const clearances = near.map(([x, y]) => signedDistance(footprint, x, y));
  const closest = clearances.reduce((least, value) => (value > 0 ? Math.min(least, value) : least), Infinity);
  const room = Math.min(SCAN_PADDING, Math.max(TIGHT_PADDING, closest));
  return near.every(([x, y], at) => {
    const now = clearances[at]!;
    if (now + OWN_BODY_DEPTH < 0) return true;
    return staysClear(footprint, path, x, y, Math.min(room, now) - TOLERANCE);
  });
}

function staysClear(footprint: Footprint, path: readonly Pose[], x: number, y: number, required: Metres): boolean {
  const limit = footprint.circumscribed + Math.max(0, required);
  for (const pose of path) {
    const [dx, dy] = [x - pose.x, y - pose.y];
    if (dx * dx + dy * dy > limit * limit) continue;
    const [cos, sin] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
    if (signedDistance(footprint, cos * dx + sin * dy, cos * dy - sin * dx) < required) return false;
  }
  return true;
}

function furthest(path: readonly Pose[]): Metres {
  return path.reduce((most, pose) => Math.max(most, Math.hypot(pose.x, pose.y)), 0);
}

function pointsWithin(points: Float64Array, reach: Metres): [number, number][] {
  const near: [number, number][] = [];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [coordinateAt(points, at), coordinateAt(points, at + 1)];
    if (x * x + y * y <= reach * reach) near.push([x, y]);
  }
  return near;
}
