import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { prepareTerrain } from "../space/terrain.ts";
import { DirtGrid } from "./dirt-grid.ts";

const floor = prepareTerrain({ empty: [0, 0, 4, 3] });
const rectangle = (left: number, bottom: number, right: number, top: number): Point[] => [
  [left, bottom],
  [right, bottom],
  [right, top],
  [left, top],
];

describe("dirty floor", () => {
  it("is what is free within its area, not walls or what lies outside", () => {
    expect(new DirtGrid(rectangle(0, 0, 4, 3), 0.05, floor).total).toBe(80 * 60);
    expect(new DirtGrid(rectangle(-2, -2, 1, 1), 0.05, floor).total).toBe(20 * 20);
  });

  it("counts another pass only when a tool comes back after a while", () => {
    const dirt = new DirtGrid(rectangle(0, 0, 4, 3), 0.05, floor);
    const strip = rectangle(1, 1, 2, 1.5);
    expect(dirt.sweep(strip, 20)).toEqual({ cleaned: 200, again: 0 });
    expect(dirt.sweep(strip, 40)).toEqual({ cleaned: 0, again: 0 });
    expect(dirt.sweep(rectangle(1.5, 1, 2.5, 1.5), 1000)).toEqual({ cleaned: 100, again: 0 });
    expect(dirt.sweep(strip, 2500)).toEqual({ cleaned: 0, again: 100 });
  });

  it("gets clean once, wherever tools go: what was cleaned is what was under one of them", () => {
    const box = fc.record({
      x: fc.double({ min: -1, max: 5, noNaN: true }),
      y: fc.double({ min: -1, max: 4, noNaN: true }),
      width: fc.double({ min: 0.05, max: 2, noNaN: true }),
      height: fc.double({ min: 0.05, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(box, { maxLength: 8 }), (boxes) => {
        const dirt = new DirtGrid(rectangle(0, 0, 4, 3), 0.1, floor);
        let cleaned = 0;
        for (const [at, { x, y, width, height }] of boxes.entries()) {
          cleaned += dirt.sweep(rectangle(x, y, x + width, y + height), at + 1).cleaned;
        }
        let expected = 0;
        for (let column = 0; column < 40; column++) {
          for (let row = 0; row < 30; row++) {
            const [cx, cy] = [(column + 0.5) * 0.1, (row + 0.5) * 0.1];
            const isUnder = boxes.some(
              ({ x, y, width, height }) => cx > x && cx < x + width && cy > y && cy < y + height,
            );
            if (isUnder) expected++;
          }
        }
        expect(cleaned).toBe(expected);
      }),
    );
  });
});
