import { compose, type Pose, wrapAngle } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";
import {
  type Covariance,
  add,
  diagonal,
  invert,
  mahalanobis,
  moveCovariance,
  multiply,
  subtract,
  transform,
} from "./covariance.ts";
import { addReading, motionBetween, type OdometryHistory, type OdometryReading } from "./odometry-history.ts";

/** An absolute position as planning sees it; the drivers' `Fix` has this shape. */
export interface PositionFix {
  readonly atMs: number;
  readonly pose: Pose;
  readonly sigmaXy: Metres;
  readonly sigmaYaw: Radians;
}

/** Where the robot believes it is. */
export interface PoseEstimate {
  readonly pose: Pose;
  /** Larger standard deviation of the position, and that of the heading. */
  readonly sigmaXy: Metres;
  readonly sigmaYaw: Radians;
  /** Whether it is good enough to drive on. */
  readonly isLocalised: boolean;
}

/** The filter's state. Owned by one motion loop; `takeOdometry` and `takeFix` change it. */
export interface PoseEstimator {
  readonly history: OdometryHistory;
  pose: Pose;
  covariance: Covariance;
  lastFixMs: number;
  /** Fixes taken in since the pose was last set from one alone. */
  agreed: number;
  /** Since when every fix contradicted the estimate, and how many did. */
  contradiction: { readonly sinceMs: number; readonly count: number } | undefined;
}

/** Variance gained by driving, per metre and per radian turned: 4 cm and 0.01 rad after a metre. */
const XY_PER_METRE = 0.0016;
const YAW_PER_METRE = 0.0001;
const YAW_PER_RADIAN = 0.002;
/** Variance gained between two readings even at rest, so that many equal fixes do not make the filter deaf. */
const IDLE_VARIANCE = 1e-6;
/** Chi-square of three degrees of freedom at 99.9 %: fixes that are less likely than this are outliers. */
const OUTLIER_BOUND = 16.27;
/** So many contradicting fixes over so long mean that the estimate is wrong, not they. */
const CONTRADICTIONS = 10;
const CONTRADICTION_MS = 2000;
/** Fixes that must agree before a pose that was set from one is driven on. */
const AGREEMENT = 3;
const LOST_SIGMA_XY: Metres = 0.35;
const LOST_SIGMA_YAW: Radians = 0.35;

/** Before the first fix the robot may be anywhere within a kilometre. */
const NOWHERE: Covariance = diagonal(1e6, 1e6, 10);

export function createPoseEstimator(): PoseEstimator {
  return {
    history: { readings: [] },
    pose: { x: 0, y: 0, yaw: 0 },
    covariance: NOWHERE,
    lastFixMs: -Infinity,
    agreed: 0,
    contradiction: undefined,
  };
}

/** Follows the wheels; returns the distance driven since the reading before. */
export function takeOdometry(estimator: PoseEstimator, reading: OdometryReading): Metres {
  const step = addReading(estimator.history, reading);
  if (step.kind !== "moved") return 0;
  const driven = Math.hypot(step.moved.x, step.moved.y);
  const xy = IDLE_VARIANCE + XY_PER_METRE * driven;
  const yaw = IDLE_VARIANCE + YAW_PER_METRE * driven + YAW_PER_RADIAN * Math.abs(step.moved.yaw);
  const noise = diagonal(xy, xy, yaw);
  estimator.covariance = add(moveCovariance(estimator.covariance, estimator.pose.yaw, step.moved), noise);
  estimator.pose = compose(estimator.pose, step.moved);
  return driven;
}

/**
 * Corrects the estimate by a fix (an extended Kalman filter that observes the whole pose). A fix that took its
 * time is carried on by what the wheels did since; one that contradicts the estimate is left out, until so many
 * do that the estimate starts over from them.
 */
export function takeFix(estimator: PoseEstimator, fix: PositionFix): void {
  if (fix.atMs <= estimator.lastFixMs) return;
  const latest = estimator.history.readings.at(-1);
  const moved = latest && motionBetween(estimator.history, fix.atMs, Math.max(fix.atMs, latest.atMs));
  if (!latest || !moved) return;
  estimator.lastFixMs = fix.atMs;
  const lever = Math.hypot(moved.x, moved.y) * fix.sigmaYaw;
  const xy = fix.sigmaXy ** 2 + lever ** 2 + XY_PER_METRE * Math.hypot(moved.x, moved.y);
  const noise = diagonal(xy, xy, fix.sigmaYaw ** 2 + YAW_PER_RADIAN * Math.abs(moved.yaw));
  const observed = compose(fix.pose, moved);
  if (estimator.agreed === 0) restart(estimator, observed, noise);
  else correct(estimator, observed, noise, fix.atMs);
}

/** The estimate at the time of the newest odometry, or carried on to `nowMs` if that is near. */
export function estimatePose(estimator: PoseEstimator, nowMs: number): PoseEstimate {
  const latest = estimator.history.readings.at(-1);
  const moved = latest && motionBetween(estimator.history, latest.atMs, Math.max(nowMs, latest.atMs));
  const { covariance } = estimator;
  const sigmaXy = Math.sqrt(Math.max(covariance[0], covariance[4]));
  const sigmaYaw = Math.sqrt(covariance[8]);
  return {
    pose: moved ? compose(estimator.pose, moved) : estimator.pose,
    sigmaXy,
    sigmaYaw,
    isLocalised: estimator.agreed >= AGREEMENT && sigmaXy <= LOST_SIGMA_XY && sigmaYaw <= LOST_SIGMA_YAW,
  };
}

function correct(estimator: PoseEstimator, observed: Pose, noise: Covariance, atMs: number): void {
  const { pose, covariance } = estimator;
  const innovation = [observed.x - pose.x, observed.y - pose.y, wrapAngle(observed.yaw - pose.yaw)] as const;
  const certainty = invert(add(covariance, noise));
  if (mahalanobis(innovation, certainty) > OUTLIER_BOUND) {
    const { sinceMs, count } = estimator.contradiction ?? { sinceMs: atMs, count: 0 };
    estimator.contradiction = { sinceMs, count: count + 1 };
    if (count + 1 >= CONTRADICTIONS && atMs - sinceMs >= CONTRADICTION_MS) restart(estimator, observed, noise);
    return;
  }
  const gain = multiply(covariance, certainty);
  const [x, y, yaw] = transform(gain, innovation);
  estimator.pose = { x: pose.x + x, y: pose.y + y, yaw: wrapAngle(pose.yaw + yaw) };
  estimator.covariance = subtract(covariance, multiply(gain, covariance));
  estimator.agreed++;
  estimator.contradiction = undefined;
}

function restart(estimator: PoseEstimator, observed: Pose, noise: Covariance): void {
  estimator.pose = observed;
  estimator.covariance = noise;
  estimator.agreed = 1;
  estimator.contradiction = undefined;
}
