import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import type { RangeScan } from "./scan-points.ts";
import { steadyScan } from "./steady-scan.ts";

describe("a steadier scan", () => {
  it("has less than half the noise on a wall", () => {
    const rng = createRng(1);
    const scan = scanOf(Float32Array.from({ length: 400 }, () => 2 + rng.normal(0.02)));
    const steady = steadyScan(scan, new Float32Array(400));
    expect(deviation(steady.ranges)).toBeLessThan(deviation(scan.ranges) / 2);
  });

  it("leaves a post of a single ray where it is, and rays without an answer without one", () => {
    const ranges = new Float32Array(40).fill(3);
    ranges[20] = 1;
    ranges[30] = NaN;
    ranges[31] = Infinity;
    const steady = steadyScan(scanOf(ranges), new Float32Array(40));
    expect([...steady.ranges]).toEqual([...ranges]);
  });

  it("is the scan itself where rays are far apart", () => {
    const scan = { ...scanOf(new Float32Array(40).fill(3)), angleStep: 0.0175 };
    expect(steadyScan(scan, new Float32Array(40))).toBe(scan);
  });
});

function scanOf(ranges: Float32Array): RangeScan {
  return { atMs: 0, angleMin: -0.8, angleStep: 0.004, rangeMax: 10, ranges };
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
