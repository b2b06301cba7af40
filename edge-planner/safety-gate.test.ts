import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeTo, type Pose, type Velocity } from "#lib/geometry";
import { drawPlace, drawRoom, rectangleZone } from "./drawn-place.ts";
import { cornersAt, makeFootprint, signedDistance } from "./footprint.ts";
import { advance, approach, REACTION, STANDSTILL } from "./kinematics.ts";
import { mapFromOccupancy } from "./planning-map.ts";
import { gate, type GateLimits, type GateState } from "./safety-gate.ts";

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
  maxDeceleration: 0.8,
  maxAngularAcceleration: 2,
  scanStaleMs: 250,
};
const AHEAD: Velocity = { linear: 1, angular: 0 };

function state(points: readonly (readonly [number, number])[] = [], change: Partial<GateState> = {}): GateState {
  return {
    nowMs: 10_000,
    power: "enabled",
    goal: { maxSpeed: 1.5, validUntilMs: 11_000 },
    odometry: { atMs: 9990, velocity: STANDSTILL },
    scan: { atMs: 9950, points: Float64Array.from(points.flat()), validShare: 1, view: "all-round" },
    pose: { x: 0, y: 0, yaw: 0 },
    footprint,
    limits,
    ...change,
  };
}

function moving(velocity: Velocity): Pick<GateState, "odometry"> {
  return { odometry: { atMs: 9990, velocity } };
}

describe("safety gate", () => {
  it("lets a command pass when nothing is in the way", () => {
    expect(gate(AHEAD, state([[5, 0]]))).toEqual({ velocity: AHEAD, verdict: { action: "pass" } });
  });

  const { goal, scan, odometry, pose, ...rest } = state();
  it.each([
    { reason: "not_finite", command: { linear: Number.NaN, angular: 0 }, given: state() },
    { reason: "not_finite", command: { linear: 1, angular: Infinity }, given: state() },
    { reason: "not_enabled", command: AHEAD, given: state([], { power: "disabled" }) },
    { reason: "goal_expired", command: AHEAD, given: { ...rest, scan, odometry, pose } },
    { reason: "goal_expired", command: AHEAD, given: state([], { goal: { maxSpeed: 1, validUntilMs: 10_000 } }) },
    { reason: "goal_expired", command: AHEAD, given: state([], { goal: { maxSpeed: 1, validUntilMs: Number.NaN } }) },
    { reason: "odometry_stale", command: AHEAD, given: { ...rest, goal, scan, pose } },
    { reason: "odometry_stale", command: AHEAD, given: state([], { odometry: { atMs: 9749, velocity: AHEAD } }) },
    { reason: "odometry_stale", command: AHEAD, given: state([], moving({ linear: Number.NaN, angular: 0 })) },
    { reason: "scan_stale", command: AHEAD, given: { ...rest, goal, odometry, pose } },
    { reason: "scan_stale", command: AHEAD, given: state([], { scan: { ...scan!, atMs: 9749 } }) },
    { reason: "scan_stale", command: AHEAD, given: state([], { scan: { ...scan!, validShare: 0.4 } }) },
    { reason: "pose_lost", command: AHEAD, given: { ...rest, goal, scan, odometry } },
    { reason: "pose_lost", command: AHEAD, given: state([], { pose: { x: 0, y: Number.NaN, yaw: 0 } }) },
  ] as { reason: string; command: Velocity; given: GateState }[])("stops for $reason", ({ reason, command, given }) => {
    expect(gate(command, given)).toEqual({ velocity: STANDSTILL, verdict: { action: "stop", reason } });
  });

  it("has nothing against standing still without a goal", () => {
    expect(gate(STANDSTILL, rest)).toEqual({ velocity: STANDSTILL, verdict: { action: "pass" } });
  });

  it("clips a speed that could not be stopped in time, and stops right before an obstacle", () => {
    const near = gate({ linear: 1.5, angular: 0 }, state([[1, 0]], moving({ linear: 0.5, angular: 0 })));
    expect(near.verdict).toEqual({ action: "clip", reason: "obstacle" });
    expect(near.velocity.linear).toBeGreaterThan(0.4);
    expect(near.velocity.linear).toBeLessThan(0.9);
    expect(gate(AHEAD, state([[0.385, 0]])).verdict).toEqual({ action: "stop", reason: "obstacle" });
    expect(gate(AHEAD, state([[0.8, 0]], moving(AHEAD))).verdict).toEqual({ action: "stop", reason: "obstacle" });
  });

  it("keeps the curve of a command that it slows down", () => {
    const { velocity } = gate({ linear: 1.5, angular: 0.6 }, state([[1, 0.2]], moving({ linear: 0.5, angular: 0.2 })));
    expect(velocity.linear).toBeLessThan(1.5);
    expect(velocity.angular / velocity.linear).toBeCloseTo(0.4);
  });

  it("lets the robot turn away and back away from what it is close to", () => {
    const close = [[0.375, 0]] as const;
    expect(gate({ linear: -0.2, angular: 0 }, state(close)).verdict.action).toBe("pass");
    expect(gate({ linear: 0, angular: 0.5 }, state([[0, 0.45]])).verdict.action).toBe("pass");
  });

  it("holds the robot to the lowest of its own, the goal's and the reverse limit", () => {
    expect(gate({ linear: 2, angular: 0 }, state()).velocity.linear).toBe(1.5);
    const slowGoal = state([], { goal: { maxSpeed: 0.3, validUntilMs: 11_000 } });
    expect(gate(AHEAD, slowGoal)).toEqual({
      velocity: { linear: 0.3, angular: 0 },
      verdict: { action: "clip", reason: "zone_limit" },
    });
    expect(gate({ linear: -1, angular: 0 }, state()).velocity.linear).toBeCloseTo(-0.4);
    expect(gate({ linear: 0, angular: 9 }, state()).velocity.angular).toBeCloseTo(1.2);
  });

  it("creeps backwards when the lidar does not look there", () => {
    const blind = state([], { scan: { ...scan!, view: "ahead" } });
    expect(gate({ linear: -0.4, angular: 0 }, blind).velocity.linear).toBeCloseTo(-0.1);
  });

  describe("in zones", () => {
    const zones = [
      rectangleZone("pit", "keepout", [6, 2, 8, 4]),
      rectangleZone("crossing", "speed-limit", [2, 5, 4, 7], { maxSpeed: 0.4 }),
    ];
    const place = drawPlace(drawRoom(120, 80), 0.1, zones);
    const map = mapFromOccupancy(place, place.occupancy);
    const at = (x: number, y: number, yaw: number, speed = 0): GateState =>
      state([], { map, pose: { x, y, yaw }, ...moving({ linear: speed, angular: 0 }) });

    it("stops before forbidden ground", () => {
      expect(gate(AHEAD, at(5.54, 3, 0)).verdict).toEqual({ action: "stop", reason: "keepout" });
      expect(gate(AHEAD, at(5, 3, 0)).verdict).toEqual({ action: "clip", reason: "keepout" });
      expect(gate(AHEAD, at(3, 3, 0)).verdict.action).toBe("pass");
    });

    it("lets a robot that stands in it out, and turn, but not further in", () => {
      expect(gate({ linear: 0.3, angular: 0 }, at(6.4, 3, Math.PI)).verdict.action).toBe("pass");
      expect(gate({ linear: 0, angular: 0.5 }, at(6.4, 3, 0)).verdict.action).toBe("pass");
      expect(gate({ linear: 0.3, angular: 0 }, at(6.4, 3, 0)).verdict).toEqual({ action: "stop", reason: "keepout" });
    });

    it("lets a robot that reaches into its margin with one end back out, but neither turn deeper nor drive on", () => {
      const reaching = at(5.6, 3, 0);
      expect(gate({ linear: -0.2, angular: 0 }, reaching).verdict.action).toBe("pass");
      expect(gate({ linear: 0, angular: 0.8 }, reaching).verdict).toEqual({ action: "stop", reason: "keepout" });
      expect(gate({ linear: 0.2, angular: 0 }, reaching).verdict).toEqual({ action: "stop", reason: "keepout" });
    });

    it("holds a zone's limit while any part of the footprint is in it", () => {
      expect(gate(AHEAD, at(3, 6, 0)).velocity.linear).toBeCloseTo(0.4);
      expect(gate(AHEAD, at(4.2, 6, 0)).velocity.linear).toBeCloseTo(0.4);
      expect(gate(AHEAD, at(4.6, 6, 0)).verdict.action).toBe("pass");
    });

    it("slows down before the zone begins, not in it", () => {
      const { velocity, verdict } = gate(AHEAD, at(1.2, 6, 0, 0.9));
      expect(verdict).toEqual({ action: "clip", reason: "zone_limit" });
      expect(velocity.linear).toBeLessThan(0.9);
      expect(velocity.linear).toBeGreaterThanOrEqual(0.4 - 1e-9);
    });

    it("keeps every part of the footprint out of forbidden ground, whatever is commanded", () => {
      const start = fc.record({
        x: fc.double({ min: 4.8, max: 5.3, noNaN: true }),
        y: fc.double({ min: 1, max: 5, noNaN: true }),
        yaw: fc.double({ min: -1, max: 1, noNaN: true }),
      });
      fc.assert(
        fc.property(start, fc.array(command(), { minLength: 60, maxLength: 60 }), (from, commands) => {
          const decide = (pose: Pose, velocity: Velocity, wanted: Velocity): Velocity => {
            const isInside = cornersAt(footprint, pose).some(([x, y]) => x > 6 && x < 8 && y > 2 && y < 4);
            expect(isInside).toBe(false);
            return gate(wanted, state([], { map, pose, ...moving(velocity) })).velocity;
          };
          drive(commands, decide, from);
        }),
        { numRuns: 60 },
      );
    });
  });

  it("never lets a stopping footprint reach a scan point that was outside of it", () => {
    const coordinate = fc.double({ min: -2.5, max: 2.5, noNaN: true });
    const points = fc.array(fc.tuple(coordinate, coordinate), { maxLength: 12 });
    fc.assert(
      fc.property(points, command(), command(), (cloud, wanted, present) => {
        const outside = cloud.filter(([x, y]) => signedDistance(footprint, x, y) > 0.005);
        const { velocity, verdict } = gate(wanted, state(outside, moving(present)));
        expect(Number.isFinite(velocity.linear) && Number.isFinite(velocity.angular)).toBe(true);
        // A stop is the best that can be done, be it enough or not.
        const paths = verdict.action === "stop" ? [] : [stop(present, velocity), stop(velocity, velocity)];
        expect(verdict.action !== "stop" || (velocity.linear === 0 && velocity.angular === 0)).toBe(true);
        expect(paths.every((path) => !touches(path, outside))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("never drives into a standing thing, whatever is commanded at each tick", () => {
    const coordinate = fc.double({ min: -2.5, max: 2.5, noNaN: true });
    const world = fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(world, fc.array(command(), { minLength: 60, maxLength: 60 }), (cloud, commands) => {
        const things = cloud.filter(([x, y]) => signedDistance(footprint, x, y) > 0.05);
        drive(commands, (pose, velocity, wanted) => {
          expect(touches([pose], things)).toBe(false);
          const seen = things.map(([x, y]) => relativeTo(pose, { x, y, yaw: 0 }));
          return gate(
            wanted,
            state(
              seen.map(({ x, y }) => [x, y] as const),
              moving(velocity),
            ),
          ).velocity;
        });
      }),
      { numRuns: 60 },
    );
  });

  it("passes nothing that is not a number, whatever the command and the state hold", () => {
    const anything = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(fc.array(anything, { minLength: 12, maxLength: 12 }), (values) => {
        const value = (at: number): number => values[at]!;
        const given = state([[value(0), value(1)]], {
          goal: { maxSpeed: value(2), validUntilMs: value(3) },
          odometry: { atMs: value(4), velocity: { linear: value(5), angular: value(6) } },
          pose: { x: value(7), y: value(8), yaw: value(9) },
        });
        const { velocity } = gate({ linear: value(10), angular: value(11) }, given);
        expect(Number.isFinite(velocity.linear) && Number.isFinite(velocity.angular)).toBe(true);
      }),
    );
  });
});

function command(): fc.Arbitrary<Velocity> {
  return fc.record({
    linear: fc.double({ min: -0.4, max: 1.5, noNaN: true }),
    angular: fc.double({ min: -1.2, max: 1.2, noNaN: true }),
  });
}

/** Poses of a base that obeys for the reaction time and then brakes, in far finer steps than the gate predicts with. */
function stop(present: Velocity, velocity: Velocity): Pose[] {
  const step = 0.005;
  const poses: Pose[] = [];
  let [pose, now]: [Pose, Velocity] = [{ x: 0, y: 0, yaw: 0 }, present];
  for (let time = 0; time < 4; time += step) {
    now = approach(now, time < REACTION ? velocity : STANDSTILL, limits, step);
    pose = advance(pose, now, step);
    poses.push(pose);
  }
  return poses;
}

function touches(path: readonly Pose[], points: readonly (readonly [number, number])[]): boolean {
  return path.some((pose) =>
    points.some(([x, y]) => {
      const seen = relativeTo(pose, { x, y, yaw: 0 });
      return signedDistance(footprint, seen.x, seen.y) <= 0;
    }),
  );
}

/** A base that gets a command every 50 ms from `decide`. */
function drive(
  commands: readonly Velocity[],
  decide: (pose: Pose, velocity: Velocity, wanted: Velocity) => Velocity,
  from: Pose = { x: 0, y: 0, yaw: 0 },
): void {
  let [pose, velocity]: [Pose, Velocity] = [from, STANDSTILL];
  for (const wanted of commands) {
    const allowed = decide(pose, velocity, wanted);
    for (let step = 0; step < 5; step++) {
      velocity = approach(velocity, allowed, limits, 0.01);
      pose = advance(pose, velocity, 0.01);
    }
  }
}
