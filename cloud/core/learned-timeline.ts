import type { ContractState, StageState } from "#contract/state";
import { type Point, polylineLength } from "#lib/geometry";
import { isDone, stageUnderWay, type ProjectionBasis } from "./basis.ts";
import type { StageForecast } from "./estimator.ts";
import { goalOf, startOf } from "./stage-work.ts";
import type { Leg, Timeline } from "./timeline.ts";

/**
 * The rest of a contract as experience with other devices has it, for one that has not estimated it itself: along
 * the ways that the platform would go, because those of the device are its own. Undefined unless something is known of every stage that is left.
 */
export function learnedTimeline(basis: ProjectionBasis): Timeline | undefined {
  const { state, contract, expected, track } = basis;
  const current = state && stageUnderWay(state);
  if (!state || !contract || !expected || !current) return undefined;
  const left = [current, ...state.stages.filter((stage) => !isDone(stage) && stage !== current)];
  const forecasts = left.flatMap(({ stageId }) => expected.get(stageId) ?? []);
  if (forecasts.length < left.length) return undefined;
  const progress = progressIn(basis, current);
  const seenAt: Point | undefined = track.pose && [track.pose.value[0], track.pose.value[1]];
  const legs = left.map(({ stageId }, at): Leg => {
    const fromShare = at === 0 ? (progress?.share ?? 0) : 0;
    const planned = startOf(contract, stageId);
    const begun = at === 0 && (progress || !planned) ? seenAt : planned;
    const goal = goalOf(contract, stageId);
    const route = begun && goal ? wayOf(basis, [begun[0], begun[1]], [goal[0], goal[1]]) : [];
    const { seconds, sigmaSeconds } = forecasts[at]!;
    const share = 1 - fromShare;
    const time = { seconds: seconds * share, sigmaSeconds: sigmaSeconds * share };
    return { stageId, ...time, route, length: polylineLength(route), startAlong: 0, fromShare };
  });
  return { anchorMs: progress?.atMs ?? beginningOf(state, current), legs, ...ratesOf(legs, forecasts) };
}

/** Straight where the platform knows no way. */
function wayOf({ wayBetween }: ProjectionBasis, from: Point, to: Point): readonly Point[] {
  return wayBetween?.(from, to) ?? [from, to];
}

/** How far the stage has come, where the device has said so since it began. */
function progressIn(
  { state, track }: ProjectionBasis,
  { stageId, startedAt }: StageState,
): { readonly atMs: number; readonly share: number } | undefined {
  const { progress } = track;
  if (!progress || progress.value.contractId !== state?.contractId || progress.value.stageId !== stageId)
    return undefined;
  if (startedAt !== undefined && progress.atMs < Date.parse(startedAt)) return undefined;
  return { atMs: progress.atMs, share: progress.value.share };
}

function beginningOf(state: ContractState, { startedAt }: StageState): number {
  if (startedAt !== undefined) return Date.parse(startedAt);
  const ends = state.stages.flatMap(({ endedAt }) => (endedAt === undefined ? [] : [Date.parse(endedAt)]));
  return Math.max(Date.parse(state.startedAt ?? state.acceptedAt), ...ends);
}

/** Means over what is left. */
function ratesOf(
  legs: readonly Leg[],
  forecasts: readonly StageForecast[],
): Pick<Timeline, "speed" | "drainPerSecond"> {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const driving = legs.filter(({ length }) => length > 0);
  const drivingSeconds = sum(driving.map(({ seconds }) => seconds));
  const seconds = sum(legs.map((leg) => leg.seconds));
  const drained = sum(legs.map((leg, at) => leg.seconds * forecasts[at]!.drainPerSecond));
  return {
    speed: drivingSeconds > 0 ? sum(driving.map(({ length }) => length)) / drivingSeconds : 0,
    drainPerSecond: seconds > 0 ? drained / seconds : 0,
  };
}
