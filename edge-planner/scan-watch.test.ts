import { expect, it } from "vitest";
import { createScanWatch, watchScans } from "./scan-watch.ts";

const WALL = [1, 2, Infinity, Number.NaN];

/** Whether the lidar counts as frozen after each scan, the robot having gone 4 cm between any two. */
function watched(scans: readonly (readonly number[])[], step = 0.04): boolean[] {
  const watch = createScanWatch();
  return scans.map((ranges, at) => {
    watchScans(watch, { atMs: at * 100, ranges: Float32Array.from(ranges) }, at * step);
    return watch.frozen;
  });
}

it("distrusts a lidar that repeats itself while the robot goes on, until it says something else", () => {
  const other = [1, 2.01, Infinity, Number.NaN];
  expect(watched([WALL, WALL, WALL, WALL, WALL, other])).toEqual([false, false, false, true, true, false]);
});

it("trusts one that repeats itself while the robot stands, or that sees nothing at all", () => {
  expect(watched([WALL, WALL, WALL, WALL], 0)).not.toContain(true);
  expect(watched(Array.from({ length: 9 }, () => [Infinity, Number.NaN]))).not.toContain(true);
});
