import { describe, expect, it } from "vitest";
import { spread } from "./pin-row.ts";

const limits = { from: 0, to: 100 };

describe("spread", () => {
  it("leaves places alone that are far enough apart", () => {
    expect(spread([10, 40, 90], 20, limits)).toEqual([10, 40, 90]);
  });

  it("moves a cluster apart around its middle", () => {
    expect(spread([50, 50, 50], 10, limits)).toEqual([40, 50, 60]);
  });

  it("keeps a cluster at the rim inside, still apart and in order", () => {
    expect(spread([99, 99, 100], 10, limits)).toEqual([80, 90, 100]);
    expect(spread([0, 0, 1], 10, limits)).toEqual([0, 10, 20]);
  });

  it("lets clusters that grow into each other move as one", () => {
    const places = spread([30, 31, 32, 45, 46], 10, limits);
    const steps = places.slice(1).map((place, at) => place - places[at]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(10 - 1e-9);
  });
});
