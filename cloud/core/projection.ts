import type { Contract } from "#contract/contract";
import type { PoseTuple } from "#contract/spatial";
import type { ContractState } from "#contract/state";
import { isFinal, type ContractStatus } from "#contract/status";
import type { Seconds, Share } from "#lib/units";
import { pointAlong, poseFrom } from "#lib/geometry";
import { isDone, stageUnderWay, type ProjectionBasis } from "./basis.ts";
import { onWayHome, postureOf, wayHomeOf, type Posture } from "./posture.ts";
import { timelineOf, type Leg, type Timeline } from "./timeline.ts";
import type { Track } from "./track.ts";

/** A value with its standard deviation. */
export interface Uncertain<Value> {
  readonly value: Value;
  readonly sigma: number;
}

export interface ProjectedContract {
  readonly contractId: string;
  readonly status: ContractStatus;
  readonly stageId?: string;
  /** Share of that stage. */
  readonly stageShare: Share;
  /** Stages done, the one under way by its share, of all stages. */
  readonly progress: Uncertain<Share>;
  /** What should be on board: sku to quantity. */
  readonly load: Readonly<Record<string, number>>;
  readonly endsAtMs?: number;
  readonly endSigmaSeconds?: Seconds;
}

/** A device at one moment, estimated. Times are milliseconds of the wall clock. */
export interface Projection {
  readonly atMs: number;
  /** Since the device was last seen. */
  readonly ageSeconds: Seconds;
  readonly pose?: Uncertain<PoseTuple>;
  readonly battery?: Uncertain<Share>;
  readonly contract?: ProjectedContract;
}

/** How fast an estimate decays. */
const GROWTH = {
  /** Metres at the moment of sighting, when the device did not say. */
  poseSigma: 0.1,
  /** Share of the distance that should have been travelled. */
  speedShare: 0.2,
  /** Metres per second, also when nothing should move. */
  idlePose: 0.01,
  batterySigma: 0.005,
  /** Share of the charge that should have been used. */
  drainShare: 0.3,
  /** Charge per second, also when nothing should drain. */
  idleBattery: 1e-6,
  /** Share of the time that has passed or is left. */
  timeShare: 0.2,
} as const;

/**
 * Where a device should be at `atMs`, by its contract: along the planned way, at the estimated speed, stage after stage,
 * growing less certain all the time; out of reach, it does what the contract says for that (`failurePolicy.offline`). Before any
 * estimate, while held, and after the end it stays where it was last seen. Pure, so it is computed when asked.
 */
export function project(basis: ProjectionBasis, atMs: number): Projection {
  const { track, state } = basis;
  const course = courseOf(basis, atMs);
  const { pose, drivenHome } = whereabouts(basis, course, atMs);
  const battery = batteryAt(track, course, atMs, drivenHome);
  return {
    atMs,
    ageSeconds: ageOf(track, atMs),
    ...(pose ? { pose } : {}),
    ...(battery ? { battery } : {}),
    ...(state ? { contract: contractAt(basis, state, course) } : {}),
  };
}

/** How the work should have gone until a moment. */
interface Course {
  readonly timeline: Timeline;
  /** What becomes of it without the cloud; absent where it just goes on. */
  readonly posture: Posture | undefined;
  /** Until when there was work: the moment itself, or when the device stopped. */
  readonly workMs: number;
  readonly at: Place;
}

function courseOf(basis: ProjectionBasis, atMs: number): Course | undefined {
  const timeline = timelineOf(basis);
  if (!timeline) return undefined;
  const posture = postureOf(basis, timeline);
  const workMs = Math.min(atMs, posture?.worksUntilMs ?? atMs);
  return { timeline, posture, workMs, at: placeOn(timeline, workMs) };
}

/** Since the device was last seen. */
function ageOf({ pose, battery, progress }: Track, atMs: number): Seconds {
  const seenMs = Math.max(pose?.atMs ?? 0, battery?.atMs ?? 0, progress?.atMs ?? 0);
  return seenMs === 0 ? 0 : Math.max(0, (atMs - seenMs) / 1000);
}

/** Where the device is: at its work, where it has stopped, or on its way home from there. */
function whereabouts(
  basis: ProjectionBasis,
  course: Course | undefined,
  atMs: number,
): { readonly pose?: Uncertain<PoseTuple>; readonly drivenHome: Seconds } {
  const stopped = poseAt(basis.track, course, course?.workMs ?? atMs);
  if (!stopped) return { drivenHome: 0 };
  if (!course?.posture) return { pose: stopped, drivenHome: 0 };
  const sigma = stopped.sigma + ((atMs - course.workMs) / 1000) * GROWTH.idlePose;
  const home = wayHomeOf(basis, course.posture, poseFrom(stopped.value), course.timeline.speed);
  if (!home) return { pose: { value: stopped.value, sigma }, drivenHome: 0 };
  const { pose, driven } = onWayHome(home, atMs);
  const value: PoseTuple = [pose.x, pose.y, pose.yaw];
  const way = driven * course.timeline.speed;
  return { pose: { value, sigma: sigma + GROWTH.speedShare * way }, drivenHome: driven };
}

/** Which leg is under way at a moment, and how much of it is behind. */
interface Place {
  readonly index: number;
  readonly leg: Leg;
  readonly share: Share;
  readonly isEnded: boolean;
}

function placeOn(timeline: Timeline, atMs: number): Place {
  let left = Math.max(0, (atMs - timeline.anchorMs) / 1000);
  for (const [index, leg] of timeline.legs.entries()) {
    if (left < leg.seconds) return { index, leg, share: left / leg.seconds, isEnded: false };
    left -= leg.seconds;
  }
  const index = timeline.legs.length - 1;
  return { index, leg: timeline.legs[index]!, share: 1, isEnded: true };
}

function poseAt(track: Track, course: Course | undefined, atMs: number): Projection["pose"] {
  const seen = track.pose;
  const timeline = course?.timeline;
  const planned = course && plannedPose(course.timeline, course.at);
  const value = planned ?? seen?.value;
  if (!value) return undefined;
  const sinceMs = seen?.atMs ?? timeline!.anchorMs;
  const elapsed = Math.max(0, (atMs - sinceMs) / 1000);
  const apart = timeline ? timeSigma(timeline, sinceMs, atMs, GROWTH.speedShare) * timeline.speed : 0;
  const alongSigma = Math.min(apart, course ? windingSigma(course.at.leg) : Infinity);
  const sigma = (seen?.sigmaXy ?? GROWTH.poseSigma) + alongSigma + elapsed * GROWTH.idlePose;
  return { value, sigma };
}

/** However far off along it, a device on a way that winds through a place is in that place; infinite for ways that lead elsewhere. */
function windingSigma({ route, length }: Leg): number {
  const [xs, ys] = [route.map(([x]) => x), route.map(([, y]) => y)];
  const diagonal = Math.hypot(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  // Of a uniform distribution over a rectangle.
  return length > WINDING * diagonal ? diagonal / Math.sqrt(12) : Infinity;
}

const WINDING = 3;

/** Seconds between two moments in which the contract should still have been worked on. */
function secondsOfWork(timeline: Timeline, fromMs: number, toMs: number): Seconds {
  return Math.max(0, (Math.min(toMs, endOf(timeline)) - fromMs) / 1000);
}

/**
 * Standard deviation of the time that the work between two moments takes: by what the device has learned of each of its stages,
 * whose errors are independent; a fixed share of the time where it said nothing.
 */
function timeSigma(
  timeline: Timeline,
  fromMs: number,
  toMs: number,
  unlearnedShare: number = GROWTH.timeShare,
): Seconds {
  const [from, to] = [fromMs, toMs].map((ms) => varianceUntil(timeline, ms));
  if (from === undefined || to === undefined) return unlearnedShare * secondsOfWork(timeline, fromMs, toMs);
  return Math.sqrt(Math.max(0, to - from));
}

function varianceUntil({ anchorMs, legs }: Timeline, atMs: number): number | undefined {
  let left = Math.max(0, (atMs - anchorMs) / 1000);
  let variance = 0;
  for (const { seconds, sigmaSeconds } of legs) {
    if (sigmaSeconds === undefined) return undefined;
    const share = seconds === 0 ? 1 : Math.min(1, left / seconds);
    variance += (share * sigmaSeconds) ** 2;
    left = Math.max(0, left - seconds);
    if (share < 1) break;
  }
  return variance;
}

/** On the way of the leg, or where the last leg that had a way ended. */
function plannedPose(timeline: Timeline, at: Place): PoseTuple | undefined {
  for (let index = at.index; index >= 0; index--) {
    const leg = timeline.legs[index]!;
    if (leg.route.length < 2) continue;
    const share = index === at.index ? at.share : 1;
    const pose = pointAlong(leg.route, leg.startAlong + (leg.length - leg.startAlong) * share);
    return [pose.x, pose.y, pose.yaw];
  }
  return undefined;
}

function batteryAt(track: Track, course: Course | undefined, atMs: number, drivenHome: Seconds): Projection["battery"] {
  const seen = track.battery;
  if (!seen) return undefined;
  const elapsed = Math.max(0, (atMs - seen.atMs) / 1000);
  const working = (course ? secondsOfWork(course.timeline, seen.atMs, course.workMs) : 0) + drivenHome;
  const used = working * (course?.timeline.drainPerSecond ?? 0);
  const sigma = GROWTH.batterySigma + used * GROWTH.drainShare + elapsed * GROWTH.idleBattery;
  return { value: Math.max(0, seen.value - used), sigma };
}

function contractAt(basis: ProjectionBasis, state: ContractState, course: Course | undefined): ProjectedContract {
  const common = { contractId: state.contractId };
  if (!course) return { ...common, ...frozen(basis, state) };
  const { timeline, at, posture, workMs: atMs } = course;
  // An end that should have come already is known no better than by how long it is overdue.
  const overdue = Math.max(0, (atMs - endOf(timeline)) / 1000);
  const total = timeline.legs.reduce((sum, leg) => sum + leg.seconds, 0);
  const stageShare = at.leg.fromShare + (1 - at.leg.fromShare) * at.share;
  const ended = new Set(timeline.legs.slice(0, at.isEnded ? undefined : at.index).map((leg) => leg.stageId));
  const done = state.stages.filter((stage) => isDone(stage) || ended.has(stage.stageId)).length;
  const endSigma = timeSigma(timeline, timeline.anchorMs, endOf(timeline));
  const sigma = Math.min(1, timeSigma(timeline, timeline.anchorMs, atMs) / Math.max(1, total));
  return {
    ...common,
    status: statusOf(course),
    stageId: at.leg.stageId,
    stageShare,
    progress: { value: Math.min(1, (done + (at.isEnded ? 0 : stageShare)) / state.stages.length), sigma },
    load: loadAfter(basis.contract, state, ended),
    // Nobody knows when a link comes back that the end now waits for.
    ...(posture ? {} : { endsAtMs: endOf(timeline), endSigmaSeconds: 1 + Math.max(endSigma, overdue) }),
  };
}

function statusOf({ at, posture, workMs }: Course): ContractStatus {
  if (at.isEnded) return "completed";
  return posture && workMs >= posture.worksUntilMs ? "held" : "running";
}

function frozen(basis: ProjectionBasis, state: ContractState): Omit<ProjectedContract, "contractId"> {
  const stage = isFinal(state.status) ? undefined : stageUnderWay(state);
  const progress = basis.track.progress?.value;
  const isCurrent = progress?.contractId === state.contractId && progress.stageId === stage?.stageId;
  const stageShare = isCurrent ? progress.share : 0;
  const done = state.stages.filter(isDone).length;
  return {
    status: state.status,
    ...(stage ? { stageId: stage.stageId } : {}),
    stageShare,
    progress: { value: (done + stageShare) / state.stages.length, sigma: 0 },
    load: state.load,
    ...(state.endedAt === undefined ? {} : { endsAtMs: Date.parse(state.endedAt), endSigmaSeconds: 0 }),
  };
}

/** What should be on board once the stages that ended since have done what the contract says. */
function loadAfter(
  contract: Contract | undefined,
  state: ContractState,
  ended: ReadonlySet<string>,
): Readonly<Record<string, number>> {
  const since = state.stages.filter((stage) => !isDone(stage) && ended.has(stage.stageId));
  const plan = new Map(contract?.stages.map((stage) => [stage.stageId, stage]));
  let load: Record<string, number> = { ...state.load };
  for (const { stageId } of since) {
    const stage = plan.get(stageId);
    if (stage?.action === "place") load = {};
    const { sku, quantity } = stage?.inputs ?? {};
    if (stage?.action !== "pick" || typeof sku !== "string" || typeof quantity !== "number") continue;
    load = { ...load, [sku]: (load[sku] ?? 0) + quantity };
  }
  return load;
}

function endOf(timeline: Timeline): number {
  return timeline.anchorMs + timeline.legs.reduce((sum, leg) => sum + leg.seconds * 1000, 0);
}
