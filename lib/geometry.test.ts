import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compose, distanceToSegment, isInside, pointAlong, polylineLength, relativeTo, wrapAngle } from "./geometry.ts";

const length = fc.double({ min: -100, max: 100, noNaN: true });
const angle = fc.double({ min: -20, max: 20, noNaN: true });
const pose = fc.record({ x: length, y: length, yaw: angle });

describe("wrapAngle", () => {
  it("keeps the direction and stays in (-pi, pi]", () => {
    fc.assert(
      fc.property(angle, (yaw) => {
        const wrapped = wrapAngle(yaw);
        expect(wrapped).toBeGreaterThan(-Math.PI - 1e-12);
        expect(wrapped).toBeLessThanOrEqual(Math.PI + 1e-12);
        expect(Math.cos(wrapped)).toBeCloseTo(Math.cos(yaw), 9);
        expect(Math.sin(wrapped)).toBeCloseTo(Math.sin(yaw), 9);
      }),
    );
  });

  it.each([
    [Math.PI, Math.PI],
    [-Math.PI, Math.PI],
    [3 * Math.PI, Math.PI],
    [0, 0],
  ])("maps %d to %d", (from, to) => expect(wrapAngle(from)).toBeCloseTo(to, 12));
});

describe("frames", () => {
  it("relativeTo undoes compose", () => {
    fc.assert(
      fc.property(pose, pose, (parent, local) => {
        const back = relativeTo(parent, compose(parent, local));
        expect(back.x).toBeCloseTo(local.x, 6);
        expect(back.y).toBeCloseTo(local.y, 6);
        expect(Math.cos(back.yaw - local.yaw)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("puts what is ahead of a robot that faces north to its north", () => {
    const ahead = compose({ x: 1, y: 2, yaw: Math.PI / 2 }, { x: 3, y: 0, yaw: 0 });
    expect(ahead.x).toBeCloseTo(1);
    expect(ahead.y).toBeCloseTo(5);
    expect(ahead.yaw).toBeCloseTo(Math.PI / 2);
  });
});

describe("polygons and lines", () => {
  const notch = [
    [0, 0],
    [4, 0],
    [4, 4],
    [2, 1],
    [0, 4],
  ] as const;

  it.each([
    [[1, 0.5], true],
    [[2, 2], false],
    [[3.7, 3], true],
    [[-1, 1], false],
    [[5, 1], false],
  ] as const)("knows whether %j is inside of a notched polygon", (point, inside) => {
    expect(isInside(point, notch)).toBe(inside);
  });

  it("measures the distance to a segment, beside it and beyond its ends", () => {
    expect(distanceToSegment([1, 1], [0, 0], [2, 0])).toBe(1);
    expect(distanceToSegment([5, 4], [0, 0], [2, 0])).toBe(5);
    expect(distanceToSegment([3, 4], [0, 0], [0, 0])).toBe(5);
  });

  it("walks down a polyline and stops at its ends", () => {
    const line = [
      [0, 0],
      [3, 0],
      [3, 4],
    ] as const;
    expect(polylineLength(line)).toBe(7);
    expect(pointAlong(line, 5)).toEqual({ x: 3, y: 2, yaw: Math.PI / 2 });
    expect(pointAlong(line, -1)).toEqual({ x: 0, y: 0, yaw: 0 });
    expect(pointAlong(line, 99)).toEqual({ x: 3, y: 4, yaw: Math.PI / 2 });
    expect(pointAlong([[1, 2]], 5)).toEqual({ x: 1, y: 2, yaw: 0 });
  });
});
