import { describe, expect, it } from "vitest";
import { cellCentreX, cellCentreY, type GridFrame, indexAt, OUTSIDE, sample, sampleSmooth } from "./grid.ts";

const frame: GridFrame = { width: 4, height: 3, resolution: 0.5, originX: -1, originY: 2 };

describe("grid", () => {
  it("finds the cell of a point, row by row from the lower-left corner", () => {
    expect(indexAt(frame, -1, 2)).toBe(0);
    expect(indexAt(frame, 0.99, 2.1)).toBe(3);
    expect(indexAt(frame, -0.9, 2.6)).toBe(4);
  });

  it("says what lies outside on every side", () => {
    for (const [x, y] of [
      [-1.01, 2.1],
      [1.01, 2.1],
      [0, 1.99],
      [0, 3.51],
      [Number.NaN, 2.1],
    ] as const) {
      expect(sample(frame, new Float32Array(12).fill(7), x, y, -1)).toBe(-1);
    }
    expect(indexAt(frame, 5, 5)).toBe(OUTSIDE);
  });

  it("gives back the centre of the cell of a point", () => {
    expect([cellCentreX(frame, 6), cellCentreY(frame, 6)]).toEqual([0.25, 2.75]);
  });

  it("samples a linear field exactly between the centres of cells", () => {
    const field = Float32Array.from(
      { length: 12 },
      (_, index) => 3 * cellCentreX(frame, index) + cellCentreY(frame, index),
    );
    expect(sampleSmooth(frame, field, 0.1, 2.9)).toBeCloseTo(3 * 0.1 + 2.9, 5);
    expect(sampleSmooth(frame, field, 0.25, 2.75)).toBeCloseTo(3.5, 5);
  });

  it("keeps the border's value beyond the border", () => {
    const field = Float32Array.from({ length: 12 }, (_, index) => cellCentreX(frame, index));
    expect(sampleSmooth(frame, field, 9, 2.25)).toBeCloseTo(0.75, 5);
  });
});
