import { describe, expect, it } from "vitest";
import { boundsOf, intersects, isCrossed, isWithin, nearestIn } from "./box.ts";

const box = { x: 10, y: 20, width: 30, height: 10 };

describe("isCrossed", () => {
  it("holds for segments through, into and inside the box", () => {
    expect(isCrossed(box, [0, 0], [60, 50])).toBe(true);
    expect(isCrossed(box, [25, 0], [25, 24])).toBe(true);
    expect(isCrossed(box, [0, 25], [100, 25])).toBe(true);
    expect(isCrossed(box, [20, 22], [22, 28])).toBe(true);
  });

  it("does not hold for segments that end before, pass by or run beside it", () => {
    expect(isCrossed(box, [0, 0], [9, 19])).toBe(false);
    expect(isCrossed(box, [0, 25], [5, 25])).toBe(false);
    expect(isCrossed(box, [0, 31], [100, 31])).toBe(false);
    expect(isCrossed(box, [0, 40], [60, 20])).toBe(true);
    expect(isCrossed(box, [38, 40], [60, 20])).toBe(false);
  });
});

describe("boxes", () => {
  it("do not intersect where they only touch", () => {
    expect(intersects(box, { x: 40, y: 20, width: 5, height: 5 })).toBe(false);
    expect(intersects(box, { x: 39.9, y: 29.9, width: 5, height: 5 })).toBe(true);
  });

  it("know what is inside and what is nearest", () => {
    expect(isWithin({ x: 10, y: 20, width: 30, height: 10 }, box)).toBe(true);
    expect(isWithin({ x: 10, y: 20, width: 30.1, height: 10 }, box)).toBe(false);
    expect(nearestIn(box, [0, 25])).toEqual([10, 25]);
    expect(nearestIn(box, [15, 22])).toEqual([15, 22]);
  });

  it("go around points, if there are any", () => {
    expect(
      boundsOf([
        [1, 5],
        [4, 2],
      ]),
    ).toEqual({ x: 1, y: 2, width: 3, height: 3 });
    expect(boundsOf([])).toBeUndefined();
  });
});
