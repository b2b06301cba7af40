import { describe, expect, it } from "vitest";
import { makeFootprint, signedDistance } from "../footprint.ts";
import { DISC_ROW, discsOf } from "./footprint-discs.ts";

describe("discs of a footprint", () => {
  it.each([
    ["a nearly square base", 0.254, 0.215],
    ["a long one", 0.5, 0.25],
  ])("fill %s to within a few centimetres and stay inside of it", (_name, x, y) => {
    const footprint = makeFootprint([
      [x, y],
      [-x, y],
      [-x, -y],
      [x, -y],
    ]);
    const { rows, gap } = discsOf(footprint);
    expect(gap).toBeLessThan(0.05);
    for (let at = 0; at < rows.length; at += DISC_ROW) {
      expect(rows[at + 2]).toBeLessThanOrEqual(1e-9 - signedDistance(footprint, rows[at]!, rows[at + 1]!));
    }
  });
});
