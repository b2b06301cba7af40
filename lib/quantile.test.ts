import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";

test.each([
  [0, 1],
  [0.5, 2],
  [0.51, 3],
  [1, 4],
])("the nearest rank of share %d of 1, 2, 3, 4 is %d", (share, value) => {
  expect(quantile([4, 1, 3, 2], share)).toBe(value);
});

test("no samples have no quantile", () => {
  expect(quantile([], 0.5)).toBeNaN();
});
