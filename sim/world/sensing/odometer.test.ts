import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { Odometer } from "./odometer.ts";
import { OdometrySpec } from "../world-spec.ts";

const DT_S = 0.02;
const straight = { linear: 1, lateral: 0, angular: 0 };

function makeOdometer(spec: object, seed = 1): Odometer {
  return new Odometer(OdometrySpec.parse(spec), createRng(seed));
}

/** Where the odometer believes to be after driving ten metres straight ahead. */
function afterTenMetres(odometer: Odometer, noiseFactor = 1): { x: number; y: number; yaw: number } {
  for (let step = 0; step < 500; step++) odometer.turn(straight, DT_S, noiseFactor);
  return odometer.read(0).pose;
}

describe("an odometer", () => {
  it("starts where it is told, not where the robot is", () => {
    expect(makeOdometer({ origin: [3, 4, 1] }).read(7)).toEqual({
      atMs: 7,
      pose: { x: 3, y: 4, yaw: 1 },
      velocity: { linear: 0, angular: 0 },
    });
  });

  it("tells how fast a holonomic base moves sideways", () => {
    const odometer = makeOdometer({ gainSigma: 0, walkXy: 0, walkYaw: 0 });
    odometer.turn({ linear: 0.2, lateral: -0.3, angular: 0 }, DT_S, 1);
    expect(odometer.read(0).velocity).toEqual({ linear: 0.2, lateral: -0.3, angular: 0 });
  });

  it("is right when it has no errors", () => {
    const pose = afterTenMetres(makeOdometer({ gainSigma: 0, walkXy: 0, walkYaw: 0 }));
    expect(pose.x).toBeCloseTo(10, 9);
    expect(pose.y).toBe(0);
  });

  it("drifts by its gain and its random walk, each robot in its own way", () => {
    const errors = Array.from({ length: 200 }, (_, seed) => afterTenMetres(makeOdometer({}, seed)).x - 10);
    const spread = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    // 1 % of ten metres and a walk of 4 mm per root of metre.
    expect(spread).toBeGreaterThan(0.08);
    expect(spread).toBeLessThan(0.13);
  });

  it("walks farther under more noise", () => {
    const spreadAt = (factor: number): number => {
      const spec = { gainSigma: 0, walkXy: 0.004 };
      const errors = Array.from({ length: 100 }, (_, seed) => afterTenMetres(makeOdometer(spec, seed), factor).x - 10);
      return Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    };
    expect(spreadAt(1)).toBeCloseTo(0.004 * Math.sqrt(10), 2);
    expect(spreadAt(10) / spreadAt(1)).toBeCloseTo(10, 0);
  });

  it("does not drift while it stands", () => {
    const odometer = makeOdometer({});
    for (let step = 0; step < 1000; step++) odometer.turn({ linear: 0, lateral: 0, angular: 0 }, DT_S, 1);
    expect(odometer.read(0).pose).toEqual({ x: 0, y: 0, yaw: 0 });
  });
});
