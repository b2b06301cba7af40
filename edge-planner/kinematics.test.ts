import { describe, expect, it } from "vitest";
import {
  advance,
  approach,
  type KinematicLimits,
  stoppingDistance,
  stoppingPoses,
  turnRateWithin,
} from "./kinematics.ts";

const limits: KinematicLimits = {
  maxSpeed: 1.5,
  maxReverseSpeed: 0.4,
  maxAngularSpeed: 1.2,
  maxAcceleration: 0.8,
  maxDeceleration: 1.2,
  maxAngularAcceleration: 2,
};
const REST = { linear: 0, angular: 0 };

describe("kinematics", () => {
  it("advances along exact arcs", () => {
    const quarter = advance({ x: 1, y: 2, yaw: 0 }, { linear: Math.PI / 2, angular: Math.PI / 2 }, 1);
    expect(quarter.x).toBeCloseTo(2);
    expect(quarter.y).toBeCloseTo(3);
    expect(quarter.yaw).toBeCloseTo(Math.PI / 2);
    expect(advance({ x: 0, y: 0, yaw: 0 }, { linear: 2, angular: 0 }, 1.5)).toEqual({ x: 3, y: 0, yaw: 0 });
  });

  it("speeds up and brakes each at its own limit", () => {
    expect(approach(REST, { linear: 1, angular: 1 }, limits, 0.5)).toEqual({ linear: 0.4, angular: 1 });
    expect(approach({ linear: 1, angular: 0 }, REST, limits, 0.5).linear).toBeCloseTo(0.4);
    expect(approach({ linear: 0.2, angular: 0 }, { linear: -1, angular: 0 }, limits, 0.1).linear).toBeCloseTo(0.08);
  });

  it("stops on the way that reaction and brakes need", () => {
    const path = stoppingPoses({ linear: 1.2, angular: 0 }, { linear: 1.2, angular: 0 }, limits, 0.15);
    expect(path.at(-1)!.x).toBeCloseTo(stoppingDistance(1.2, limits, 0.15), 1);
    expect(path.every(({ y }) => y === 0)).toBe(true);
  });

  it("brakes from where the base is, not from where it is told to go", () => {
    const poses = stoppingPoses({ linear: 1.2, angular: 0 }, REST, limits, 0.15);
    expect(Math.max(...poses.map(({ x }) => x))).toBeCloseTo(0.6, 1);
    expect(stoppingPoses(REST, REST, limits, 0.15).every(({ x }) => x === 0)).toBe(true);
  });

  it("counts with a base that obeys at once as well as with one that ramps up", () => {
    const furthest = Math.max(...stoppingPoses(REST, { linear: 1.2, angular: 0 }, limits, 0.15).map(({ x }) => x));
    expect(furthest).toBeCloseTo(stoppingDistance(1.2, limits, 0.15), 1);
  });

  it("turns no faster than it can stop turning", () => {
    expect(turnRateWithin(0.25, limits)).toBeCloseTo(1);
    expect(turnRateWithin(3, limits)).toBe(1.2);
  });
});
