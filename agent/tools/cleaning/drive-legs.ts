import { sleep, type Clock } from "#lib/clock";
import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Control, MotionReport } from "../../control/control.ts";
import type { ToolResult } from "../../core/situation.ts";
import type { ToolRequest } from "../tool.ts";
import type { Leg } from "./legs.ts";

/** Is shown every report of motion, in order, and the way that is left; what it answers ends the drive. */
export interface LegWatch {
  look(report: MotionReport, left: () => readonly Point[]): Promise<ToolResult | undefined>;
}

/** A goal is valid for this long and is sent again at every look, so that a dead main thread stops the robot. */
const GOAL_VALID_MS = 1000;
const LOOK_EVERY_MS = 100;
const TOLERANCE: Metres = 0.1;
/** Next to walls no more room than is needed is kept: the floor there is to be cleaned, too. */
const ROOM_SHARE = 0.1;
/** What stands on a leg for so long is driven around by leaving out what is left of the leg; it comes up again at the end. */
const BLOCKED_PATIENCE_MS = 15_000;
const NO_ROUTE_PATIENCE_MS = 4000;
/** A robot that gets nowhere on so many legs one after the other is stuck. */
const STUCK_LEGS = 4;
const NOWHERE: Metres = 0.2;

interface Driving {
  readonly clock: Clock;
  readonly control: Control;
  readonly request: ToolRequest;
  readonly signal: AbortSignal;
}

/** Drives legs one after the other; undefined when the last has ended, else how the action has. */
export async function driveLegs(
  driving: Driving,
  name: string,
  legs: readonly Leg[],
  watch: LegWatch,
): Promise<ToolResult | undefined> {
  const { control } = driving;
  const driven = (): Metres => control.report()?.driven ?? 0;
  let vain = 0;
  for (const [at, leg] of legs.entries()) {
    const before = driven();
    const look = (report: MotionReport): Promise<ToolResult | undefined> =>
      watch.look(report, () => [
        [report.pose.x, report.pose.y],
        ...legs.slice(at).map(({ end }): Point => [end.x, end.y]),
      ]);
    const ended = await driveLeg(driving, `${name}/${at}`, leg, look);
    if (typeof ended === "object") return ended;
    vain = ended === "left" && driven() - before < NOWHERE ? vain + 1 : 0;
    const isLast = at === legs.length - 1;
    if (vain >= STUCK_LEGS || (vain > 0 && isLast)) return stuck(control);
  }
  return undefined;
}

function stuck(control: Control): ToolResult {
  const { x = 0, y = 0 } = control.report()?.pose ?? {};
  return { type: "failed", code: "blocked", detail: `stuck at ${x.toFixed(1)}, ${y.toFixed(1)}: no way on is free` };
}

async function driveLeg(
  { clock, control, request, signal }: Driving,
  goalId: string,
  { line, end }: Leg,
  look: (report: MotionReport) => Promise<ToolResult | undefined>,
): Promise<"arrived" | "left" | ToolResult> {
  const way = { pose: end, line, tolerance: TOLERANCE, roomShare: ROOM_SHARE };
  const patience = createPatience();
  for (;;) {
    const permit = request.permit();
    if (signal.aborted || !permit.ok) return { type: "interrupted" };
    const validUntilMs = clock.nowMs() + GOAL_VALID_MS;
    control.setGoal({ goalId, ...way, maxSpeed: permit.maxSpeed, validUntilMs });
    await pause(clock, signal);
    const report = control.report();
    const ended = report && ((await look(report)) ?? endOf(report, goalId, patience));
    if (ended) return ended;
  }
}

interface Patience {
  noRouteSinceMs: number | undefined;
}

function createPatience(): Patience {
  return { noRouteSinceMs: undefined };
}

/** Whether a leg is over, or is to be left. */
function endOf({ drive, atMs }: MotionReport, goalId: string, patience: Patience): "arrived" | "left" | undefined {
  if (drive.state === "idle" || drive.goalId !== goalId) return undefined;
  if (drive.state === "arrived") return "arrived";
  patience.noRouteSinceMs = drive.state === "no-route" ? (patience.noRouteSinceMs ?? atMs) : undefined;
  const isBlocked = drive.state === "blocked" && atMs - drive.sinceMs > BLOCKED_PATIENCE_MS;
  return isBlocked || atMs - (patience.noRouteSinceMs ?? atMs) > NO_ROUTE_PATIENCE_MS ? "left" : undefined;
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, LOOK_EVERY_MS, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
