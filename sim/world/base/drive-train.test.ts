import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import { RobotSpec } from "../world-spec.ts";
import { advance, Body } from "./body.ts";
import type { Twist } from "./drive-train.ts";

const DT_S = 0.02;

function makeBody(spec: object): Body {
  const exact = { delayMs: 0, gainSigma: 0 };
  const parsed = RobotSpec.parse({ id: "r", pose: [0, 0, 0], actuation: exact, ...spec });
  return new Body(parsed, { x: 0, y: 0, yaw: 0 }, createRng(1));
}

/** Drives for so long and returns where the body gets to. */
function run(body: Body, velocity: Partial<Twist>, seconds: number, fromMs = 0): Pose {
  body.command(1, { linear: 0, lateral: 0, angular: 0, ...velocity }, 1e6, fromMs);
  for (let step = 0; step < seconds / DT_S; step++) {
    body.accelerate(fromMs + step * 1000 * DT_S, DT_S, true);
    body.pose = advance(body.pose, body.velocity, DT_S);
  }
  return body.pose;
}

describe("a holonomic base", () => {
  it("moves sideways up to its limit, which a differential one can't", () => {
    const sideways = makeBody({ base: { kind: "holonomic", maxLateralSpeed: 0.4 } });
    const { x, y, yaw } = run(sideways, { lateral: 2 }, 3);
    expect([x, yaw]).toEqual([0, 0]);
    expect(sideways.velocity.lateral).toBe(0.4);
    expect(y).toBeGreaterThan(0.9);
    expect(run(makeBody({}), { lateral: 2 }, 3).y).toBe(0);
  });
});

describe("a tricycle base", () => {
  const base = { kind: "tricycle", wheelbase: 1.2, maxSteer: Math.PI / 2, steerRate: 1 };

  it("drives the circle that it is asked for, once its wheel is turned", () => {
    const body = makeBody({ base });
    run(body, { linear: 0.6, angular: 0.3 }, 5);
    expect(body.velocity.linear).toBeCloseTo(0.6, 9);
    expect(body.velocity.angular).toBeCloseTo(0.3, 9);
  });

  it("turns its wheel before it turns on the spot", () => {
    const body = makeBody({ base });
    run(body, { angular: 0.5 }, 0.5);
    expect(Math.abs(body.velocity.angular)).toBeLessThan(0.25);
    run(body, { angular: 0.5 }, 3, 500);
    expect(body.velocity.angular).toBeCloseTo(0.5, 9);
    expect(body.velocity.linear).toBeCloseTo(0, 9);
  });

  it("turns no tighter than its steering", () => {
    const body = makeBody({ base: { ...base, maxSteer: 0.5 } });
    run(body, { linear: 0.3, angular: 1.5 }, 5);
    expect(body.velocity.linear / body.velocity.angular).toBeCloseTo(1.2 / Math.tan(0.5), 9);
  });
});

describe("flaws of a base", () => {
  it("follows with the time constant of its motors", () => {
    const limits = { maxAcceleration: 1000 };
    const body = makeBody({ limits, actuation: { delayMs: 0, gainSigma: 0, lagMs: 500 } });
    run(body, { linear: 1 }, 0.5);
    expect(body.velocity.linear).toBeCloseTo(1 - Math.exp(-1), 9);
  });

  it("gets less far than its wheels turn when they slip", () => {
    const body = makeBody({ actuation: { delayMs: 0, gainSigma: 0, slip: 0.25 } });
    run(body, { linear: 1 }, 4);
    expect(body.velocity.linear).toBeCloseTo(0.75, 9);
    expect(body.wheels.linear).toBeCloseTo(1, 9);
    body.slip(1, 4500);
    const { x } = body.pose;
    expect(run(body, { linear: 1 }, 0.5, 4000).x).toBe(x);
  });

  it("keeps its speed while an actuator is stuck, and no longer than it has power", () => {
    const body = makeBody({});
    run(body, { linear: 0.5 }, 2);
    body.stick("linear", 1e9);
    run(body, { linear: 0, angular: 0.5 }, 2, 2000);
    expect(body.velocity.linear).toBeCloseTo(0.5, 9);
    expect(body.velocity.angular).toBeCloseTo(0.5, 9);
    for (let step = 0; step < 200; step++) body.accelerate(4000 + step * 20, DT_S, false);
    expect(body.velocity.linear).toBe(0);
  });
});
