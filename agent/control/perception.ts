import { compose, type Pose, relativeTo } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Fix, Odometry, Scan } from "#drivers/driver";
import { createObstacleLayer, integrateScan, type ObstacleLayer } from "#edge-planner/obstacle-layer";
import { motionBetween } from "#edge-planner/odometry-history";
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
  /** Time of the last scan that the layer took in. */
  integratedMs: number;
  driven: Metres;
}

export interface Percept {
  readonly estimate: PoseEstimate;
  readonly odometry: Odometry | undefined;
  readonly scan: ScanPoints | undefined;
}

const ORIGIN: Pose = { x: 0, y: 0, yaw: 0 };

export function createPerception(): Perception {
  return { estimator: createPoseEstimator(), layer: undefined, integratedMs: -Infinity, driven: 0 };
}

/** Takes in the newest samples: where the robot is, what stands around it. */
export function perceive(
  perception: Perception,
  samples: Samples,
  map: PlanningMap | undefined,
  nowMs: number,
): Percept {
  const { estimator } = perception;
  const odometry = localise(perception, samples);
  const estimate = estimatePose(estimator, nowMs);
  perception.layer = layerFor(perception.layer, map, estimate);
  const { scan, mount } = samples;
  const moved = scan && motionBetween(estimator.history, scan.atMs, nowMs);
  if (!scan || !moved) return { estimate, odometry, scan: undefined };
  const baseThen = relativeTo(moved, ORIGIN);
  if (estimate.isLocalised) observe(perception, scan, compose(compose(estimate.pose, baseThen), mount));
  return { estimate, odometry, scan: projectScan(scan, mount, baseThen) };
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

function observe(perception: Perception, scan: Scan, lidar: Pose): void {
  if (!perception.layer || scan.atMs <= perception.integratedMs) return;
  integrateScan(perception.layer, scan, lidar);
  perception.integratedMs = scan.atMs;
}

function isReading({ atMs, pose, velocity }: Odometry): boolean {
  return Number.isFinite(atMs) && isFinitePose(pose) && Number.isFinite(velocity.linear + velocity.angular);
}

function isFinitePose({ x, y, yaw }: Pose): boolean {
  return Number.isFinite(x + y + yaw);
}
