import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distance, type Pose, relativeTo, type Velocity } from "#lib/geometry";
import { makeFootprint, signedDistance } from "./footprint.ts";
import { advance, approach, STANDSTILL } from "./kinematics.ts";
import { PEOPLE_RULES, roomToMovers } from "./moving-clearance.ts";
import { gate, type GateLimits, type GateState } from "./safety-gate.ts";
import type { Movers } from "./tracking/movers.ts";

const footprint = makeFootprint([
  [-0.35, -0.25],
  [0.35, -0.25],
  [0.35, 0.25],
  [-0.35, 0.25],
]);
const limits: GateLimits = {
  maxSpeed: 1.5,
  maxReverseSpeed: 0.4,
  maxAngularSpeed: 1.2,
  maxAcceleration: 0.8,
  maxDeceleration: 1.2,
  maxAngularAcceleration: 2,
  scanStaleMs: 250,
};

type Row = readonly [x: number, y: number, vx: number, vy: number];

function moversOf(...rows: readonly Row[]): Movers {
  return { count: rows.length, rows: Float64Array.from(rows.flat()) };
}

function state(change: Partial<GateState>, speed = 0): GateState {
  return {
    nowMs: 10_000,
    power: "enabled",
    goal: { maxSpeed: 1.5, validUntilMs: 11_000 },
    odometry: { atMs: 9990, velocity: { linear: speed, angular: 0 } },
    scan: { atMs: 9950, points: new Float64Array(), validShare: 1, view: "all-round" },
    pose: { x: 0, y: 0, yaw: 0 },
    footprint,
    limits,
    ...change,
  };
}

const ahead = (linear: number): Velocity => ({ linear, angular: 0 });

describe("the gate, where things move", () => {
  it("stops for somebody who crosses ahead, long before a standing thing would make it", () => {
    const crossing: Row = [1.7, -1, 0, 1];
    expect(gate(ahead(1.2), state({ movers: moversOf(crossing) }, 1.2)).verdict).toEqual({
      action: "stop",
      reason: "mover",
    });
    const scan = { atMs: 9950, points: Float64Array.from([1.7, -1]), validShare: 1, view: "all-round" } as const;
    expect(gate(ahead(1.2), state({ scan }, 1.2)).verdict.action).toBe("pass");
  });

  it("has nothing against somebody who has passed, or goes away", () => {
    const rows: Row[] = [
      [1.7, 1, 0, 1],
      [-1.5, 0, -1, 0],
    ];
    expect(gate(ahead(1), state({ movers: moversOf(...rows) }, 0.8)).verdict.action).toBe("pass");
  });

  it("counts the speed of what comes towards it", () => {
    const allowed = (vx: number): number =>
      gate(ahead(1.5), state({ movers: moversOf([3, 0, vx, 0]) }, 0.5)).velocity.linear;
    expect(allowed(-1.4)).toBeLessThan(allowed(-0.7));
    expect(allowed(-0.7)).toBeLessThan(allowed(0));
  });

  it("lets the robot get away from somebody near, and neither nearer nor past", () => {
    const beside = moversOf([0.5, 0.1, 0, 0]);
    expect(gate(ahead(-0.2), state({ movers: beside })).verdict.action).toBe("pass");
    expect(gate(ahead(0.2), state({ movers: beside })).verdict).toEqual({ action: "stop", reason: "mover" });
  });

  it("drives slower past a corner the nearer it is, but never slower than the rule says", () => {
    const past = (y: number): number =>
      gate(ahead(1.5), state({ hidden: Float64Array.from([0.8, y]) }, 0.8)).velocity.linear;
    const speeds = [3, 2.2, 1.9, 1.6, 1, 0.5].map(past);
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a));
    expect(speeds[0]).toBe(1.5);
    expect(new Set(speeds).size).toBeGreaterThan(2);
    expect(speeds.at(-1)).toBeCloseTo(PEOPLE_RULES.cornerSpeed);
    expect(gate(ahead(0.7), state({ hidden: Float64Array.from([0.5, 0.4]) })).verdict.action).toBe("pass");
  });

  it("never drives into anything that moves, whatever is commanded, and whatever that does within its limits", () => {
    const walker = fc.record({
      bearing: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
      away: fc.double({ min: 1, max: 4, noNaN: true }),
      heading: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
      speed: fc.double({ min: 0, max: 1.6, noNaN: true }),
      changes: fc.array(fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }), { minLength: 4, maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(walker, { minLength: 1, maxLength: 4 }),
        fc.array(command(), { minLength: 80, maxLength: 80 }),
        (walkers, commands) => {
          expect(Math.max(...pushes(walkers, commands))).toBeLessThan(0.15);
        },
      ),
      { numRuns: 150 },
    );
  });
});

it("tells the room to what moves, where it will be then", () => {
  const movers = moversOf([2, 0, -1, 0]);
  const here = { x: 0, y: 0, yaw: 0 };
  expect(roomToMovers(footprint, here, 0, movers, 3)).toBeCloseTo(1.65);
  expect(roomToMovers(footprint, here, 1, movers, 3)).toBeCloseTo(0.65);
  expect(roomToMovers(footprint, here, 0, movers, 1)).toBe(1);
});

interface Walker {
  readonly bearing: number;
  readonly away: number;
  readonly heading: number;
  readonly speed: number;
  readonly changes: readonly number[];
}

/**
 * Drives by random commands among walkers who change their minds each second by 1 m/s² for half of it; returns how fast the robot's own
 * body closed in at each contact, 0 without any.
 */
function pushes(walkers: readonly Walker[], commands: readonly Velocity[]): number[] {
  let [pose, velocity]: [Pose, Velocity] = [{ x: 0, y: 0, yaw: 0 }, STANDSTILL];
  const moving = walkers.map(({ bearing, away, heading, speed }) => ({
    x: away * Math.cos(bearing),
    y: away * Math.sin(bearing),
    vx: speed * Math.cos(heading),
    vy: speed * Math.sin(heading),
  }));
  const closing: number[] = [0];
  for (const [tick, wanted] of commands.entries()) {
    const rows = moving.map(({ x, y, vx, vy }): Row => {
      const seen = relativeTo(pose, { x, y, yaw: 0 });
      const going = relativeTo({ x: 0, y: 0, yaw: pose.yaw }, { x: vx, y: vy, yaw: 0 });
      return [seen.x, seen.y, going.x, going.y];
    });
    const given = state({ movers: moversOf(...rows), pose, odometry: { atMs: 9990, velocity } });
    const allowed = gate(wanted, given).velocity;
    for (let step = 0; step < 5; step++) {
      velocity = approach(velocity, allowed, limits, 0.01);
      pose = advance(pose, velocity, 0.01);
      for (const [at, one] of moving.entries()) {
        const turn = walkers[at]!.changes[Math.floor(tick / 20)]!;
        const pull = tick % 20 < 10 ? 0.01 : 0;
        one.vx += pull * Math.cos(turn);
        one.vy += pull * Math.sin(turn);
        one.x += one.vx * 0.01;
        one.y += one.vy * 0.01;
        closing.push(closingSpeed(pose, velocity, one));
      }
    }
  }
  return closing;
}

/** How fast the body goes for a point that it touches; 0 when it does not touch it. */
function closingSpeed(pose: Pose, velocity: Velocity, point: { x: number; y: number }): number {
  const distanceAt = (at: Pose): number => {
    const { x, y } = relativeTo(at, { ...point, yaw: 0 });
    return signedDistance(footprint, x, y);
  };
  if (distance(pose, point) > footprint.circumscribed || distanceAt(pose) > 0) return 0;
  return Math.max(0, (distanceAt(pose) - distanceAt(advance(pose, velocity, 0.01))) / 0.01);
}

function command(): fc.Arbitrary<Velocity> {
  return fc.record({
    linear: fc.double({ min: -0.4, max: 1.5, noNaN: true }),
    angular: fc.double({ min: -1.2, max: 1.2, noNaN: true }),
  });
}
