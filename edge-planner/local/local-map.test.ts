import { describe, expect, it } from "vitest";
import { indexAt } from "../grid.ts";
import { centreOn, createLocalMap, type LocalMap, takeScan } from "./local-map.ts";

const HERE = { x: 0.5, y: -0.25, yaw: 0 };

describe("the local map", () => {
  it("marks what is hit twice, and frees it again once it is seen through", () => {
    const map = createLocalMap();
    centreOn(map, HERE.x, HERE.y);
    look(map, 1.5, 2);
    expect(distanceAt(map, HERE.x + 1.5, HERE.y)).toBe(0);
    expect(distanceAt(map, HERE.x + 1, HERE.y)).toBeCloseTo(0.5, 1);
    look(map, 3, 12);
    expect(distanceAt(map, HERE.x + 1.5, HERE.y)).toBeGreaterThan(1);
  });

  it("keeps what it knows where it is when the window moves along", () => {
    const map = createLocalMap();
    centreOn(map, HERE.x, HERE.y);
    look(map, 1.5, 3);
    centreOn(map, HERE.x + 1.3, HERE.y - 1.1);
    takeScan(map, scanOf(Infinity, 99), { x: HERE.x + 1.3, y: HERE.y - 1.1, yaw: -1.5 });
    expect(distanceAt(map, HERE.x + 1.5, HERE.y)).toBe(0);
    expect(distanceAt(map, HERE.x + 1.5 - 1.3, HERE.y + 1.1)).toBeGreaterThan(0.5);
  });
});

function look(map: LocalMap, range: number, times: number): void {
  for (let scan = 0; scan < times; scan++) takeScan(map, scanOf(range, scan), HERE);
}

function scanOf(range: number, atMs: number) {
  return { atMs, angleMin: 0, angleStep: 0.01, rangeMax: 10, ranges: Float32Array.of(range) };
}

function distanceAt(map: LocalMap, x: number, y: number): number {
  return map.window.distances[indexAt(map, x, y)]!;
}
