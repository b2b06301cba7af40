import { distance, isInside, polylineLength, poseFrom, type Pose } from "#lib/geometry";
import type { Metres, Share } from "#lib/units";
import type { Contract, Stage } from "#contract/contract";
import { driveOf } from "./attempts.ts";
import type { Violation } from "./constraints.ts";
import { elapsedMs } from "./elapsed.ts";
import { targetOf } from "./estimate.ts";
import { forecastStage } from "./forecast.ts";
import { isMild, severityOf } from "./severity.ts";
import type { Situation } from "./situation.ts";
import { findStage } from "./stage-order.ts";

/**
 * A constraint that holds now and would not any more if the stage were begun: its time does not fit, the battery does not
 * last for it and the way to a charger, or its goal is where the contract forbids to be. One that matters little is left out.
 */
export function foreseeStage(situation: Situation, stage: Stage): Violation | undefined {
  return firstGrave(
    situation,
    STAGE_CHECKS.map((check) => check(situation, stage)),
  );
}

/** The same for the drive under way, as far as stopping now still helps. */
export function foreseeDrive(situation: Situation): Violation | undefined {
  const { contract, state, robot } = situation;
  const view = findStage(contract, state, driveOf(situation)?.stageId ?? "");
  if (!view || robot.remaining === undefined) return undefined;
  const expected = drainOver(situation, robot.remaining, robot.remaining / situation.outlook.speed);
  const needed = Math.max(expected, drainOfDrive(situation) * robot.remaining);
  return firstGrave(situation, [batteryAfter(situation, view.stage, needed), goal(situation, view.stage)]);
}

type StageCheck = (situation: Situation, stage: Stage) => Violation | undefined;

const STAGE_CHECKS: readonly StageCheck[] = [windowEnd, duration, battery, goal];

function firstGrave(situation: Situation, found: readonly (Violation | undefined)[]): Violation | undefined {
  const { contract, policies } = situation;
  const isGrave = (code: string): boolean => !isMild(severityOf(code, policies.severity, contract));
  return found.find(
    (violation) => violation && isGrave(violation.code) && isGrave(violation.becomes ?? violation.code),
  );
}

function windowEnd(situation: Situation, stage: Stage): Violation | undefined {
  const { contract, now } = situation;
  const { notAfter } = contract.constraints.window;
  if (notAfter === undefined || now.clock === "unsynced") return undefined;
  return timeShort(situation, stage, "window_passed", (Date.parse(notAfter) - now.wallMs) / 1000, notAfter);
}

function duration(situation: Situation, stage: Stage): Violation | undefined {
  const { contract, state, now } = situation;
  const { maxDurationSeconds } = contract.constraints.window;
  if (maxDurationSeconds === undefined || !state.isStarted) return undefined;
  const elapsed = elapsedMs({ monoMs: state.startedMonoMs, at: state.startedAt }, now, contract.issuedAt) ?? 0;
  return timeShort(situation, stage, "duration_exceeded", maxDurationSeconds - elapsed / 1000, maxDurationSeconds);
}

function timeShort(
  situation: Situation,
  stage: Stage,
  becomes: Violation["code"],
  secondsLeft: number,
  limit: number | string,
): Violation | undefined {
  const seconds = secondsOf(situation, stage);
  if (seconds <= secondsLeft) return undefined;
  return {
    code: "time_short",
    detail: `${stage.stageId} takes about ${Math.round(seconds)} s, ${Math.max(0, Math.round(secondsLeft))} s are left`,
    value: Math.round(seconds),
    limit,
    becomes,
  };
}

/** A way that was not planned is taken for this much longer than the straight line. */
const DETOUR = 1.4;
/** A drive that has come this far and used this much tells what a metre of it takes; gauges may count in whole percents. */
const TELLING = { way: 1, share: 0.03 };
/** What must be left of the battery at the charger. */
const CHARGER_RESERVE: Share = 0.03;

/** Cleaning that the battery does not last for is worth beginning for so long: it goes on where it was when there is charge again. */
const WORTH_CLEANING_SECONDS = 120;

function battery(situation: Situation, stage: Stage): Violation | undefined {
  if (stage.action === "clean") {
    const seconds = Math.min(WORTH_CLEANING_SECONDS, secondsOf(situation, stage));
    return batteryAfter(situation, stage, drainOver(situation, 0, seconds));
  }
  return batteryAfter(situation, stage, drainOver(situation, wayOf(situation, stage), secondsOf(situation, stage)));
}

function batteryAfter(situation: Situation, stage: Stage, needed: Share): Violation | undefined {
  const { contract, robot, outlook } = situation;
  if (robot.battery === undefined) return undefined;
  const trip = chargerTrip(contract, endOf(situation, stage));
  const tripDrain = trip === undefined ? 0 : drainOver(situation, trip, trip / outlook.speed) + CHARGER_RESERVE;
  const { minimum } = contract.constraints.battery;
  const limit = Math.max(minimum, tripDrain);
  const left = robot.battery - needed;
  if (left >= limit) return undefined;
  const what = tripDrain > minimum ? "the way to a charger takes" : "the contract wants";
  const shares = `${percent(Math.max(0, left))} of the battery would be left after ${stage.stageId}`;
  return {
    code: "battery_short",
    detail: `${shares}, ${what} ${percent(limit)}`,
    value: left,
    limit,
    becomes: "battery_low",
  };
}

function goal(situation: Situation, stage: Stage): Violation | undefined {
  const { zones, landmarks } = situation.contract.spatial;
  const { allowed, forbidden = [] } = situation.contract.constraints.zones;
  const target = stage.action === "navigate" ? targetOf(stage, landmarks) : undefined;
  if (!target) return undefined;
  const around = zones.filter(({ polygon }) => isInside([target[0], target[1]], polygon)).map(({ id }) => id);
  const entered = around.find((zone) => forbidden.includes(zone));
  if (entered !== undefined) {
    const detail = `the goal of ${stage.stageId} is in ${entered}`;
    return { code: "zone_forbidden", detail, value: entered, limit: forbidden, becomes: "zone_forbidden" };
  }
  if (allowed === undefined || around.some((zone) => allowed.includes(zone))) return undefined;
  const detail = `the goal of ${stage.stageId} is in no allowed zone`;
  return { code: "zone_forbidden", detail, value: "", limit: allowed, becomes: "zone_forbidden" };
}

function secondsOf({ outlook }: Situation, stage: Stage): number {
  return forecastStage(stage, outlook, outlook.routes.get(stage.stageId)).seconds;
}

function wayOf({ outlook, robot, contract }: Situation, stage: Stage): Metres {
  const planned = outlook.routes.get(stage.stageId);
  if (planned) return polylineLength(planned);
  const target = stage.action === "navigate" ? targetOf(stage, contract.spatial.landmarks) : undefined;
  return target && robot.pose ? distance(robot.pose, poseFrom(target)) * DETOUR : 0;
}

/** By what this robot has used so far per metre, where it has driven enough to tell; else by its profile. */
function drainOver({ outlook, drainPerMetre }: Situation, way: Metres, seconds: number): Share {
  return way > 0 && drainPerMetre !== undefined ? drainPerMetre * way : outlook.drainPerSecond * seconds;
}

/** What this very drive has taken per metre: a load, a slope or an old battery show at once. */
function drainOfDrive(situation: Situation): number {
  const { driven, battery } = situation.robot;
  const drive = driveOf(situation);
  const way = drive ? driven - drive.drivenAtStart : 0;
  const used = (drive?.batteryAtStart ?? 0) - (battery ?? 1);
  return way < TELLING.way || used < TELLING.share ? 0 : used / way;
}

function endOf({ contract, robot }: Situation, stage: Stage): Pose | undefined {
  const target = stage.action === "navigate" ? targetOf(stage, contract.spatial.landmarks) : undefined;
  return target ? poseFrom(target) : robot.pose;
}

/** About the way to the nearest charger; undefined when the contract names none: then there is nothing to reach. */
export function chargerTrip({ spatial }: Contract, from: Pose | undefined): Metres | undefined {
  const chargers = spatial.landmarks.filter(({ kind }) => kind === "charger");
  if (!from || chargers.length === 0) return undefined;
  return Math.min(...chargers.map(({ pose }) => distance(from, poseFrom(pose)))) * DETOUR;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
