import { compose, type Pose, relativeTo } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import type { Fix, Odometry, Scan } from "#drivers/driver";
import { type LocalPlanner, observeLocally } from "#edge-planner/local/local-planner";
import { createObstacleLayer, integrateScan, type ObstacleLayer } from "#edge-planner/obstacle-layer";
import { motionBetween, odometryAt } from "#edge-planner/odometry-history";
import type { PlanningMap } from "#edge-planner/planning-map";
import {
  createPoseEstimator,
  estimatePose,
  type PoseEstimate,
  type PoseEstimator,
  takeFix,
  takeOdometry,
} from "#edge-planner/pose-estimator";
import { projectScan, type ScanPoints } from "#edge-planner/scan-points";
import { steadyScan } from "#edge-planner/steady-scan";
import { blindCorners, cornersSeenFrom } from "#edge-planner/tracking/blind-corners";
import { isOnMover, type Movers, moversAt } from "#edge-planner/tracking/movers";
import { createObstacleTracker, type ObstacleTracker, trackScan } from "#edge-planner/tracking/obstacle-tracker";

/** What the sensors said when asked last; what is absent has not spoken yet. */
export interface Samples {
  readonly odometry?: Odometry | undefined;
  readonly scan?: Scan | undefined;
  readonly fix?: Fix | undefined;
  /** Pose of the lidar in the frame of the base. */
  readonly mount: Pose;
}

/** What the robot knows from its sensors. Owned by one motion loop; `perceive` changes it. */
export interface Perception {
  readonly estimator: PoseEstimator;
  layer: ObstacleLayer | undefined;
  /** What moves, followed in the frame `odom`, which does not jump. */
  readonly tracker: ObstacleTracker;
  /** The finer map of the follower `predictive`; absent for the others. */
  readonly local: LocalPlanner | undefined;
  /** Places behind corners of the newest scan, in the frame `odom`. */
  hidden: readonly Metres[];
  /** The newest scan with less noise. */
  steady: Scan | undefined;
  /** Time of the last scan that the layer took in. */
  integratedMs: number;
  driven: Metres;
}

export interface Percept {
  readonly estimate: PoseEstimate;
  readonly odometry: Odometry | undefined;
  readonly scan: ScanPoints | undefined;
  /** Where the base is in the frame `odom`, carried on to now. */
  readonly odom?: Pose;
  /** What moves, or may, and where somebody may stand unseen; absent without a scan. */
  readonly movers?: Movers;
  readonly hidden?: Float64Array;
}

const ORIGIN: Pose = { x: 0, y: 0, yaw: 0 };

export function createPerception(local?: LocalPlanner): Perception {
  return {
    estimator: createPoseEstimator(),
    layer: undefined,
    tracker: createObstacleTracker(),
    local,
    hidden: [],
    steady: undefined,
    integratedMs: -Infinity,
    driven: 0,
  };
}

/** Takes in the newest samples: where the robot is, what stands around it. */
export function perceive(
  perception: Perception,
  samples: Samples,
  map: PlanningMap | undefined,
  newcomerSpeed: MetresPerSecond,
  nowMs: number,
): Percept {
  const { estimator } = perception;
  const odometry = localise(perception, samples);
  const estimate = estimatePose(estimator, nowMs);
  perception.layer = layerFor(perception.layer, map, estimate);
  const { mount } = samples;
  const scan = steadied(perception, samples.scan);
  const moved = scan && motionBetween(estimator.history, scan.atMs, nowMs);
  if (!scan || !moved) return { estimate, odometry, scan: undefined };
  const baseThen = relativeTo(moved, ORIGIN);
  if (estimate.isLocalised) observe(perception, scan, compose(compose(estimate.pose, baseThen), mount), mount, map);
  const base = odometryAt(estimator.history, nowMs);
  return {
    estimate,
    odometry,
    scan: projectScan(scan, mount, baseThen),
    ...(base && {
      odom: base,
      movers: moversAt(perception.tracker, base, nowMs, newcomerSpeed),
      hidden: cornersSeenFrom(base, perception.hidden),
    }),
  };
}

/** The newest scan, steadied once. */
function steadied(perception: Perception, scan: Scan | undefined): Scan | undefined {
  const { steady } = perception;
  if (!scan || steady?.atMs === scan.atMs) return scan && steady;
  const { length } = scan.ranges;
  const spare = steady?.ranges.length === length && steady.ranges !== scan.ranges ? steady.ranges : undefined;
  perception.steady = steadyScan(scan, spare ?? new Float32Array(length));
  return perception.steady;
}

/** Follows wheels and fixes; returns the reading of the wheels unless it makes no sense. */
function localise(perception: Perception, { odometry, fix }: Samples): Odometry | undefined {
  if (!odometry || !isReading(odometry)) return undefined;
  perception.driven += takeOdometry(perception.estimator, odometry);
  if (fix && isFinitePose(fix.pose)) takeFix(perception.estimator, fix);
  return odometry;
}

/** A new layer for a new map, and none while the robot is lost: what is seen from a wrong pose stands in a wrong place. */
function layerFor(
  layer: ObstacleLayer | undefined,
  map: PlanningMap | undefined,
  { isLocalised }: PoseEstimate,
): ObstacleLayer | undefined {
  if (!map || !isLocalised) return undefined;
  return layer?.map === map ? layer : createObstacleLayer(map);
}

/** Takes a new scan in: first what moves in it, then, as furniture, the rest. */
function observe(perception: Perception, scan: Scan, lidar: Pose, mount: Pose, map: PlanningMap | undefined): void {
  if (scan.atMs <= perception.integratedMs) return;
  perception.integratedMs = scan.atMs;
  const baseThen = odometryAt(perception.estimator.history, scan.atMs);
  if (baseThen) {
    const poses = { inMap: lidar, tracked: compose(baseThen, mount) };
    trackScan(perception.tracker, scan, poses, map);
    perception.hidden = blindCorners(scan, poses, map);
  }
  const { tracks } = perception.tracker;
  const isPassing = (ray: number): boolean => isOnMover(tracks, scan.atMs, ray);
  if (perception.layer) integrateScan(perception.layer, scan, lidar, isPassing);
  if (perception.local && baseThen) observeLocally(perception.local, scan, compose(baseThen, mount));
}

function isReading({ atMs, pose, velocity }: Odometry): boolean {
  return Number.isFinite(atMs) && isFinitePose(pose) && Number.isFinite(velocity.linear + velocity.angular);
}

function isFinitePose({ x, y, yaw }: Pose): boolean {
  return Number.isFinite(x + y + yaw);
}
