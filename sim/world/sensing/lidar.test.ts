import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import { createLidar, type Lidar } from "./lidar.ts";
import { solidsOf, type Solids } from "../space/scene.ts";
import { polygonThing, type Thing } from "../space/shapes.ts";
import { prepareTerrain } from "../space/terrain.ts";
import { LidarSpec } from "../world-spec.ts";

const terrain = prepareTerrain({ empty: [-20, -20, 20, 20] });
const among = (...things: Thing[]): Solids => solidsOf(terrain, things);
const origin: Pose = { x: 0, y: 0, yaw: 0 };
const exact = (spec: object = {}): Lidar =>
  createLidar(LidarSpec.parse({ rangeSigma: 0, dropout: 0, ...spec }), createRng(1));
const circle = (x: number, y: number, radius: number): Thing => ({ shape: "circle", id: "c", x, y, radius });
const box = polygonThing("box", [
  [-3, -1],
  [-2, -1],
  [-2, 1],
  [-3, 1],
]);

/** Range of the ray whose bearing is nearest to `bearing`. */
function rangeAt(lidar: Lidar, ranges: Float32Array, bearing: number): number {
  return ranges[Math.round((bearing - lidar.angleMin) / lidar.angleStep) % ranges.length]!;
}

describe("a lidar", () => {
  it("measures in all directions", () => {
    const lidar = exact();
    const ranges = lidar.sweep(origin, among(circle(4, 0, 0.5), circle(0, 5, 1), box), 1);
    expect(rangeAt(lidar, ranges, 0)).toBeCloseTo(3.5, 5);
    expect(rangeAt(lidar, ranges, Math.PI / 2)).toBeCloseTo(4, 5);
    expect(rangeAt(lidar, ranges, Math.PI)).toBeCloseTo(2, 5);
    expect(rangeAt(lidar, ranges, -Math.PI / 2)).toBe(Infinity);
  });

  it("agrees ray by ray with the intersection of a line and a circle", () => {
    const lidar = exact();
    const [x, y, radius] = [-2.2, 0.3, 0.8];
    for (const [ray, range] of lidar.sweep(origin, among(circle(x, y, radius)), 1).entries()) {
      const angle = lidar.angleMin + ray * lidar.angleStep;
      const along = x * Math.cos(angle) + y * Math.sin(angle);
      const beside = -x * Math.sin(angle) + y * Math.cos(angle);
      const isHit = along > 0 && Math.abs(beside) <= radius;
      expect(range).toBeCloseTo(isHit ? along - Math.sqrt(radius ** 2 - beside ** 2) : Infinity, 5);
    }
  });

  it("agrees ray by ray with the intersection of a line and the near side of a box", () => {
    const lidar = exact();
    for (const [ray, range] of lidar.sweep(origin, among(box), 1).entries()) {
      const angle = lidar.angleMin + ray * lidar.angleStep;
      const isHit = Math.cos(angle) < 0 && Math.abs(2 * Math.tan(angle)) <= 1;
      expect(range).toBeCloseTo(isHit ? -2 / Math.cos(angle) : Infinity, 5);
    }
  });

  it("sees the nearest of things that stand behind each other", () => {
    const lidar = exact();
    const ranges = lidar.sweep(origin, among(circle(6, 0, 2), circle(3, 0, 0.5)), 1);
    expect(rangeAt(lidar, ranges, 0)).toBeCloseTo(2.5, 5);
  });

  it("looks from its mount, turned with the base", () => {
    const lidar = exact({ mount: [0.3, 0, 0] });
    const ranges = lidar.sweep({ x: 1, y: 1, yaw: Math.PI / 2 }, among(circle(1, 4, 0.5)), 1);
    expect(rangeAt(lidar, ranges, 0)).toBeCloseTo(2.2, 5);
  });

  it("sees nothing outside of its field of view or its range", () => {
    const lidar = exact({ fieldOfView: Math.PI / 2, rays: 91, rangeMax: 5 });
    const unseen = lidar.sweep(origin, among(circle(0, 3, 0.5), circle(-3, 0, 0.5), circle(7, 0, 0.5)), 1);
    expect(unseen.every((range) => range === Infinity)).toBe(true);
    expect(lidar.sweep(origin, among(circle(3, 0, 0.5)), 1)[45]).toBeCloseTo(2.5, 5);
  });

  it("has the noise and the losses that it is said to have, times the factor", () => {
    const facing = { fieldOfView: 0.5, rays: 101 };
    const wall = [circle(103, 0, 100)];
    const truth = exact(facing).sweep(origin, among(...wall), 1);
    const noisy = createLidar(LidarSpec.parse({ ...facing, rangeSigma: 0.01, dropout: 0.05 }), createRng(3));
    const errors = Array.from({ length: 200 }, () => noisy.sweep(origin, among(...wall), 2)).flatMap((ranges) =>
      [...ranges].map((range, ray) => range - truth[ray]!),
    );
    const kept = errors.filter((error) => !Number.isNaN(error));
    expect(1 - kept.length / errors.length).toBeCloseTo(0.1, 2);
    const mean = kept.reduce((sum, error) => sum + error, 0) / kept.length;
    const variance = kept.reduce((sum, error) => sum + (error - mean) ** 2, 0) / kept.length;
    expect(mean).toBeCloseTo(0, 3);
    expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
  });
});
