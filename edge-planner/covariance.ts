import type { Pose } from "#lib/geometry";

/** A symmetric 3 x 3 matrix over (x, y, yaw), row by row. */
export type Covariance = readonly [number, number, number, number, number, number, number, number, number];

/** How far a pose is off in x, y and yaw. */
export type Deviation = readonly [x: number, y: number, yaw: number];

export function diagonal(x: number, y: number, yaw: number): Covariance {
  return [x, 0, 0, 0, y, 0, 0, 0, yaw];
}

export function add(a: Covariance, b: Covariance): Covariance {
  return entries((at) => a[at]! + b[at]!);
}

/** The difference, made symmetric again so that rounding cannot pile up. */
export function subtract(a: Covariance, b: Covariance): Covariance {
  return entries((at) => {
    const mirrored = (at % 3) * 3 + Math.floor(at / 3);
    return (a[at]! - b[at]! + a[mirrored]! - b[mirrored]!) / 2;
  });
}

/** The matrix product; of two symmetric matrices it is not symmetric in general. */
export function multiply(a: Covariance, b: Covariance): Covariance {
  return entries((at) => {
    const [row, column] = [Math.floor(at / 3) * 3, at % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });
}

/** The product of a matrix and a deviation. */
export function transform(m: Covariance, [x, y, yaw]: Deviation): Deviation {
  return [m[0] * x + m[1] * y + m[2] * yaw, m[3] * x + m[4] * y + m[5] * yaw, m[6] * x + m[7] * y + m[8] * yaw];
}

/** The inverse of a positive definite matrix. */
export function invert(m: Covariance): Covariance {
  const [a, b, c, , d, e, , , f] = m;
  const [aa, bb, cc] = [d * f - e * e, c * e - b * f, b * e - c * d];
  const determinant = a * aa + b * bb + c * cc;
  const [dd, ee, ff] = [a * f - c * c, b * c - a * e, a * d - b * b];
  const adjugate: Covariance = [aa, bb, cc, bb, dd, ee, cc, ee, ff];
  return entries((at) => adjugate[at]! / determinant);
}

/** Squared Mahalanobis distance of a deviation, given the inverse of its covariance. */
export function mahalanobis([x, y, yaw]: Deviation, inverse: Covariance): number {
  const [a, b, c, , d, e, , , f] = inverse;
  return a * x * x + d * y * y + f * yaw * yaw + 2 * (b * x * y + c * x * yaw + e * y * yaw);
}

/** The covariance of `compose(pose, moved)` when `moved` is exact: an error of heading becomes one of position. */
export function moveCovariance(covariance: Covariance, yaw: number, moved: Pose): Covariance {
  const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)];
  const [dx, dy] = [-sin * moved.x - cos * moved.y, cos * moved.x - sin * moved.y];
  const [a, b, c, , d, e, , , f] = covariance;
  const [ac, bc] = [c + dx * f, e + dy * f];
  const xy = b + dx * e + dy * c + dx * dy * f;
  return [a + 2 * dx * c + dx * dx * f, xy, ac, xy, d + 2 * dy * e + dy * dy * f, bc, ac, bc, f];
}

function entries(of: (at: number) => number): Covariance {
  return [of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8)];
}
