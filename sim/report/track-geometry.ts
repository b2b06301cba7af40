import { distanceToSegment, type Point, wrapAngle } from "#lib/geometry";
import type { DeviceRecord, ProjectedPoint, TrackPoint } from "../record.ts";
import { decimal } from "./markup.ts";

/** Part of the time axis on which something had one value. Seconds. */
export interface Span<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/** Moments of change as spans; the last one lasts until `end`, empty ones are left out, equal neighbours are one. */
export function spansOf<C extends { readonly t: number }, T>(
  changes: readonly C[],
  end: number,
  valueOf: (change: C) => T,
): Span<T>[] {
  const spans: Span<T>[] = [];
  changes.forEach((change, at) => {
    const [from, to, value] = [change.t, changes[at + 1]?.t ?? end, valueOf(change)];
    const last = spans.at(-1);
    if (to <= from) return;
    if (last !== undefined && last.value === value && last.to === from) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from, to, value });
  });
  return spans;
}

/** Where the track was at a time, interpolated; undefined only for an empty track. */
export function placeAt(track: readonly TrackPoint[], t: number): TrackPoint | undefined {
  const after = track.findIndex((point) => point.t >= t);
  if (after < 0) return track.at(-1);
  if (after === 0) return track[0];
  const [a, b] = [track[after - 1]!, track[after]!];
  const share = b.t === a.t ? 1 : (t - a.t) / (b.t - a.t);
  return {
    t,
    x: a.x + (b.x - a.x) * share,
    y: a.y + (b.y - a.y) * share,
    yaw: wrapAngle(a.yaw + wrapAngle(b.yaw - a.yaw) * share),
  };
}

/** The points of a track from one time to another, with interpolated ends. */
export function trackBetween(track: readonly TrackPoint[], from: number, to: number): TrackPoint[] {
  const [first, last] = [placeAt(track, from), placeAt(track, to)];
  if (first === undefined || last === undefined) return [];
  return [first, ...track.filter((point) => point.t > from && point.t < to), last];
}

/** The projected track, one run for each outage: it ends where the cloud knew better again. */
export function projectedRuns(device: DeviceRecord): ProjectedPoint[][] {
  const ends = device.modes.filter((change) => change.mode !== "projected").map((change) => change.t);
  const runs: ProjectedPoint[][] = [];
  for (const point of device.projected) {
    const last = runs.at(-1);
    const before = last?.at(-1)?.t;
    const isNew = before === undefined || ends.some((end) => end >= before && end < point.t);
    if (isNew) runs.push([point]);
    else last!.push(point);
  }
  return runs;
}

/**
 * The announced routes that tell something new: those which leave the last one kept by more than `tolerance` somewhere.
 * A route that is announced again from further along says nothing. The tolerance grows until `countAtMost` are left.
 */
export function distinctRoutes(
  routes: readonly (readonly Point[])[],
  tolerance: number,
  countAtMost = 40,
): (readonly Point[])[] {
  let kept = distinctOnce(routes, tolerance);
  for (let coarser = tolerance * 2; kept.length > countAtMost; coarser *= 2) kept = distinctOnce(routes, coarser);
  return kept;
}

/** Fewer points for the same line: Ramer-Douglas-Peucker, coarser until at most `countAtMost` points are left. */
export function simplify(points: readonly Point[], tolerance: number, countAtMost = 1500): Point[] {
  let kept = simplifyOnce(points, tolerance);
  for (let coarser = tolerance * 2; kept.length > countAtMost; coarser *= 2) kept = simplifyOnce(kept, coarser);
  return kept;
}

/**
 * Positions of those points that lie at least `step` apart along the line, the first and the last always among them; the
 * step grows until at most `countAtMost` are left.
 */
export function spaced(points: readonly Point[], step: number, countAtMost = 400): number[] {
  let kept = spacedOnce(points, step);
  for (let wider = step * 2; kept.length > countAtMost; wider *= 2) kept = spacedOnce(points, wider);
  return kept;
}

/** SVG path data of an open line. */
export function linePath(points: readonly Point[]): string {
  return points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${decimal(x)} ${decimal(y)}`).join("");
}

function distanceToPolyline(point: Point, line: readonly Point[]): number {
  let nearest = Infinity;
  for (let at = 0; at < line.length; at++) {
    nearest = Math.min(nearest, distanceToSegment(point, line[Math.max(0, at - 1)]!, line[at]!));
  }
  return nearest;
}

function simplifyOnce(points: readonly Point[], tolerance: number): Point[] {
  const isKept = new Uint8Array(points.length);
  const pending: [number, number][] = points.length > 0 ? [[0, points.length - 1]] : [];
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const [first, last] = range;
    isKept[first] = isKept[last] = 1;
    let [farthest, distance] = [-1, tolerance];
    for (let at = first + 1; at < last; at++) {
      const off = distanceToSegment(points[at]!, points[first]!, points[last]!);
      if (off > distance) [farthest, distance] = [at, off];
    }
    if (farthest > 0) pending.push([first, farthest], [farthest, last]);
  }
  return points.filter((_, at) => isKept[at] === 1);
}

function distinctOnce(routes: readonly (readonly Point[])[], tolerance: number): (readonly Point[])[] {
  const kept: (readonly Point[])[] = [];
  for (const route of routes) {
    const last = kept.at(-1);
    const [end, lastEnd] = [route.at(-1), last?.at(-1)];
    if (end === undefined) continue;
    const isKnown =
      last !== undefined &&
      Math.hypot(end[0] - lastEnd![0], end[1] - lastEnd![1]) <= tolerance &&
      route.every((point) => distanceToPolyline(point, last) <= tolerance);
    if (!isKnown) kept.push(route);
  }
  return kept;
}

function spacedOnce(points: readonly Point[], step: number): number[] {
  if (points.length === 0) return [];
  const kept = [0];
  let since = 0;
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    since += Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (since < step) continue;
    kept.push(at);
    since = 0;
  }
  const last = points.length - 1;
  if (kept.at(-1) === last) return kept;
  // The last point matters more than its neighbour before it, which would crowd it.
  return kept.length > 1 ? [...kept.slice(0, -1), last] : [...kept, last];
}
