import type { ContractState, StageState } from "#contract/state";
import { type Point, polylineLength } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds, Share } from "#lib/units";
import { stageUnderWay, type ProjectionBasis } from "./basis.ts";
import { learnedTimeline } from "./learned-timeline.ts";
import type { ContractEstimate, Seen, Track } from "./track.ts";

/** One stage as it should go on from the anchor, or from the end of the leg before it. */
export interface Leg {
  readonly stageId: string;
  readonly seconds: Seconds;
  /** Standard deviation of `seconds`, where the device said what experience tells it. */
  readonly sigmaSeconds?: Seconds;
  /** Planned way; empty when the stage stands still. */
  readonly route: readonly Point[];
  readonly length: Metres;
  /** Metres of the way that are behind at the start of the leg. */
  readonly startAlong: Metres;
  /** Share of the stage that is done at the start of the leg. */
  readonly fromShare: Share;
}

/** The rest of a contract as the device or experience estimates it, from `anchorMs` on; has at least one leg. */
export interface Timeline {
  readonly anchorMs: number;
  readonly legs: readonly Leg[];
  readonly speed: MetresPerSecond;
  readonly drainPerSecond: number;
}

/** An estimate that was made longer before the stage under way began tells of a plan that has not come true. */
const ESTIMATE_MS_MAX = 600_000;

/**
 * The timeline of the contract under way, by the device's own estimate or, where that is missing or old, by experience;
 * undefined when no contract runs or nothing is known of it.
 */
export function timelineOf(basis: ProjectionBasis): Timeline | undefined {
  const { state, track } = basis;
  const estimate = track.estimate;
  if (!state || state.status !== "running") return undefined;
  const stage = stageUnderWay(state);
  if (estimate?.value.contractId !== state.contractId) return learnedTimeline(basis);
  if (stage && isOld(estimate, stage)) return learnedTimeline(basis) ?? estimatedTimeline(basis, state, estimate);
  return estimatedTimeline(basis, state, estimate);
}

/** Whether an estimate does not speak of the stage under way, or was made long before it. */
function isOld({ atMs, value }: Seen<ContractEstimate>, { stageId, startedAt }: StageState): boolean {
  const { stageId: current, nextStages } = value.data;
  const isNamed = stageId === current || nextStages.some((next) => next.stageId === stageId);
  return !isNamed || (startedAt !== undefined && Date.parse(startedAt) - atMs > ESTIMATE_MS_MAX);
}

function estimatedTimeline(
  { track }: ProjectionBasis,
  state: ContractState,
  estimate: Seen<ContractEstimate>,
): Timeline {
  const stage = stageUnderWay(state);
  const { speed, drainPerSecond, nextStages } = estimate.value.data;
  const rates = { speed, drainPerSecond };
  const next = nextStages.map((leg) => legOf(leg.stageId, leg, leg.route ?? [], 0));
  if (stage && stage.stageId !== estimate.value.data.stageId) {
    const at = next.findIndex((leg) => leg.stageId === stage.stageId);
    if (at >= 0) return { ...rates, anchorMs: beginningOf(state, stage.startedAt, estimate), legs: next.slice(at) };
  }
  const { anchorMs, leg } = firstLeg(state, estimate, track);
  return { ...rates, anchorMs, legs: [leg, ...next] };
}

/** When the stages of a timeline end, milliseconds of the wall clock, in their order. */
export function stageEnds({ anchorMs, legs }: Timeline): readonly number[] {
  let endMs = anchorMs;
  return legs.map(({ seconds }) => (endMs += seconds * 1000));
}

/** The stage that was under way at the estimate, advanced by progress that was reported since. */
function firstLeg(
  state: ContractState,
  estimate: Seen<ContractEstimate>,
  track: Track,
): { readonly anchorMs: number; readonly leg: Leg } {
  const { stageId = "", route, stageSecondsRemaining, stageSigmaSeconds } = estimate.value.data;
  const time = { seconds: stageSecondsRemaining, sigmaSeconds: stageSigmaSeconds };
  const progress = track.progress;
  const isNewer = progress !== undefined && progress.atMs > estimate.atMs && progress.value.stageId === stageId;
  if (!isNewer || progress.value.contractId !== state.contractId) {
    const fromShare = shareAt(state, stageId, estimate.atMs, stageSecondsRemaining);
    return { anchorMs: estimate.atMs, leg: legOf(stageId, time, route, fromShare) };
  }
  const { share, remaining } = progress.value;
  const passed = (progress.atMs - estimate.atMs) / 1000;
  const whole = legOf(stageId, { ...time, seconds: Math.max(0, stageSecondsRemaining - passed) }, route, share);
  if (remaining === undefined || whole.length === 0) return { anchorMs: progress.atMs, leg: whole };
  const left = Math.min(whole.length, remaining);
  const shareLeft = left / whole.length;
  const seconds = stageSecondsRemaining * shareLeft;
  const spread = stageSigmaSeconds === undefined ? {} : { sigmaSeconds: stageSigmaSeconds * shareLeft };
  return { anchorMs: progress.atMs, leg: { ...whole, seconds, ...spread, startAlong: whole.length - left } };
}

interface LegTime {
  readonly seconds: Seconds;
  readonly sigmaSeconds?: Seconds | undefined;
}

function legOf(stageId: string, { seconds, sigmaSeconds }: LegTime, route: readonly Point[], fromShare: Share): Leg {
  const spread = sigmaSeconds === undefined ? {} : { sigmaSeconds };
  return { stageId, seconds, ...spread, route, length: polylineLength(route), startAlong: 0, fromShare };
}

/** By time, for stages that say nothing of their progress. */
function shareAt(state: ContractState, stageId: string, atMs: number, secondsLeft: Seconds): Share {
  const started = state.stages.find((stage) => stage.stageId === stageId)?.startedAt;
  if (started === undefined) return 0;
  const passed = Math.max(0, (atMs - Date.parse(started)) / 1000);
  return passed === 0 ? 0 : passed / (passed + secondsLeft);
}

/** When a stage that came after the estimate began: at its start, or else when the stage before it ended. */
function beginningOf(state: ContractState, startedAt: string | undefined, estimate: Seen<ContractEstimate>): number {
  const ends = state.stages.flatMap((stage) => (stage.endedAt === undefined ? [] : [Date.parse(stage.endedAt)]));
  return startedAt === undefined ? Math.max(estimate.atMs, ...ends) : Date.parse(startedAt);
}
