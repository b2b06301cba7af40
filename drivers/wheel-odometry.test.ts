import { describe, expect, it } from "vitest";
import { counterStep, createWheelOdometry } from "./wheel-odometry.ts";

describe("the odometry of two wheels", () => {
  it("follows an arc to where the arc ends", () => {
    const odometry = createWheelOdometry(0.5);
    // A quarter turn to the left around a point 1 m to the left.
    const [left, right] = [(Math.PI / 2) * 0.75, (Math.PI / 2) * 1.25];
    for (let step = 0; step < 100; step++) odometry.advance(left / 100, right / 100, step * 10);
    const { pose, velocity } = odometry.latest()!;
    expect(pose.x).toBeCloseTo(1, 3);
    expect(pose.y).toBeCloseTo(1, 3);
    expect(pose.yaw).toBeCloseTo(Math.PI / 2, 6);
    expect(velocity.linear).toBeCloseTo(Math.PI / 2, 2);
    expect(velocity.angular).toBeCloseTo(Math.PI / 2, 2);
  });

  it("takes no speed from a time without samples", () => {
    const odometry = createWheelOdometry(0.5);
    odometry.advance(0.1, 0.1, 0);
    odometry.advance(0.1, 0.1, 50);
    odometry.pause();
    expect(odometry.advance(0.2, 0.2, 10_000).velocity).toEqual({ linear: 0, angular: 0 });
  });

  it("tells the true speed when samples were held up and come together", () => {
    const odometry = createWheelOdometry(0.5);
    const speeds: number[] = [];
    // 1 m/s, a sample each 20 ms; those of the time from 200 to 400 ms come at 400 ms.
    for (let atMs = 0; atMs < 800; atMs += 20) {
      const heardMs = atMs > 200 && atMs < 400 ? 400 : atMs;
      speeds.push(odometry.advance(0.02, 0.02, heardMs).velocity.linear);
    }
    expect(Math.max(...speeds)).toBeLessThan(1.05);
    expect(speeds.at(-1)).toBeCloseTo(1, 3);
  });

  it.each([
    [65_530, 4, 16, 10],
    [4, 65_530, 16, -10],
    [100, 90, 16, -10],
    [2_147_483_640, -2_147_483_646, 32, 10],
  ] as const)("counts from %i to %i with %i bits as %i", (from, to, bits, steps) => {
    expect(counterStep(from, to, bits)).toBe(steps);
  });
});
