import type { Metres, Radians } from "#lib/units";
import type { RangeScan } from "./scan-points.ts";

/** Neighbours within this angle to either side see the same surface, unless their ranges say otherwise. */
const SAME_ANGLE: Radians = 0.018;
/** Ranges that differ by more than this are those of two things, whatever the noise. */
const SAME_THING: Metres = 0.09;
/** With fewer neighbours to either side there is nothing to gain: their rays hit places too far apart. */
const LEAST_NEIGHBOURS = 2;

/**
 * A scan of less noise: each range becomes the mean of its neighbours' that are like it. No ray is lost and none is made up, so a thin thing stays
 * where it was seen; what grows is how near the robot dares to go to what it sees well. A scan of wide steps is returned as it is. `into` takes
 * the ranges and must have room for them.
 */
export function steadyScan<Scan extends RangeScan>(scan: Scan, into: Float32Array): Scan {
  const { ranges } = scan;
  const neighbours = Math.floor(SAME_ANGLE / Math.abs(scan.angleStep));
  if (!(neighbours >= LEAST_NEIGHBOURS) || into.length < ranges.length) return scan;
  for (let ray = 0; ray < ranges.length; ray++) into[ray] = meanAround(ranges, ray, neighbours);
  return { ...scan, ranges: into.length === ranges.length ? into : into.subarray(0, ranges.length) };
}

function meanAround(ranges: Float32Array, ray: number, neighbours: number): Metres {
  const own = ranges[ray]!;
  if (!(own > 0) || own === Infinity) return own;
  const last = Math.min(ranges.length - 1, ray + neighbours);
  let [sum, count] = [0, 0];
  for (let at = Math.max(0, ray - neighbours); at <= last; at++) {
    const range = ranges[at]!;
    if (!(Math.abs(range - own) < SAME_THING)) continue;
    sum += range;
    count++;
  }
  return sum / count;
}
