import { type Clock, repeat } from "#lib/clock";
import { compose, type Pose, relativeTo, type Velocity, wrapAngle } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres } from "#lib/units";
import { OCCUPIED, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Driver, Fix, Health, MotionDrivers, Odometry, Scan } from "#drivers/driver";
import { makeFootprint, signedDistance } from "#edge-planner/footprint";
import { indexAt, OUTSIDE } from "#edge-planner/grid";
import { advance, approach, STANDSTILL } from "#edge-planner/kinematics";
import type { MotionProfile } from "./control.ts";

/** A round thing that the map does not know, in the frame of the map. */
export interface Circle {
  x: Metres;
  y: Metres;
  radius: Metres;
}

export interface KinematicRobotOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly profile: MotionProfile;
  readonly start: Pose;
  readonly grid?: OccupancyGrid;
  /** May be moved by the test while the robot drives. */
  readonly circles?: readonly Circle[];
  /** 1 for ordinary noise, 0 for perfect sensors. */
  readonly noise?: number;
}

/** A robot that obeys its drivers exactly within its limits: the double with which the motion loop is tested. */
export interface KinematicRobot {
  readonly drivers: MotionDrivers;
  /** Where it really is, how fast it really moves, and how often a step of its own ended in contact. */
  truth(): { readonly pose: Pose; readonly velocity: Velocity; readonly contacts: number };
  /** While a source is frozen it gives no newer sample. */
  frozen: Set<"base" | "lidar" | "position">;
  /** While a source is repeating it gives its last sample with new stamps. */
  repeating: Set<"base" | "lidar">;
}

const STEP_MS = 20;
const RAYS = 180;
const RANGE_MAX: Metres = 8;
const SCAN_MS = 100;
const FIX_MS = 200;
const FIX_DELAY_MS = 140;
/** The frame `odom` starts anywhere, and the wheels measure two per cent too much. */
const ODOM_FROM_MAP: Pose = { x: 3, y: -7, yaw: 0.8 };
const GAIN = 1.02;
const MOUNT: Pose = { x: 0.1, y: 0, yaw: 0 };

export function createKinematicRobot(options: KinematicRobotOptions): KinematicRobot {
  const { clock, profile, rng, noise = 1 } = options;
  const frozen: KinematicRobot["frozen"] = new Set();
  const repeating: KinematicRobot["repeating"] = new Set();
  const latest: { odometry?: Odometry; scan?: Scan; fix?: Fix } = {};
  const late: Fix[] = [];
  let command = { velocity: STANDSTILL, untilMs: -Infinity };
  let [pose, velocity]: [Pose, Velocity] = [options.start, STANDSTILL];
  let odometer = ODOM_FROM_MAP;
  let contacts = 0;

  function move(nowMs: number): void {
    const wanted = nowMs < command.untilMs ? command.velocity : STANDSTILL;
    const next = approach(velocity, wanted, profile, STEP_MS / 1000);
    const moved = advance({ x: 0, y: 0, yaw: 0 }, next, STEP_MS / 1000);
    velocity = next;
    pose = compose(pose, moved);
    const slip = noise * rng.normal(0.02) * Math.hypot(moved.x, moved.yaw);
    odometer = compose(odometer, { x: moved.x * (noise ? GAIN : 1), y: 0, yaw: moved.yaw + slip });
    const isMoving = velocity.linear !== 0 || velocity.angular !== 0;
    if (isMoving && touches(options, pose)) contacts++;
  }
  function sense(nowMs: number): void {
    const again = <Sample extends Odometry | Scan>(
      source: "base" | "lidar",
      last: Sample | undefined,
    ): Sample | undefined => (repeating.has(source) && last ? { ...last, atMs: nowMs } : undefined);
    if (!frozen.has("base"))
      latest.odometry = again("base", latest.odometry) ?? { atMs: nowMs, pose: odometer, velocity };
    if (nowMs % SCAN_MS === 0 && !frozen.has("lidar"))
      latest.scan = again("lidar", latest.scan) ?? sweep(options, pose, nowMs, noise);
    if (nowMs % FIX_MS === 0) late.push(fixAt(pose, nowMs, rng, noise));
    if (late[0] && nowMs - late[0].atMs >= FIX_DELAY_MS && !frozen.has("position")) latest.fix = late.shift()!;
  }
  repeat(clock, STEP_MS, () => {
    move(clock.nowMs());
    sense(clock.nowMs());
  });

  const drivers: MotionDrivers = {
    base: {
      ...quietDriver("base"),
      latest: () => latest.odometry,
      drive: (wanted, validForMs) => {
        command = { velocity: wanted, untilMs: clock.nowMs() + validForMs };
      },
    },
    lidar: { ...quietDriver("lidar"), mount: MOUNT, latest: () => latest.scan },
    position: { ...quietDriver("position"), latest: () => latest.fix },
  };
  return { drivers, frozen, repeating, truth: () => ({ pose, velocity, contacts }) };
}

function quietDriver(name: string): Driver {
  const done = (): Promise<void> => Promise.resolve();
  const health = (): Health => ({ state: "ok", errors: 0 });
  return { name, open: done, enable: done, disable: done, health, [Symbol.asyncDispose]: done };
}

function fixAt(pose: Pose, atMs: number, rng: Rng, noise: number): Fix {
  const [sigmaXy, sigmaYaw] = [0.03, 0.02];
  const off = (sigma: number): number => noise * rng.normal(sigma);
  const seen = { x: pose.x + off(sigmaXy), y: pose.y + off(sigmaXy), yaw: wrapAngle(pose.yaw + off(sigmaYaw)) };
  return { atMs, pose: seen, sigmaXy, sigmaYaw };
}

function sweep({ grid, circles = [], rng }: KinematicRobotOptions, pose: Pose, atMs: number, noise: number): Scan {
  const lidar = compose(pose, MOUNT);
  const angleStep = (2 * Math.PI) / RAYS;
  const ranges = Float32Array.from({ length: RAYS }, (_, ray) => {
    const bearing = lidar.yaw - Math.PI + ray * angleStep;
    const hit = Math.min(
      castGrid(grid, lidar, bearing),
      ...circles.map((circle) => castCircle(circle, lidar, bearing)),
    );
    return hit > RANGE_MAX ? Infinity : Math.max(0.01, hit + noise * rng.normal(0.01));
  });
  return { atMs, angleMin: -Math.PI, angleStep, rangeMax: RANGE_MAX, ranges };
}

function castGrid(grid: OccupancyGrid | undefined, from: Pose, bearing: number): Metres {
  if (!grid) return Infinity;
  const [cos, sin] = [Math.cos(bearing), Math.sin(bearing)];
  for (let range = 0; range < RANGE_MAX; range += grid.resolution) {
    const index = indexAt(grid, from.x + range * cos, from.y + range * sin);
    if (index === OUTSIDE) return Infinity;
    if (grid.cells[index] === OCCUPIED) return range;
  }
  return Infinity;
}

function castCircle(circle: Circle, from: Pose, bearing: number): Metres {
  const [dx, dy] = [circle.x - from.x, circle.y - from.y];
  const along = dx * Math.cos(bearing) + dy * Math.sin(bearing);
  const across = dy * Math.cos(bearing) - dx * Math.sin(bearing);
  const half = circle.radius * circle.radius - across * across;
  return half < 0 || along < 0 ? Infinity : along - Math.sqrt(half);
}

function touches({ grid, circles = [], profile }: KinematicRobotOptions, pose: Pose): boolean {
  const footprint = makeFootprint(profile.footprint);
  const hitsCircle = circles.some(({ x, y, radius }) => {
    const seen = relativeTo(pose, { x, y, yaw: 0 });
    return signedDistance(footprint, seen.x, seen.y) < radius;
  });
  if (hitsCircle || !grid) return hitsCircle;
  for (let at = 0; at < footprint.outline.length; at += 2) {
    const point = compose(pose, { x: footprint.outline[at]!, y: footprint.outline[at + 1]!, yaw: 0 });
    if (grid.cells[indexAt(grid, point.x, point.y)] === OCCUPIED) return true;
  }
  return false;
}
