import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { distanceToBorder, gapBetween, obstacleThing, placeOutline, polygonThing, type Thing } from "./shapes.ts";

const square: Point[] = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
];
const moved = (outline: readonly Point[], dx: number, dy: number): Point[] => outline.map(([x, y]) => [x + dx, y + dy]);

const polygonGap = (a: readonly Point[], b: readonly Point[]): number =>
  gapBetween(polygonThing("a", a), polygonThing("b", b));
const gapTo = (outline: readonly Point[], thing: Thing): number => gapBetween(polygonThing("a", outline), thing);

describe("the gap between polygons", () => {
  it("is the distance between the nearest points, at a side or at a corner", () => {
    expect(polygonGap(square, moved(square, 3, 0.5))).toBeCloseTo(1, 12);
    expect(polygonGap(square, moved(square, 5, 6))).toBeCloseTo(5, 12);
  });

  it("is 0 when one lies in the other", () => {
    const small = moved(square, 0, 0).map(([x, y]): Point => [0.5 + x / 4, 0.5 + y / 4]);
    expect(polygonGap(square, small)).toBe(0);
    expect(polygonGap(small, square)).toBe(0);
  });

  it("is 0 for a cross, where no corner of one lies in the other", () => {
    const wide: Point[] = [
      [-1, 0.8],
      [3, 0.8],
      [3, 1.2],
      [-1, 1.2],
    ];
    expect(polygonGap(square, wide)).toBe(0);
  });

  it("respects the notch of a polygon that is not convex", () => {
    const notched: Point[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [2, 1],
      [0, 4],
    ];
    const inNotch = moved(square, 1.8, 3.5).map(([x, y]): Point => [1.9 + (x - 1.8) / 10, 3.5 + (y - 3.5) / 10]);
    expect(polygonGap(notched, inNotch)).toBeGreaterThan(0.5);
  });
});

describe("the gap between things", () => {
  it("measures to the rim of a circle", () => {
    expect(gapTo(square, { shape: "circle", id: "c", x: 4, y: 1, radius: 0.5 })).toBeCloseTo(1.5, 12);
    expect(gapTo(square, { shape: "circle", id: "c", x: 2.2, y: 1, radius: 0.5 })).toBe(0);
    expect(gapTo(square, { shape: "circle", id: "c", x: 1, y: 1, radius: 0.1 })).toBe(0);
  });

  it("is that of the rims of two circles", () => {
    const circle = (x: number, radius: number): Thing => ({ shape: "circle", id: "c", x, y: 0, radius });
    expect(gapBetween(circle(0, 1), circle(4, 0.5))).toBeCloseTo(2.5, 12);
    expect(gapBetween(circle(0, 1), circle(1.2, 0.5))).toBe(0);
  });

  it("knows no inside of a wall, but crosses it nowhere", () => {
    const wall = obstacleThing("w", {
      wall: [
        [-1, -1],
        [3, -1],
        [3, 3],
        [-1, 3],
      ],
    });
    expect(gapTo(square, wall)).toBeCloseTo(1, 12);
    expect(gapTo(moved(square, -2, 0), wall)).toBeCloseTo(1, 12);
    expect(gapTo(moved(square, 2, 0), wall)).toBe(0);
    expect(gapBetween({ shape: "circle", id: "c", x: -1, y: 1, radius: 0.5 }, wall)).toBeCloseTo(1.5, 12);
  });

  it("measures to the outline of a polygon, not to its enclosing circle", () => {
    const thing = polygonThing("p", moved(square, 3, 0));
    expect(gapTo(square, thing)).toBeCloseTo(1, 12);
    expect(thing.radius).toBeCloseTo(Math.SQRT2, 12);
  });
});

it("places an outline by turning it before moving it", () => {
  const placed = placeOutline([[1, 0]], { x: 5, y: 6, yaw: Math.PI / 2 });
  expect(placed[0]![0]).toBeCloseTo(5, 12);
  expect(placed[0]![1]).toBeCloseTo(7, 12);
});

it("measures to the border from inside and from outside", () => {
  expect(distanceToBorder([1, 0.5], square)).toBeCloseTo(0.5, 12);
  expect(distanceToBorder([1, -0.5], square)).toBeCloseTo(0.5, 12);
});
