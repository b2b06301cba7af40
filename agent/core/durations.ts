import type { Seconds } from "#lib/units";
import type { Stage } from "#contract/contract";
import { movesBase } from "./action-traits.ts";
import type { Situation } from "./situation.ts";

/**
 * What this device has learned about how long an action takes at a place: seconds, or for a drive seconds per metre of way
 * besides turning and starting. Mean and variance are exponentially weighted, so that a place that changes is learned anew.
 */
export interface LearnedDuration {
  readonly action: string;
  readonly place: string;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

/** Looks up what was learned; undefined where nothing was. */
export type LearnedDurations = (action: string, place: string) => LearnedDuration | undefined;

/** One action that ended well at its first try. */
export interface DurationSample {
  readonly stage: Pick<Stage, "action" | "inputs">;
  readonly seconds: Seconds;
  /** Metres driven meanwhile. */
  readonly distance: number;
}

/** Turning on the spot at both ends of a drive, and speeding up and braking. */
export const DRIVE_OVERHEAD_SECONDS = 4;
/** A drive that is shorter says nothing about how fast the robot gets on. */
const WAY_WORTH_LEARNING = 1;
/** Share of the newest sample once there are many. */
const NEWEST_SHARE = 0.2;

/** What an action under way teaches that has just ended well. */
export function sampleOf({ activity, contract, robot, now }: Situation, stageId: string): DurationSample | undefined {
  const { contractId, stages } = contract;
  const attempt = activity.attempts.find((each) => each.contractId === contractId && each.stageId === stageId);
  const stage = stages.find((each) => each.stageId === stageId);
  if (!attempt || !stage || attempt.action !== stage.action) return undefined;
  return { stage, seconds: (now.monoMs - attempt.startedMs) / 1000, distance: robot.driven - attempt.drivenAtStart };
}

/** Before anything is learned. */
export const nothingLearned: LearnedDurations = () => undefined;

/** Where an action takes place, as far as its inputs name it; drives are told apart by where they go. */
export function placeOf({ inputs }: Pick<Stage, "inputs">): string {
  const place = inputs["to"] ?? inputs["from"];
  if (typeof place === "string") return place;
  // Goals that are less than a metre apart are one place.
  return Array.isArray(place)
    ? place
        .slice(0, 2)
        .map((value) => Math.round(Number(value)))
        .join(",")
    : "";
}

/** What a sample adds to what is known of its action and place; undefined when it teaches nothing. */
export function learn(
  { stage, seconds, distance }: DurationSample,
  known: LearnedDurations,
): LearnedDuration | undefined {
  const { action } = stage;
  if (action === "wait") return undefined;
  const isDrive = movesBase(action);
  if (isDrive && distance < WAY_WORTH_LEARNING) return undefined;
  const value = isDrive ? Math.max(0, seconds - DRIVE_OVERHEAD_SECONDS) / distance : seconds;
  const place = placeOf(stage);
  return withSample(known(action, place) ?? { action, place, count: 0, mean: value, variance: 0 }, value);
}

/** T. Finch, "Incremental calculation of weighted mean and variance", 2009, equations 124 and 143. */
function withSample(before: LearnedDuration, value: number): LearnedDuration {
  const share = Math.max(NEWEST_SHARE, 1 / (before.count + 1));
  const difference = value - before.mean;
  const step = share * difference;
  return {
    ...before,
    count: before.count + 1,
    mean: before.mean + step,
    variance: (1 - share) * (before.variance + difference * step),
  };
}
