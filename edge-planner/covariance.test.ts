import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compose } from "#lib/geometry";
import {
  add,
  type Covariance,
  diagonal,
  invert,
  mahalanobis,
  moveCovariance,
  multiply,
  transform,
} from "./covariance.ts";

/** B times its transpose plus a little: symmetric and positive definite. */
const covariances = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 9, maxLength: 9 }).map((b) => {
  const root = b as unknown as Covariance;
  const transposed = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((at) => b[at]) as unknown as Covariance;
  return add(multiply(root, transposed), diagonal(0.1, 0.1, 0.1));
});

describe("covariance", () => {
  it("times its inverse is one", () => {
    fc.assert(
      fc.property(covariances, (covariance) => {
        for (const [at, value] of multiply(covariance, invert(covariance)).entries()) {
          expect(value).toBeCloseTo(at % 4 === 0 ? 1 : 0, 6);
        }
      }),
    );
  });

  it("weighs a deviation as the product of matrix and vectors does", () => {
    fc.assert(
      fc.property(covariances, (covariance) => {
        const deviation = [0.3, -0.2, 0.1] as const;
        const [x, y, yaw] = transform(covariance, deviation);
        expect(mahalanobis(deviation, covariance)).toBeCloseTo(0.3 * x - 0.2 * y + 0.1 * yaw, 6);
      }),
    );
  });

  it("moves like a cloud of poses would", () => {
    const [pose, moved] = [
      { x: 0, y: 0, yaw: 0.7 },
      { x: 2, y: 0.5, yaw: 0.2 },
    ];
    const far = compose(pose, moved);
    const turned = compose({ ...pose, yaw: pose.yaw + 1e-4 }, moved);
    const [varianceX, , , , varianceY, , , , varianceYaw] = moveCovariance(diagonal(0.01, 0.02, 0.03), pose.yaw, moved);
    expect(varianceX).toBeCloseTo(0.01 + 0.03 * ((turned.x - far.x) / 1e-4) ** 2, 4);
    expect(varianceY).toBeCloseTo(0.02 + 0.03 * ((turned.y - far.y) / 1e-4) ** 2, 4);
    expect(varianceYaw).toBe(0.03);
  });
});
