import type { Health } from "#drivers/driver";
import type { MotionReport } from "../control/control.ts";

/** A reason not to trust the robot: `stop` forbids motion, `limit` slows it, `stop-now` is a stop that is not waited for. */
export interface Fault {
  readonly part: "control" | "lidar" | "base" | "position" | "battery" | "storage" | "estop";
  readonly effect: "limit" | "stop" | "stop-now";
  readonly reason: string;
}

/** A report that is older than this comes from a motion loop that is dead or stuck. */
const REPORT_STALE_MS = 1000;
/** A position that is less certain than this is good for slow driving only. */
const SIGMA_LIMIT_METRES = 0.25;

const BLIND: Readonly<Record<Blindness, { readonly part: "base" | "lidar" | "position"; readonly reason: string }>> = {
  pose_lost: { part: "position", reason: "the robot does not know where it is" },
  scan_stale: { part: "lidar", reason: "the lidar has sent no fresh scan" },
  scan_frozen: { part: "lidar", reason: "the lidar repeats one scan while the robot moves" },
  odometry_frozen: { part: "base", reason: "the wheels report one and the same place while they are driven" },
  odometry_stale: { part: "base", reason: "the wheels have not reported" },
};

/** The health of the senses that the motion loop compares with each other: fresh readings are not yet right ones. */
export function senseHealth(report: MotionReport | undefined): Readonly<Record<"base" | "lidar", SenseHealth>> {
  const frozen = (blind: Blindness): SenseHealth =>
    report?.blind === blind ? { state: "degraded", reason: BLIND[blind].reason } : { state: "ok" };
  return { base: frozen("odometry_frozen"), lidar: frozen("scan_frozen") };
}

type Blindness = NonNullable<MotionReport["blind"]>;
type SenseHealth = Pick<Health, "state" | "reason">;

/** What the newest report of the motion loop says about its sensors and itself. */
export function motionFaults(report: MotionReport | undefined, nowMs: number): readonly Fault[] {
  if (!report) return [{ part: "control", effect: "stop", reason: "the motion loop has not reported yet" }];
  const silentMs = nowMs - report.atMs;
  if (silentMs > REPORT_STALE_MS) {
    const reason = `the motion loop has been silent for ${Math.round(silentMs)} ms`;
    return [{ part: "control", effect: "stop-now", reason }];
  }
  if (report.blind) {
    const { part, reason } = BLIND[report.blind];
    return [{ part, reason: report.down?.[part] ?? reason, effect: "stop" }];
  }
  if (report.sigmaXy <= SIGMA_LIMIT_METRES) return [];
  const sigma = report.sigmaXy.toFixed(2);
  return [{ part: "position", effect: "limit", reason: `the position is uncertain by ${sigma} m` }];
}
