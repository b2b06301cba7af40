import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { advance, Body } from "./body.ts";
import { RobotSpec } from "../world-spec.ts";

const DT_S = 0.02;

function makeBody(spec: object = {}): Body {
  const parsed = RobotSpec.parse({
    id: "r",
    pose: [0, 0, 0],
    actuation: { delayMs: 40, gainSigma: 0 },
    limits: { maxSpeed: 1, maxReverseSpeed: 0.5, maxAcceleration: 1, maxDeceleration: 2, maxAngularAcceleration: 2 },
    ...spec,
  });
  return new Body(parsed, { x: 0, y: 0, yaw: 0 }, createRng(1));
}

/** Speeds after each step up to `untilMs`. */
function run(body: Body, fromMs: number, untilMs: number, canDrive = true): { atMs: number; linear: number }[] {
  const speeds = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs += 1000 * DT_S) {
    body.accelerate(atMs, DT_S, canDrive);
    speeds.push({ atMs, linear: body.velocity.linear });
  }
  return speeds;
}

describe("a body", () => {
  it("follows a command after its delay, within its acceleration", () => {
    const body = makeBody();
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 10_000, 0);
    const speeds = run(body, 0, 1000);
    expect(speeds.filter(({ linear }) => linear > 0)[0]!.atMs).toBe(40);
    expect(speeds.find(({ linear }) => linear >= 0.5)!.atMs).toBe(40 + 480);
    expect(speeds.at(-1)!.linear).toBe(0.5);
  });

  it("clips what is beyond its limits", () => {
    const body = makeBody();
    body.command(1, { linear: 9, lateral: 0, angular: 0 }, 10_000, 0);
    run(body, 0, 3000);
    expect(body.velocity.linear).toBe(1);
    body.command(1, { linear: -9, lateral: 0, angular: -9 }, 10_000, 3000);
    run(body, 3000, 9000);
    expect(body.velocity).toEqual({ linear: -0.5, lateral: 0, angular: -1.5 });
  });

  it("brakes when its last command is no longer valid", () => {
    const body = makeBody();
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 1000, 0);
    run(body, 0, 1020);
    expect(body.velocity.linear).toBe(0.5);
    run(body, 1040, 1040);
    expect(body.velocity.linear).toBeCloseTo(0.5 - 2 * DT_S, 12);
    run(body, 1060, 1400);
    expect(body.velocity.linear).toBe(0);
  });

  it("forgets only the commands of who releases it", () => {
    const body = makeBody();
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 10_000, 0);
    body.release(2);
    run(body, 0, 1000);
    expect(body.velocity.linear).toBe(0.5);
    body.release(1);
    run(body, 1000, 2000);
    expect(body.velocity.linear).toBe(0);
  });

  it("never begins a command that was released before its effect", () => {
    const body = makeBody();
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 10_000, 0);
    body.release(1);
    run(body, 0, 1000);
    expect(body.velocity.linear).toBe(0);
  });

  it("brakes when it may not drive", () => {
    const body = makeBody();
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 10_000, 0);
    run(body, 0, 1000);
    run(body, 1000, 2000, false);
    expect(body.velocity.linear).toBe(0);
  });

  it("errs by the same gain all the time", () => {
    const body = makeBody({ actuation: { delayMs: 0, gainSigma: 0.1 } });
    body.command(1, { linear: 0.5, lateral: 0, angular: 0 }, 10_000, 0);
    const speeds = run(body, 0, 4000)
      .slice(-50)
      .map(({ linear }) => linear);
    expect(new Set(speeds).size).toBe(1);
    expect(speeds[0]).not.toBe(0.5);
    expect(speeds[0]).toBeCloseTo(0.5, 0);
  });
});

it("advances along a circle at constant velocity", () => {
  let pose = { x: 0, y: 0, yaw: 0 };
  const steps = Math.round((2 * Math.PI) / (0.5 * DT_S));
  for (let step = 0; step < steps; step++)
    pose = advance(pose, { linear: 1, lateral: 0, angular: (2 * Math.PI) / (steps * DT_S) }, DT_S);
  expect(Math.hypot(pose.x, pose.y)).toBeLessThan(1e-9);
});
