import { z } from "zod";
import { type Pose, wrapAngle } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { BatterySample, Fix, ImuSample, Odometry, Scan } from "../driver.ts";

/** A time of ROS 1 (`secs`) or ROS 2 (`sec`), as milliseconds; undefined where it is zero, which means that there is none. */
const Stamp = z
  .union([
    z.object({ sec: z.number(), nanosec: z.number() }).transform(({ sec, nanosec }) => sec * 1000 + nanosec / 1e6),
    z.object({ secs: z.number(), nsecs: z.number() }).transform(({ secs, nsecs }) => secs * 1000 + nsecs / 1e6),
  ])
  .transform((ms) => (ms > 0 ? ms : undefined));
const Header = z.object({ stamp: Stamp, frame_id: z.string() });
const Vector = z.object({ x: z.number(), y: z.number(), z: z.number() });
const Quaternion = z.object({ x: z.number(), y: z.number(), z: z.number(), w: z.number() });
const RosPose = z.object({ position: Vector, orientation: Quaternion });
/** JSON has no NaN and no infinity: a bridge writes null for all of them. */
const LostNumber = z.preprocess((value) => value ?? NaN, z.union([z.number(), z.nan()]));
/** Numbers as CBOR brings them (a typed array) or JSON does (a list with nulls). */
const Numbers = z.custom<ArrayLike<number | null>>((value) => Array.isArray(value) || ArrayBuffer.isView(value));

const OdometryMessage = z.object({
  header: Header,
  pose: z.object({ pose: RosPose }),
  twist: z.object({ twist: z.object({ linear: Vector, angular: Vector }) }),
});
const ScanMessage = z.object({
  header: Header,
  angle_min: z.number(),
  angle_increment: z.number(),
  time_increment: z.number(),
  range_min: z.number(),
  range_max: z.number(),
  ranges: Numbers,
});
const PoseMessage = z.object({ header: Header, pose: z.object({ pose: RosPose, covariance: Numbers }) });
const BatteryMessage = z.object({
  header: Header,
  charge: LostNumber,
  capacity: LostNumber,
  percentage: LostNumber,
  power_supply_status: z.number(),
});
const ImuMessage = z.object({
  header: Header,
  orientation: Quaternion,
  orientation_covariance: Numbers,
  linear_acceleration: Vector,
});

/** A sample without the time on our clock, and the time that ROS gave it. */
export interface Stamped<Sample> {
  /** Of the clock of ROS, milliseconds; undefined where the message had none. */
  readonly stampMs: number | undefined;
  readonly sample: Omit<Sample, "atMs">;
}

/** A message, or why it can't be used. */
export type Reading<Sample> =
  | ({ readonly ok: true } & Stamped<Sample>)
  | { readonly ok: false; readonly reason: string };

/** `nav_msgs/Odometry` in the plane. */
export function readOdometry(message: unknown): Reading<Odometry> {
  const parsed = OdometryMessage.safeParse(message);
  if (!parsed.success) return refuse("nav_msgs/Odometry", parsed.error);
  const { header, pose, twist } = parsed.data;
  const { linear, angular } = twist.twist;
  const lateral = linear.y === 0 ? {} : { lateral: linear.y };
  const velocity = { linear: linear.x, ...lateral, angular: angular.z };
  return { ok: true, stampMs: header.stamp, sample: { pose: planar(pose.pose), velocity } };
}

/**
 * `sensor_msgs/LaserScan` by REP 117: +inf is nothing in range, NaN and what is outside of the range is a ray that failed, and -inf is a
 * thing too near to be measured, which is taken to be at the least range. Its stamp is that of the first ray; the scan gets that
 * of the middle one.
 */
export function readScan(message: unknown): Reading<Scan> {
  const parsed = ScanMessage.safeParse(message);
  if (!parsed.success) return refuse("sensor_msgs/LaserScan", parsed.error);
  const { header, range_min: nearest, range_max: rangeMax, ...rest } = parsed.data;
  const rays = wholeTurn(rest.ranges.length, rest.angle_increment);
  if (rays === 0 || rest.angle_increment === 0) return { ok: false, reason: "sensor_msgs/LaserScan: it has no rays" };
  const ranges = Float32Array.from({ length: rays }, (_, at) => rangeOf(rest.ranges[at] ?? NaN, nearest, rangeMax));
  const turnedMs = (rest.time_increment * 1000 * (rays - 1)) / 2;
  return {
    ok: true,
    stampMs: header.stamp === undefined ? undefined : header.stamp + turnedMs,
    sample: { angleMin: rest.angle_min, angleStep: rest.angle_increment, rangeMax, ranges },
  };
}

/** `geometry_msgs/PoseWithCovarianceStamped`; the standard deviations are those of its covariance, of x and y the larger. */
export function readFix(message: unknown, frame: string): Reading<Fix> {
  const parsed = PoseMessage.safeParse(message);
  if (!parsed.success) return refuse("geometry_msgs/PoseWithCovarianceStamped", parsed.error);
  const { header, pose } = parsed.data;
  if (header.frame_id.replace(/^\//, "") !== frame) {
    return { ok: false, reason: `a pose in the frame ${header.frame_id || "(none)"}, not in ${frame}` };
  }
  const sigma = (at: number): number => Math.sqrt(Math.max(0, pose.covariance[at] ?? Infinity));
  const [sigmaXy, sigmaYaw] = [Math.max(sigma(0), sigma(7)), sigma(35)];
  if (!Number.isFinite(sigmaXy) || !Number.isFinite(sigmaYaw)) {
    return { ok: false, reason: "geometry_msgs/PoseWithCovarianceStamped: its covariance holds no numbers" };
  }
  return { ok: true, stampMs: header.stamp, sample: { pose: planar(pose.pose), sigmaXy, sigmaYaw } };
}

const CHARGING = 1;

/** `sensor_msgs/BatteryState`; where it does not know the percentage, charge and capacity tell it. */
export function readBattery(message: unknown, percentage: "share" | "percent"): Reading<BatterySample> {
  const parsed = BatteryMessage.safeParse(message);
  if (!parsed.success) return refuse("sensor_msgs/BatteryState", parsed.error);
  const { header, capacity, power_supply_status: status, ...rest } = parsed.data;
  const told = percentage === "share" ? rest.percentage : rest.percentage / 100;
  const charge = Number.isNaN(told) ? rest.charge / capacity : told;
  if (!(charge >= 0 && charge <= 1.001)) {
    const hint = charge > 1 && percentage === "share" ? "; does its driver mean percent?" : "";
    return { ok: false, reason: `sensor_msgs/BatteryState: a charge of ${charge} is no share${hint}` };
  }
  return {
    ok: true,
    stampMs: header.stamp,
    sample: { charge: Math.min(1, charge), isCharging: status === CHARGING },
  };
}

/** `sensor_msgs/Imu` with an orientation (REP 145: -1 as its first covariance says that there is none). */
export function readImu(message: unknown): Reading<ImuSample> {
  const parsed = ImuMessage.safeParse(message);
  if (!parsed.success) return refuse("sensor_msgs/Imu", parsed.error);
  const { header, orientation: q, orientation_covariance: covariance, linear_acceleration: a } = parsed.data;
  if (covariance[0] === -1) return { ok: false, reason: "sensor_msgs/Imu: it has no orientation" };
  const roll = Math.atan2(2 * (q.w * q.x + q.y * q.z), 1 - 2 * (q.x * q.x + q.y * q.y));
  const pitch = Math.asin(Math.min(1, Math.max(-1, 2 * (q.w * q.y - q.z * q.x))));
  return { ok: true, stampMs: header.stamp, sample: { yaw: yawOf(q), pitch, roll, acceleration: [a.x, a.y, a.z] } };
}

/** The turn about the vertical of a rotation. */
export function yawOf(q: z.infer<typeof Quaternion>): number {
  return wrapAngle(Math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z)));
}

function planar({ position, orientation }: z.infer<typeof RosPose>): Pose {
  return { x: position.x, y: position.y, yaw: yawOf(orientation) };
}

function rangeOf(range: number, nearest: Metres, rangeMax: Metres): Metres {
  if (range === -Infinity) return nearest;
  if (range > rangeMax) return Infinity;
  return range < nearest ? NaN : range;
}

/** Some drivers repeat the first ray at the end of a whole turn: so many rays are less than one. */
function wholeTurn(rays: number, step: number): number {
  return Math.min(rays, Math.ceil((2 * Math.PI) / Math.abs(step) - 1e-3));
}

function refuse(type: string, error: z.ZodError): { readonly ok: false; readonly reason: string } {
  const [issue] = error.issues;
  return { ok: false, reason: `${type}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}` };
}
