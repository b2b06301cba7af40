import { describe, expect, it } from "vitest";
import { projectScan, type RangeScan } from "./scan-points.ts";

const ORIGIN = { x: 0, y: 0, yaw: 0 };

function scanOf(ranges: readonly number[], angleMin = 0, angleStep = Math.PI / 2): RangeScan {
  return { atMs: 40, angleMin, angleStep, rangeMax: 5, ranges: Float32Array.from(ranges) };
}

function rounded(points: Float64Array): number[] {
  return [...points].map((value) => Math.round(value * 1000) / 1000 + 0);
}

describe("scan points", () => {
  it("places hits around the base, through the mount of the lidar", () => {
    const { points, atMs } = projectScan(scanOf([1, 2, 3, 4]), { x: 0.5, y: 0, yaw: Math.PI / 2 }, ORIGIN);
    expect(rounded(points)).toEqual([0.5, 1, -1.5, 0, 0.5, -3, 4.5, 0]);
    expect(atMs).toBe(40);
  });

  it("moves what was seen before by what the base drove since", () => {
    const { points } = projectScan(scanOf([1]), ORIGIN, { x: -0.3, y: 0.1, yaw: 0 });
    expect(rounded(points)).toEqual([0.7, 0.1]);
  });

  it("leaves out what hit nothing, failed, or is no distance, and tells the share of rays that answered", () => {
    const scan = projectScan(scanOf([Infinity, Number.NaN, 1, 0, -2, 6, 7, Number.NaN]), ORIGIN, ORIGIN);
    expect(rounded(scan.points)).toEqual([-1, 0]);
    expect(scan.validShare).toBe(0.5);
    expect(projectScan(scanOf([]), ORIGIN, ORIGIN).validShare).toBe(0);
  });

  it("knows whether the sweep sees behind the robot", () => {
    const around = scanOf(Array<number>(360).fill(1), -Math.PI, Math.PI / 180);
    const ahead = scanOf(Array<number>(270).fill(1), -2.36, Math.PI / 180);
    expect(projectScan(around, ORIGIN, ORIGIN).view).toBe("all-round");
    expect(projectScan(ahead, ORIGIN, ORIGIN).view).toBe("ahead");
  });
});
