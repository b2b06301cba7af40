import { describe, expect, it } from "vitest";
import { footprintClearance, makeFootprint, signedDistance } from "./footprint.ts";
import { distanceField } from "./distance-field.ts";
import { type GridFrame, indexAt } from "./grid.ts";

const amr = makeFootprint([
  [-0.35, -0.25],
  [0.35, -0.25],
  [0.35, 0.25],
  [-0.35, 0.25],
]);

describe("footprint", () => {
  it("knows the circles inside and around it", () => {
    expect(amr.inscribed).toBeCloseTo(0.25);
    expect(amr.circumscribed).toBeCloseTo(Math.hypot(0.35, 0.25));
  });

  it("measures distances to its border, negative inside", () => {
    expect(signedDistance(amr, 0.45, 0)).toBeCloseTo(0.1);
    expect(signedDistance(amr, 0.38, 0.29)).toBeCloseTo(0.05);
    expect(signedDistance(amr, 0, 0.2)).toBeCloseTo(-0.05);
  });

  it("measures distances to a shape with a notch, from inside of the notch", () => {
    const fork = makeFootprint([
      [-0.4, -0.3],
      [0.6, -0.3],
      [0.6, -0.1],
      [0.1, -0.1],
      [0.1, 0.1],
      [0.6, 0.1],
      [0.6, 0.3],
      [-0.4, 0.3],
    ]);
    expect(signedDistance(fork, 0.4, 0)).toBeCloseTo(0.1);
  });

  it("refuses a footprint that does not hold its centre of rotation", () => {
    expect(() =>
      makeFootprint([
        [1, 1],
        [2, 1],
        [2, 2],
      ]),
    ).toThrow(/origin/);
  });

  describe("clearance at a pose", () => {
    const frame: GridFrame = { width: 60, height: 60, resolution: 0.05, originX: -1.5, originY: -1.5 };
    const codes = new Uint8Array(3600);
    codes[indexAt(frame, 0.5, 0)] = 1;
    const field = distanceField(codes, frame, 5);
    const at = (x: number, y: number, yaw: number): number => footprintClearance(frame, field, amr, { x, y, yaw }, 0.4);

    it("is the room between the border and the nearest obstacle, cut short where there is enough", () => {
      expect(at(0, 0, 0)).toBeCloseTo(0.15, 1);
      expect(at(0, 0, Math.PI / 2)).toBeCloseTo(0.25, 1);
      expect(at(-1, -1, 0)).toBe(0.4);
    });

    it("is zero where an obstacle is touched or covered, and outside of the grid", () => {
      expect(at(0.16, 0, 0)).toBe(0);
      expect(at(0.5, 0, 0)).toBe(0);
      expect(at(9, 0, 0)).toBe(0);
    });

    it("sees an obstacle at a corner only in the heading that reaches it", () => {
      // The centre of the obstacle's cell lies in the direction 0.5 rad, as far off as a corner of the footprint.
      const [x, y] = [0.525 - amr.circumscribed * Math.cos(0.5), 0.025 - amr.circumscribed * Math.sin(0.5)];
      expect(at(x, y, 0.5 - Math.atan2(0.25, 0.35))).toBe(0);
      expect(at(x, y, 0.5)).toBeGreaterThan(0.05);
    });
  });
});
