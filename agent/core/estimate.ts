import { type Point, polylineLength, type Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { CleanInputs, DEFAULT_TARGET } from "#contract/actions";
import type { Stage } from "#contract/contract";
import type { EventData } from "#contract/event-data";
import { movesBase } from "./action-traits.ts";
import { attemptOf, driveOf } from "./attempts.ts";
import type { LearnedDurations } from "./durations.ts";
import { elapsedMs } from "./elapsed.ts";
import { updateProgress } from "./estimator.ts";
import { forecastDrive, forecastStage, type Forecast } from "./forecast.ts";
import { snapshotOf, type StageEnd } from "./snapshot.ts";
import { findStage, stagesAfter } from "./stage-order.ts";
import type { Situation } from "./situation.ts";
import { endOf, timetableOf } from "./timetable.ts";

/** What the device knows about how its future will go. */
export interface Outlook {
  /** Mean speed on a free way. */
  readonly speed: MetresPerSecond;
  /** What contract and device allow at most. */
  readonly topSpeed: MetresPerSecond;
  /** Share of the battery per second while driving. */
  readonly drainPerSecond: number;
  /** What experience says about times. */
  readonly learned: LearnedDurations;
  /** The way planned for each drive on the map, from where the stages before it end. */
  readonly routes: ReadonlyMap<string, readonly Point[]>;
  /** Drives for which the map shows no way; their routes are straight lines. */
  readonly pathless?: ReadonlySet<string>;
}

/** Where a drive goes: the pose of a landmark, or the pose given. Undefined when the contract has no such landmark. */
export function targetOf(stage: Stage, landmarks: readonly { id: string; pose: Triple }[]): Triple | undefined {
  const { to } = stage.inputs;
  if (typeof to === "string") return landmarks.find((landmark) => landmark.id === to)?.pose;
  return Array.isArray(to) ? (to as unknown as Triple) : undefined;
}

type Triple = readonly [number, number, number];

/**
 * What the device expects: the way and the time of the stage under way and of those after it. The cloud projects the device
 * from it while it is out of reach, so it says everything that the projection needs. Undefined until the robot knows where
 * it is and how full its battery is.
 */
export function estimateOf(
  situation: Situation,
  outlook: Outlook,
  stageId: string | undefined,
  ended?: StageEnd,
): EventData<"estimate"> | undefined {
  const { contract, state, robot } = situation;
  const { pose, battery } = robot;
  if (pose === undefined || battery === undefined) return undefined;
  const view = stageId === undefined ? undefined : findStage(contract, state, stageId);
  const route = view ? currentRoute(situation, outlook, view.stage, pose) : [];
  const current = view ? forecastLeft(situation, outlook, view.stage, route) : DONE;
  const later = stagesAfter(contract, state, [ended?.stageId, stageId]);
  const next = later.map((stage) => ({ stage, ...expected(situation, outlook, stage, pose) }));
  const left = endOf(timetableOf(contract, [...(view ? [{ stage: view.stage, time: current }] : []), ...next]));
  return {
    ...(view && { stageId: view.stage.stageId }),
    pose: [round(pose.x), round(pose.y), round(pose.yaw)],
    battery,
    route: route.map(asTuple),
    speed: outlook.speed,
    stageSecondsRemaining: round(current.seconds),
    stageSigmaSeconds: round(current.sigmaSeconds),
    ...updateProgress(snapshotOf(situation, stageId, ended), left),
    nextStages: next.map(({ stage, time, way }) => ({
      stageId: stage.stageId,
      seconds: round(time.seconds),
      sigmaSeconds: round(time.sigmaSeconds),
      ...(way && { route: way.map(asTuple) }),
    })),
    drainPerSecond: outlook.drainPerSecond,
  };
}

/** The way and the time of a stage that is still to come, or what is left of one under way beside the one that is spoken of. */
function expected(
  situation: Situation,
  outlook: Outlook,
  stage: Stage,
  pose: Pose,
): { readonly time: Forecast; readonly way?: readonly Point[] | undefined } {
  const planned = outlook.routes.get(stage.stageId);
  if (!attemptOf(situation, stage.stageId)) return { time: forecastStage(stage, outlook, planned), way: planned };
  const way = currentRoute(situation, outlook, stage, pose);
  return { time: forecastLeft(situation, outlook, stage, way), way: way.length > 0 ? way : planned };
}

/** Of a stage that is not there. */
const DONE: Forecast = { seconds: 0, sigmaSeconds: 0 };

/** How much of a stage under way is done, from 0 to 1: by the way for a drive, by the time for anything else. */
export function shareDone(situation: Situation, outlook: Outlook, stageId: string): number {
  const { robot, contract, state, now } = situation;
  const attempt = attemptOf(situation, stageId);
  if (!attempt) return 0;
  if (attempt.action === "clean") return shareCleaned(situation, stageId);
  if (robot.remaining !== undefined && movesBase(attempt.action)) {
    const driven = robot.driven - attempt.drivenAtStart;
    return driven + robot.remaining > 0 ? clip(driven / (driven + robot.remaining)) : 0;
  }
  const view = findStage(contract, state, stageId);
  const seconds = view ? forecastStage(view.stage, outlook, outlook.routes.get(stageId)).seconds : 0;
  return seconds > 0 ? clip((now.monoMs - attempt.startedMs) / 1000 / seconds) : 0;
}

/** The way that is left of a stage under way: to its goal, or over all the floor that is to be cleaned yet. */
export function remainingWay(situation: Situation, stageId: string): Metres | undefined {
  const attempt = attemptOf(situation, stageId);
  return attempt?.action === "clean" ? polylineLength(thin(attempt.way ?? [])) : situation.robot.remaining;
}

/** What is covered of what is to be covered. */
function shareCleaned({ contract, state, activity }: Situation, stageId: string): number {
  const view = findStage(contract, state, stageId);
  const attempt = activity.attempts.find((each) => each.stageId === stageId);
  const { target = DEFAULT_TARGET } = CleanInputs.safeParse(view?.stage.inputs).data ?? {};
  return clip((attempt?.coverage ?? view?.known.coverage ?? { share: 0 }).share / target);
}

/** Whole way of the drive under way: what was driven plus what is left; undefined while motion has no way. */
export function wayLength(situation: Situation): Metres | undefined {
  const attempt = driveOf(situation);
  // What motion has left is one pass of many.
  if (attempt?.action === "clean") return undefined;
  const { driven, remaining } = situation.robot;
  return attempt && remaining !== undefined ? driven - attempt.drivenAtStart + remaining : undefined;
}

function forecastLeft(situation: Situation, outlook: Outlook, stage: Stage, route: readonly Point[]): Forecast {
  const { contract, state, now, robot } = situation;
  if (stage.action === "navigate" && route.length > 1) {
    const attempt = attemptOf(situation, stage.stageId);
    const driven = attempt ? robot.driven - attempt.drivenAtStart : 0;
    const seconds = attempt ? (now.monoMs - attempt.startedMs) / 1000 : 0;
    return forecastDrive(stage, outlook, { driven, seconds, left: robot.remaining ?? polylineLength(route) });
  }
  const known = findStage(contract, state, stage.stageId)?.known;
  const begun = { monoMs: known?.startedMonoMs, at: known?.startedAt };
  const elapsedSeconds = (elapsedMs(begun, now, contract.issuedAt) ?? 0) / 1000;
  const whole = forecastStage(stage, outlook, undefined);
  if (stage.action === "clean") {
    const left = 1 - shareCleaned(situation, stage.stageId);
    return { seconds: whole.seconds * left, sigmaSeconds: whole.sigmaSeconds * left };
  }
  return { ...whole, seconds: Math.max(0, whole.seconds - elapsedSeconds) };
}

/** The way that motion drives now; before it has planned, the way on the map. */
function currentRoute(situation: Situation, outlook: Outlook, stage: Stage, pose: Pose): readonly Point[] {
  if (stage.action === "clean") return thin(attemptOf(situation, stage.stageId)?.way ?? []);
  if (stage.action !== "navigate") return [];
  if (situation.robot.route.length > 1) return situation.robot.route;
  const planned = outlook.routes.get(stage.stageId);
  if (planned) return planned;
  const target = targetOf(stage, situation.contract.spatial.landmarks);
  return target
    ? [
        [pose.x, pose.y],
        [target[0], target[1]],
      ]
    : [];
}

/** Points that the wire format takes. */
const ROUTE_POINTS_MAX = 200;

/** Every so many points, and the last. */
function thin(way: readonly Point[]): readonly Point[] {
  const stride = Math.ceil(way.length / (ROUTE_POINTS_MAX - 1));
  return stride <= 1 ? way : way.filter((_, at) => at % stride === 0 || at === way.length - 1);
}

function asTuple(point: Point): [number, number] {
  return [round(point[0]), round(point[1])];
}

/** Millimetres and milliseconds are enough, and they keep the journal small. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share));
}
