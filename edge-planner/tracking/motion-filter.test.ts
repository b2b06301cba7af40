import { expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { correct, createMotionFilter, predict } from "./motion-filter.ts";

it("finds the velocity of something that goes straight on, from noisy positions", () => {
  const rng = createRng(3);
  const filter = createMotionFilter(0, 0);
  for (let step = 1; step <= 20; step++) {
    predict(filter, 0.1);
    correct(filter, 0.1 * step + rng.normal(0.03), -0.05 * step + rng.normal(0.03));
  }
  expect(filter.vx).toBeCloseTo(1, 0);
  expect(filter.vy).toBeCloseTo(-0.5, 0);
  expect(Math.hypot(filter.x - 2, filter.y + 1)).toBeLessThan(0.08);
});

it("grows less certain without being told, and more certain when told", () => {
  const filter = createMotionFilter(0, 0);
  const before = filter.positionVariance;
  predict(filter, 0.5);
  const unsure = filter.positionVariance;
  expect(unsure).toBeGreaterThan(before);
  correct(filter, 0, 0);
  expect(filter.positionVariance).toBeLessThan(unsure);
  expect(filter.velocityVariance).toBeGreaterThan(0);
});
