import { describe, expect, it } from "vitest";
import { makeTrack, project, rest, trackPoint } from "./track.ts";

const bend = makeTrack([
  [0, 0],
  [4, 0],
  [4, 3],
]);
/** There and back again, half a metre beside. */
const hairpin = makeTrack([
  [0, 0],
  [5, 0],
  [5, 0.5],
  [0, 0.5],
]);

describe("track", () => {
  it("projects places onto the nearest leg", () => {
    expect(project(bend, 1, 0.5, 0, 7)).toEqual({ along: 1, lateral: 0.5 });
    expect(project(bend, 4.2, 2, 0, 7)).toEqual({ along: 6, lateral: expect.closeTo(0.2) as number });
  });

  it("looks no further along than it is told, so that a leg that comes later is not taken for the present one", () => {
    expect(project(hairpin, 2, 0.4, 1, 3.5).along).toBe(2);
    expect(project(hairpin, 2, 0.4, 0, 20).along).toBe(8.5);
    expect(project(hairpin, 9, 0, 1, 3.5).along).toBe(3.5);
  });

  it("goes on straight past its end", () => {
    expect(trackPoint(bend, 5)).toMatchObject({ x: 4, y: 1 });
    const past = trackPoint(bend, 8);
    expect(past.x).toBeCloseTo(4);
    expect(past.y).toBeCloseTo(4);
  });

  it("tells what is left of it", () => {
    expect(rest(bend, 1)).toEqual([
      [1, 0],
      [4, 0],
      [4, 3],
    ]);
    expect(rest(bend, 7)).toEqual([[4, 3]]);
  });
});
