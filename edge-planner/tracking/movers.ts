import { type Pose, relativeTo } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { coordinateAt } from "../grid.ts";
import type { ObstacleTracker, Track } from "./obstacle-tracker.ts";

/** Points of things that move, or may: where they are and how they go, in the frame of the base as it stands now. */
export interface Movers {
  /** How many rows of `rows` are valid. */
  readonly count: number;
  /** `x, y, vx, vy` of each point, in metres and metres per second. */
  readonly rows: Float64Array;
}

/** Numbers in a row of `Movers`. */
export const MOVER_ROW = 4;

/** So many points stand for a thing, spread over what was seen of it. */
const POINTS_EACH = 8;

export const NO_MOVERS: Movers = { count: 0, rows: new Float64Array() };

/**
 * The tracked things that must be reckoned with as moving, at a time, for a base at `base` in the frame of the tracker. Of a newcomer nothing is known: it
 * is taken to come straight at the base at `newcomerSpeed`.
 */
export function moversAt(
  { tracks, atMs }: ObstacleTracker,
  base: Pose,
  nowMs: number,
  newcomerSpeed: MetresPerSecond,
): Movers {
  const reckoned = tracks.filter(({ state }) => state !== "standing");
  if (reckoned.length === 0) return NO_MOVERS;
  const rows = new Float64Array(reckoned.length * POINTS_EACH * MOVER_ROW);
  const ahead = (nowMs - atMs) / 1000;
  let count = 0;
  for (const track of reckoned) {
    const { points } = track.cluster;
    const [vx, vy] = velocityOf(track, base, newcomerSpeed);
    const shiftX = track.motion.x - track.seenAt.x + vx * ahead;
    const shiftY = track.motion.y - track.seenAt.y + vy * ahead;
    const stride = Math.max(1, (points.length / 2 - 1) / (POINTS_EACH - 1));
    for (let at = 0; Math.round(at) < points.length / 2; at += stride) {
      const point = 2 * Math.round(at);
      const seen = relativeTo(base, { x: points[point]! + shiftX, y: points[point + 1]! + shiftY, yaw: 0 });
      writeRow(rows, count++, seen, seenFrom(base, vx, vy));
    }
  }
  return { count, rows };
}

/** Those of the points that are no farther away. */
export function moversWithin({ count, rows }: Movers, reach: Metres): Movers {
  if (count === 0) return NO_MOVERS;
  const near = new Float64Array(count * MOVER_ROW);
  let kept = 0;
  for (let at = 0; at < count * MOVER_ROW; at += MOVER_ROW) {
    if (Math.hypot(coordinateAt(rows, at), coordinateAt(rows, at + 1)) > reach) continue;
    near.set(rows.subarray(at, at + MOVER_ROW), MOVER_ROW * kept++);
  }
  return { count: kept, rows: near };
}

/** Rays of the newest scan that hit something that moves, or moved lately: no map is made of them. */
export function isOnMover(tracks: readonly Track[], scanMs: number, ray: number): boolean {
  return tracks.some(
    ({ state, seenMs, cluster }) =>
      (state === "moving" || state === "paused") && seenMs === scanMs && ray >= cluster.first && ray <= cluster.last,
  );
}

function velocityOf(
  { state, motion }: Track,
  base: Pose,
  newcomerSpeed: MetresPerSecond,
): readonly [MetresPerSecond, MetresPerSecond] {
  if (state !== "newcomer") return [motion.vx, motion.vy];
  const [dx, dy] = [base.x - motion.x, base.y - motion.y];
  const away: Metres = Math.max(Math.hypot(dx, dy), 1e-3);
  return [(dx / away) * newcomerSpeed, (dy / away) * newcomerSpeed];
}

function seenFrom(
  { yaw }: Pose,
  vx: MetresPerSecond,
  vy: MetresPerSecond,
): readonly [MetresPerSecond, MetresPerSecond] {
  const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
  return [cos * vx + sin * vy, cos * vy - sin * vx];
}

function writeRow(
  rows: Float64Array,
  row: number,
  { x, y }: { readonly x: number; readonly y: number },
  [vx, vy]: readonly [number, number],
): void {
  const at = row * MOVER_ROW;
  rows[at] = x;
  rows[at + 1] = y;
  rows[at + 2] = vx;
  rows[at + 3] = vy;
}
