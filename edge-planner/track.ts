import { pointAlong, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { advance } from "./kinematics.ts";

/** A way to be followed: a polyline and how far along it each of its points lies. */
export interface Track {
  readonly points: readonly Point[];
  readonly lengths: readonly Metres[];
  readonly length: Metres;
}

/** The point of a track nearest to a place: how far along, and how far off. */
export interface Projection {
  readonly along: Metres;
  readonly lateral: Metres;
}

export function makeTrack(points: readonly Point[]): Track {
  let length = 0;
  const lengths = points.map((point, at) => {
    const before = points[at - 1];
    if (before) length += Math.hypot(point[0] - before[0], point[1] - before[1]);
    return length;
  });
  return { points, lengths, length };
}

/** The nearest point between two distances along; the window keeps it from jumping to a leg that comes later. */
export function project(track: Track, x: Metres, y: Metres, from: Metres, to: Metres): Projection {
  let along = from;
  let nearest = Infinity;
  for (let at = 1; at < track.points.length; at++) {
    const [start, end] = [track.lengths[at - 1]!, track.lengths[at]!];
    if (end < from || start > to || end === start) continue;
    const [a, b] = [track.points[at - 1]!, track.points[at]!];
    const [ux, uy] = [(b[0] - a[0]) / (end - start), (b[1] - a[1]) / (end - start)];
    const onLeg = (x - a[0]) * ux + (y - a[1]) * uy;
    const clipped = Math.min(Math.max(onLeg, 0, from - start), end - start, Math.max(0, to - start));
    const off = Math.hypot(x - a[0] - clipped * ux, y - a[1] - clipped * uy);
    if (off < nearest) {
      nearest = off;
      along = start + clipped;
    }
  }
  return { along, lateral: nearest === Infinity ? 0 : nearest };
}

/** Where the track is `along` metres from its start, and which way it leads there; it goes on straight past its end. */
export function trackPoint(track: Track, along: Metres): Pose {
  const point = pointAlong(track.points, along);
  const past = Math.max(0, along - track.length);
  return past === 0 ? point : advance(point, { linear: 1, angular: 0 }, past);
}

/** What is left of a track from a distance along it. */
export function rest(track: Track, along: Metres): Point[] {
  const here = trackPoint(track, along);
  return [[here.x, here.y], ...track.points.filter((_, at) => track.lengths[at]! > along)];
}
