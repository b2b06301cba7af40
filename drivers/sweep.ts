import type { Metres, Radians } from "#lib/units";
import type { Scan } from "./driver.ts";

/** One point of a turning lidar; the bearing is counter-clockwise from straight ahead. */
export interface SweepPoint {
  readonly bearing: Radians;
  /** `Infinity` where nothing came back. */
  readonly range: Metres;
}

export interface SweepOptions {
  readonly rays: number;
  readonly rangeMin: Metres;
  readonly rangeMax: Metres;
  readonly onScan: (scan: Scan) => void;
}

/** Gathers the points of a turning lidar into scans of evenly spaced rays. */
export interface Sweep {
  /** Takes the next points in the order in which they were measured. */
  add(points: readonly SweepPoint[], atMs: number): void;
  /** Begins a new revolution; what was gathered of the last one is handed over if it was a whole one. */
  turn(atMs: number): void;
  /** Forgets what was gathered, as after a loss. */
  clear(): void;
}

/** A sweep whose scans carry the middle of their time: the rays of one scan are as old as they differ least from. */
export function createSweep({ rays, rangeMin, rangeMax, onScan }: SweepOptions): Sweep {
  const step = (2 * Math.PI) / rays;
  let ranges = new Float32Array(rays).fill(NaN);
  // Undefined until a revolution has begun under our eyes.
  let startMs: number | undefined;

  function rangeOf({ range }: SweepPoint): number {
    if (range >= rangeMax) return Infinity;
    return range < rangeMin ? NaN : range;
  }
  return {
    add(points) {
      for (const point of points) {
        const ray = (((Math.round(point.bearing / step) % rays) + rays) % rays) | 0;
        const range = rangeOf(point);
        const known = ranges[ray]!;
        // Of two points in one ray the nearer counts; any counts more than none.
        if (Number.isNaN(known) || range < known) ranges[ray] = range;
      }
    },
    turn(atMs) {
      if (startMs !== undefined) {
        onScan({ atMs: (startMs + atMs) / 2, angleMin: 0, angleStep: step, rangeMax, ranges });
        ranges = new Float32Array(rays);
      }
      ranges.fill(NaN);
      startMs = atMs;
    },
    clear() {
      ranges.fill(NaN);
      startMs = undefined;
    },
  };
}
