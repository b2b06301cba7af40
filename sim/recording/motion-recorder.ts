import type { TickWatcher } from "#agent/control/motion-loop";
import type { Scan } from "#drivers/driver";
import type { GateVerdict } from "#edge-planner/safety-gate";
import { motionBetween } from "#edge-planner/odometry-history";
import { compose, type Pose, relativeTo } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { MotionRecord, ScanRecord } from "../record.ts";
import { CostmapRecorder } from "./costmap-recorder.ts";

/** Looks over the shoulder of one motion loop and keeps what a report shows of it; never more than the rates below. */
export interface MotionRecorder {
  tick(t: Seconds, ...tick: Parameters<TickWatcher>): void;
  record(): MotionRecord;
}

const GATE_EVERY: Seconds = 0.2;
const SCAN_EVERY: Seconds = 0.5;
const ROUTE_EVERY: Seconds = 0.5;
const COSTMAP_EVERY: Seconds = 0.5;
/** Rays that a picture can show; a finer sweep is thinned evenly. */
const RAYS_MAX = 180;

export function createMotionRecorder(): MotionRecorder {
  const scans: ScanRecord[] = [];
  const gate: MotionRecord["gate"][number][] = [];
  const routes: MotionRecord["routes"][number][] = [];
  const costmaps = new CostmapRecorder();
  const due = {
    gate: every(GATE_EVERY),
    scan: every(SCAN_EVERY),
    route: every(ROUTE_EVERY),
    cost: every(COSTMAP_EVERY),
  };
  let hardest: GateVerdict = { action: "pass" };

  function takeGate(t: Seconds, verdict: GateVerdict): void {
    if (HARDNESS[verdict.action] > HARDNESS[hardest.action]) hardest = verdict;
    if (!due.gate(t)) return;
    const last = gate.at(-1);
    const reason = hardest.action === "pass" ? undefined : hardest.reason;
    if (last?.action !== hardest.action || last.reason !== reason) {
      gate.push({ t, action: hardest.action, ...(reason && { reason }) });
    }
    hardest = { action: "pass" };
  }
  function takeRoute(t: Seconds, points: MotionRecord["routes"][number]["points"]): void {
    const last = routes.at(-1)?.points ?? [];
    if (!isContinued(last, points)) routes.push({ t, points });
  }
  return {
    tick(t, state, inputs, report) {
      takeGate(t, report.gate);
      if (due.route(t)) takeRoute(t, report.route);
      if (due.cost(t)) costmaps.take(t, state);
      if (!inputs.scan || !report.isLocalised || !due.scan(t)) return;
      const moved = motionBetween(state.perception.estimator.history, inputs.scan.atMs, report.atMs);
      if (!moved) return;
      const baseThen = compose(report.pose, relativeTo(moved, ORIGIN));
      scans.push(scanRecord(t, inputs.scan, compose(baseThen, inputs.mount)));
    },
    record: () => ({ scans, gate, routes, costmaps: costmaps.record() }),
  };
}

const ORIGIN: Pose = { x: 0, y: 0, yaw: 0 };
const HARDNESS = { pass: 0, clip: 1, stop: 2 } as const;

/** Says yes at most once in each period. */
function every(period: Seconds): (t: Seconds) => boolean {
  let next = -Infinity;
  return (t) => {
    if (t < next) return false;
    next = t + period - EARLY;
    return true;
  };
}

/** Ticks come on a grid of milliseconds; a period must not slip by a tick for the rounding of a sum. */
const EARLY: Seconds = 1e-6;

function scanRecord(t: Seconds, scan: Scan, lidar: Pose): ScanRecord {
  const stride = Math.max(1, Math.ceil(scan.ranges.length / RAYS_MAX));
  const ranges: number[] = [];
  for (let ray = 0; ray < scan.ranges.length; ray += stride) {
    const range = scan.ranges[ray]!;
    ranges.push(range > 0 && range <= scan.rangeMax ? range : 0);
  }
  return { t, lidar, angleMin: scan.angleMin, angleStep: scan.angleStep * stride, ranges };
}

type Route = MotionRecord["routes"][number]["points"];

/** Whether a route is what is left of another: its end and its middle are the other's, only its beginning was driven. */
function isContinued(before: Route, now: Route): boolean {
  const [end, endBefore] = [now.at(-1), before.at(-1)];
  if (!end || !endBefore) return end === endBefore;
  if (distance(end, endBefore) > SAME || now.length > before.length) return false;
  return now.slice(1).every((point) => before.some((other) => distance(point, other) <= SAME));
}

const SAME = 0.3;

function distance(a: readonly [number, number], b: readonly [number, number]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
