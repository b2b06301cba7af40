import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { drawPlace, drawRoom } from "./drawn-place.ts";
import { sample } from "./grid.ts";
import { createObstacleLayer, integrateScan, type ObstacleLayer } from "./obstacle-layer.ts";
import { mapFromOccupancy } from "./planning-map.ts";
import type { RangeScan } from "./scan-points.ts";

const place = drawPlace(drawRoom(120, 80), 0.1);
const map = mapFromOccupancy(place, place.occupancy);
const LIDAR: Pose = { x: 3, y: 4, yaw: 0.3 };
const RAYS = 360;

/** A sweep that sees `range` between two bearings of the map, and `beyond` elsewhere. */
function scanOf(atMs: number, from: number, to: number, range: number, beyond = Infinity): RangeScan {
  const angleStep = (2 * Math.PI) / RAYS;
  const ranges = Float32Array.from({ length: RAYS }, (_, ray) => {
    const bearing = LIDAR.yaw - Math.PI + ray * angleStep;
    return bearing >= from && bearing <= to ? range : beyond;
  });
  return { atMs, angleMin: -Math.PI, angleStep, rangeMax: 10, ranges };
}

function clearanceAt(layer: ObstacleLayer, x: number, y: number): number {
  return sample(map, layer.clearance, x, y, -1);
}

function see(layer: ObstacleLayer, ...scans: readonly RangeScan[]): void {
  for (const scan of scans) integrateScan(layer, scan, LIDAR);
}

describe("obstacle layer", () => {
  it("believes in an obstacle that two scans saw, and tells the room that it leaves", () => {
    const layer = createObstacleLayer(map);
    see(layer, scanOf(100, -0.05, 0.05, 3));
    expect(clearanceAt(layer, 6, 4)).toBe(sample(map, map.clearance, 6, 4, -1));
    see(layer, scanOf(200, -0.05, 0.05, 3));
    expect(clearanceAt(layer, 6, 4)).toBeLessThan(0.15);
    expect(clearanceAt(layer, 5.45, 4.05)).toBeCloseTo(0.5, 1);
    expect(clearanceAt(layer, 3, 4)).toBe(sample(map, map.clearance, 3, 4, -1));
    expect(layer.version).toBeGreaterThan(0);
  });

  it("forgets a single false echo", () => {
    const layer = createObstacleLayer(map);
    see(layer, scanOf(100, -0.01, 0.01, 3), scanOf(200, 9, 9, 0), scanOf(300, -0.01, 0.01, 3));
    expect(layer.version).toBe(0);
  });

  it("lets go of what moved on, once rays pass through where it was", () => {
    const layer = createObstacleLayer(map);
    for (let atMs = 0; atMs <= 500; atMs += 100) see(layer, scanOf(atMs, -0.05, 0.05, 3));
    for (let atMs = 600; atMs <= 1000; atMs += 100) see(layer, scanOf(atMs, -0.05, 0.05, 6));
    expect(clearanceAt(layer, 6, 4)).toBeGreaterThan(1);
    expect(clearanceAt(layer, 9, 4)).toBeLessThan(0.15);
  });

  it("keeps an obstacle that is hidden or whose rays failed, and forgets it after a minute", () => {
    const layer = createObstacleLayer(map);
    see(layer, scanOf(100, -0.05, 0.05, 3), scanOf(200, -0.05, 0.05, 3));
    see(layer, scanOf(300, -0.1, 0.1, 1.5), scanOf(400, -0.1, 0.1, Number.NaN), scanOf(59_000, -0.1, 0.1, 1.5));
    expect(clearanceAt(layer, 6, 4)).toBeLessThan(0.15);
    see(layer, scanOf(61_000, -0.1, 0.1, Number.NaN));
    expect(clearanceAt(layer, 6, 4)).toBeGreaterThan(1);
  });

  it("takes hits on mapped walls for the walls, a little off as they may be", () => {
    const layer = createObstacleLayer(map);
    // The right wall lies 8.9 m to the right of the lidar; the estimate of the pose is some centimetres off.
    see(layer, scanOf(100, -0.2, 0.2, 8.8), scanOf(200, -0.2, 0.2, 8.8), scanOf(300, -0.2, 0.2, 8.8));
    expect(layer.observations.size).toBe(0);
  });
});
