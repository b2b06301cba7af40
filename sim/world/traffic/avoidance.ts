import type { Metres, MetresPerSecond, Seconds } from "#lib/units";

/** A round thing on its way. */
export interface Moving {
  x: Metres;
  y: Metres;
  vx: MetresPerSecond;
  vy: MetresPerSecond;
  readonly radius: Metres;
}

/** Strength and horizon of the force, as fitted to crowds: table 1 of the source below. */
const STRENGTH = 1.5;
const HORIZON: Seconds = 3;
const ACCELERATION_MAX = 8;

/**
 * Acceleration, m/s², by which a walker avoids another: falls with the square of the time to their collision, as measured on people (I.
 * Karamouzas, B. Skinner, S. Guy, "Universal Power Law Governing Pedestrian Interactions", Physical Review Letters 113, 2014, eq. 4 and
 * supplement). Nothing when they are not going to meet.
 */
export function avoidance(self: Moving, other: Moving): readonly [number, number] {
  const [x, y] = [other.x - self.x, other.y - self.y];
  const [vx, vy] = [self.vx - other.vx, self.vy - other.vy];
  const gap = Math.hypot(x, y);
  const touch = Math.min(self.radius + other.radius, 0.99 * gap);
  const a = vx * vx + vy * vy;
  const b = x * vx + y * vy;
  const c = x * x + y * y - touch * touch;
  const discriminant = b * b - a * c;
  if (a < 1e-6 || b <= 0 || discriminant <= 0) return [0, 0];
  const root = Math.sqrt(discriminant);
  const seconds = (b - root) / a;
  if (seconds <= 0 || seconds > 3 * HORIZON) return [0, 0];
  const scale = (-STRENGTH * Math.exp(-seconds / HORIZON) * (2 / seconds + 1 / HORIZON)) / (a * seconds * seconds);
  const fx = scale * (vx - (b * vx - a * x) / root);
  const fy = scale * (vy - (b * vy - a * y) / root);
  const size = Math.hypot(fx, fy);
  const limit = size > ACCELERATION_MAX ? ACCELERATION_MAX / size : 1;
  return [fx * limit, fy * limit];
}
