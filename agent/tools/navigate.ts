import { sleep, type Clock } from "#lib/clock";
import { compose, distance, type Pose, poseFrom, wrapAngle } from "#lib/geometry";
import { NavigateInputs } from "#contract/actions";
import type { Control, Goal, MotionReport } from "../control/control.ts";
import { targetOf } from "../core/estimate.ts";
import type { ToolResult } from "../core/situation.ts";
import type { Tool, ToolRequest } from "./tool.ts";

/** A goal is valid for this long and is sent again this often, so that a dead main thread stops the robot. */
const GOAL_VALID_MS = 1000;
const REFRESH_MS = 200;
/** Motion finds its own way around what moves; what blocks it for longer than this is the contract's to decide. */
const BLOCKED_PATIENCE_MS = 30_000;
/** No way may be a passing thing: somebody stands in the only gap. */
const NO_ROUTE_PATIENCE_MS = 10_000;
/** A position counts as reached within the goal's tolerance and this, as both are measured at different moments. */
const TOLERANCE_SLACK = 0.05;
const YAW_TOLERANCE = 0.2;
const DEFAULT_TOLERANCE = 0.15;

/** Drives to a landmark or pose through the motion loop. */
export function createNavigate({ clock, control }: { clock: Clock; control: Control }): Tool {
  return {
    async act(request, signal) {
      const target = targetPose(request);
      if (!target)
        return { type: "failed", code: "goal_unknown", detail: `there is no ${JSON.stringify(goalOf(request))}` };
      const drivenBefore = control.report()?.driven ?? 0;
      const patience = createPatience();
      try {
        while (!signal.aborted) {
          const permit = request.permit();
          if (!permit.ok) return { type: "interrupted" };
          const validUntilMs = clock.nowMs() + GOAL_VALID_MS;
          const { maxSpeed } = permit;
          control.setGoal({ goalId: request.key, ...aimOf(request, target), maxSpeed, validUntilMs });
          await pause(clock, signal);
          const report = control.report();
          const ended = report && endOf(report, request.key, target, drivenBefore, patience);
          if (ended) return ended;
        }
        return { type: "interrupted" };
      } finally {
        control.stop();
      }
    },
    verify(request) {
      const target = targetPose(request);
      const report = control.report();
      if (!target || !report?.isLocalised) return Promise.resolve({ answer: "not-done" });
      const error = distance(report.pose, target);
      const isThere =
        error <= toleranceOf(request) + TOLERANCE_SLACK &&
        Math.abs(wrapAngle(report.pose.yaw - target.yaw)) <= YAW_TOLERANCE;
      return Promise.resolve(
        isThere ? { answer: "done", output: outputOf(report.pose, error, 0) } : { answer: "not-done" },
      );
    },
  };
}

function goalOf({ stage }: ToolRequest): NavigateInputs["to"] {
  return NavigateInputs.parse(stage.inputs).to;
}

function targetPose({ stage, contract }: ToolRequest): Pose | undefined {
  const target = targetOf(stage, contract.spatial.landmarks);
  return target && poseFrom(target);
}

function toleranceOf({ stage }: ToolRequest): number {
  return NavigateInputs.parse(stage.inputs).tolerance ?? DEFAULT_TOLERANCE;
}

/** Least of the tolerance that is left to motion when the goal is moved within it. */
const LEAST_TOLERANCE = 0.03;

/** Where motion is sent: the goal, or a pose beside it that still counts as there. */
function aimOf(request: ToolRequest, target: Pose): Pick<Goal, "pose" | "tolerance" | "roomShare"> {
  const { goalShift: [ahead, left] = [0, 0], roomShare } = request.changes ?? {};
  const room = roomShare === undefined ? {} : { roomShare };
  const most = Math.max(0, toleranceOf(request) - LEAST_TOLERANCE);
  const length = Math.hypot(ahead, left);
  const share = length > most ? most / length : 1;
  const pose = compose(target, { x: ahead * share, y: left * share, yaw: 0 });
  return { pose, tolerance: toleranceOf(request) - length * share, ...room };
}

/** The next refresh, or at once when the drive is broken off. */
async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, REFRESH_MS, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

/** Remembers since when motion has said that there is no way. */
type Patience = (report: MotionReport) => boolean;

function createPatience(): Patience {
  let noRouteSinceMs: number | undefined;
  return ({ drive, atMs }) => {
    if (drive.state === "blocked") return atMs - drive.sinceMs < BLOCKED_PATIENCE_MS;
    if (drive.state !== "no-route") {
      noRouteSinceMs = undefined;
      return true;
    }
    noRouteSinceMs ??= atMs;
    return atMs - noRouteSinceMs < NO_ROUTE_PATIENCE_MS;
  };
}

function endOf(
  report: MotionReport,
  goalId: string,
  target: Pose,
  drivenBefore: number,
  isPatient: Patience,
): ToolResult | undefined {
  const { drive } = report;
  // A report from before the goal was taken in speaks of another drive.
  if (drive.state === "idle" || drive.goalId !== goalId) return undefined;
  if (drive.state === "arrived") {
    return { type: "done", output: outputOf(report.pose, distance(report.pose, target), report.driven - drivenBefore) };
  }
  if (isPatient(report)) return undefined;
  if (drive.state === "no-route") {
    return { type: "failed", code: drive.reason, detail: "motion finds no way to the goal" };
  }
  return { type: "failed", code: "blocked", detail: "something has stood in the way for too long" };
}

function outputOf(pose: Pose, error: number, driven: number): Record<string, unknown> {
  return { pose: [pose.x, pose.y, pose.yaw], error, distance: Math.max(0, driven) };
}
