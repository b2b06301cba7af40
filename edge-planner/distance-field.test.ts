import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceField } from "./distance-field.ts";

function bruteForce(codes: Uint8Array, width: number, at: number, beyond: number): number {
  let nearest = beyond;
  for (let index = 0; index < codes.length; index++) {
    if (codes[index] === 0) continue;
    const [dx, dy] = [(index % width) - (at % width), Math.floor(index / width) - Math.floor(at / width)];
    nearest = Math.min(nearest, Math.hypot(dx, dy) * 0.1);
  }
  return nearest;
}

describe("distance field", () => {
  it("equals the nearest of all marked cells, whatever their pattern", () => {
    const grids = fc
      .record({ width: fc.integer({ min: 1, max: 14 }), height: fc.integer({ min: 1, max: 14 }) })
      .chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          marks: fc.array(fc.boolean(), {
            minLength: shape.width * shape.height,
            maxLength: shape.width * shape.height,
          }),
        }),
      );
    fc.assert(
      fc.property(grids, ({ shape, marks }) => {
        const codes = Uint8Array.from(marks, Number);
        const field = distanceField(codes, { ...shape, resolution: 0.1 }, 1.2);
        for (let at = 0; at < codes.length; at++) {
          expect(field[at]).toBeCloseTo(bruteForce(codes, shape.width, at, 1.2), 5);
        }
      }),
    );
  });

  it("is the bound everywhere when nothing is marked", () => {
    const field = distanceField(new Uint8Array(6), { width: 3, height: 2, resolution: 0.1 }, 5);
    expect([...field]).toEqual([5, 5, 5, 5, 5, 5]);
  });
});
