import type { Metres, MetresPerSecond, Seconds } from "#lib/units";

/**
 * Position and velocity of one thing, by a Kalman filter of constant velocity whose two axes share one covariance. Owned
 * by one tracker; `predict` and `correct` change it. Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, "Estimation with
 * Applications to Tracking and Navigation", 2001, section 6.2.
 */
export interface MotionFilter {
  x: Metres;
  y: Metres;
  vx: MetresPerSecond;
  vy: MetresPerSecond;
  /** Variances of position and velocity of an axis, and their covariance. */
  positionVariance: number;
  velocityVariance: number;
  covariance: number;
}

/** Standard deviation of where the middle of what a scan shows of a thing lies, m. */
const POSITION_SIGMA: Metres = 0.06;
/** How fast things are before anything is known of them, m/s. */
const FIRST_SPEED_SIGMA: MetresPerSecond = 1;
/** White noise of acceleration, m/s²: a walker who changes its mind. */
const ACCELERATION_SIGMA = 1.5;

export function createMotionFilter(x: Metres, y: Metres): MotionFilter {
  return {
    x,
    y,
    vx: 0,
    vy: 0,
    positionVariance: POSITION_SIGMA ** 2,
    velocityVariance: FIRST_SPEED_SIGMA ** 2,
    covariance: 0,
  };
}

/** Moves the estimate on by a time. */
export function predict(filter: MotionFilter, duration: Seconds): void {
  const noise = ACCELERATION_SIGMA ** 2;
  filter.x += filter.vx * duration;
  filter.y += filter.vy * duration;
  filter.positionVariance +=
    2 * duration * filter.covariance + duration ** 2 * filter.velocityVariance + (noise * duration ** 4) / 4;
  filter.covariance += duration * filter.velocityVariance + (noise * duration ** 3) / 2;
  filter.velocityVariance += noise * duration ** 2;
}

/** Takes in where the thing was seen. */
export function correct(filter: MotionFilter, x: Metres, y: Metres): void {
  const innovation = filter.positionVariance + POSITION_SIGMA ** 2;
  const [gain, velocityGain] = [filter.positionVariance / innovation, filter.covariance / innovation];
  const [dx, dy] = [x - filter.x, y - filter.y];
  filter.x += gain * dx;
  filter.y += gain * dy;
  filter.vx += velocityGain * dx;
  filter.vy += velocityGain * dy;
  filter.velocityVariance -= velocityGain * filter.covariance;
  filter.covariance *= 1 - gain;
  filter.positionVariance *= 1 - gain;
}
