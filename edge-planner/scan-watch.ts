import type { Metres } from "#lib/units";

/** Looks for a lidar that repeats itself. Owned by one motion loop; `watchScans` changes it. */
export interface ScanWatch {
  /** The scan that is repeated or was the last, and how far the robot had gone when it came. */
  last: { readonly ranges: Float32Array; readonly way: Metres } | undefined;
  newestMs: number;
  frozen: boolean;
}

/** A robot that has gone or turned so far sees something else, if it sees anything. */
const SAME_VIEW: Metres = 0.1;

/** A watch that has seen nothing yet. */
export function createScanWatch(): ScanWatch {
  return { last: undefined, newestMs: -Infinity, frozen: false };
}

/**
 * Takes in the newest scan. `way` is how far the wheels have gone since the start: metres plus radians of turning. A lidar is
 * frozen when it gives the very same ranges after 0.1 of them; noise alone makes any two scans differ. Ranges without
 * a single echo say nothing.
 */
export function watchScans(
  watch: ScanWatch,
  { atMs, ranges }: { readonly atMs: number; readonly ranges: Float32Array },
  way: Metres,
): void {
  if (atMs === watch.newestMs) return;
  watch.newestMs = atMs;
  if (!watch.last || !isRepeated(ranges, watch.last.ranges)) {
    watch.last = { ranges, way };
    watch.frozen = false;
  } else if (way - watch.last.way > SAME_VIEW) watch.frozen = true;
}

function isRepeated(ranges: Float32Array, before: Float32Array): boolean {
  if (ranges.length !== before.length) return false;
  let echoes = 0;
  for (const [ray, range] of ranges.entries()) {
    if (!Object.is(range, before[ray])) return false;
    if (Number.isFinite(range)) echoes++;
  }
  return echoes > 0;
}
