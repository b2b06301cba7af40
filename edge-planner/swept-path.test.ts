import { describe, expect, it } from "vitest";
import { makeFootprint } from "./footprint.ts";
import { isSweepClear } from "./swept-path.ts";

const footprint = makeFootprint([
  [-0.35, -0.25],
  [0.35, -0.25],
  [0.35, 0.25],
  [-0.35, 0.25],
]);

function clear(
  path: readonly (readonly [number, number, number])[],
  ...points: readonly (readonly [number, number])[]
): boolean {
  const poses = path.map(([x, y, yaw]) => ({ x, y, yaw }));
  return isSweepClear(footprint, poses, Float64Array.from(points.flat()));
}

const AHEAD = [0.1, 0.2, 0.3].map((x) => [x, 0, 0] as const);
const BACK = [-0.1, -0.2, -0.3].map((x) => [x, 0, 0] as const);
const TURN = [0.2, 0.4, 0.6].map((yaw) => [0, 0, yaw] as const);

describe("swept path", () => {
  it("is shut by a point that the footprint would reach, padding included", () => {
    expect(clear(AHEAD, [0.67, 0])).toBe(false);
    expect(clear(AHEAD, [0.69, 0])).toBe(true);
    expect(clear(AHEAD, [0.4, 0.27])).toBe(false);
    expect(clear(AHEAD, [0.4, 0.3])).toBe(true);
  });

  it("is shut for a turn by a point that only the corner sweeps", () => {
    expect(clear(TURN, [0.2, 0.36])).toBe(false);
    expect(clear(TURN, [0.2, -0.46])).toBe(true);
  });

  it("may lead away from a point that is closer than the padding, and along it, but not nearer", () => {
    expect(clear(BACK, [0.36, 0])).toBe(true);
    expect(clear(AHEAD, [0.1, 0.26])).toBe(true);
    expect(clear(AHEAD, [0.36, 0])).toBe(false);
  });

  it("does not come up to what is ahead because something beside it is close already", () => {
    const beside = [0, 0.252] as const;
    expect(clear([[0.02, 0, 0]], beside, [0.386, 0])).toBe(true);
    expect(clear([[0.02, 0, 0]], beside, [0.38, 0])).toBe(false);
    expect(clear([[0.02, 0, 0]], beside, [0.36, 0])).toBe(false);
  });

  it("may lead out of a contact but not deeper into it", () => {
    expect(clear(BACK, [0.33, 0])).toBe(true);
    expect(clear(AHEAD, [0.33, 0])).toBe(false);
  });

  it("does not mind the robot's own parts, deep inside of its footprint", () => {
    expect(clear(AHEAD, [0.1, 0])).toBe(true);
  });
});
