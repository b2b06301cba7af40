import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { distanceField } from "../distance-field.ts";
import { createDistanceWindow, markCell, updateDistances } from "./distance-window.ts";

describe("distances that are kept up to date", () => {
  it("equal those computed anew after every change, cut short at their reach", () => {
    const rng = createRng(1);
    const shape = { width: 61, height: 47, resolution: 0.05 };
    const window = createDistanceWindow(shape, 0.6);
    for (let round = 0; round < 60; round++) {
      for (let change = rng.integer(0, 12); change > 0; change--) {
        markCell(window, rng.integer(0, shape.width * shape.height - 1), rng.chance(2, 3) ? 1 : 0);
      }
      updateDistances(window);
      const anew = distanceField(window.marks, shape, 0.6);
      const error = anew.reduce((most, value, cell) => Math.max(most, Math.abs(value - window.distances[cell]!)), 0);
      expect(error).toBeLessThan(1e-6);
    }
  });

  it("are the full reach where nothing is left", () => {
    const window = createDistanceWindow({ width: 20, height: 20, resolution: 0.1 }, 0.5);
    markCell(window, 210, 1);
    updateDistances(window);
    expect(window.distances[210]).toBe(0);
    expect(window.distances[212]).toBeCloseTo(0.2, 6);
    markCell(window, 210, 0);
    updateDistances(window);
    expect([...window.distances].every((distance) => Math.abs(distance - 0.5) < 1e-6)).toBe(true);
  });
});
