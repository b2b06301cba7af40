import { wayLength } from "./estimate.ts";
import { movesBase } from "./action-traits.ts";
import type { Attempt, Interruption, Situation } from "./situation.ts";
import { findStage } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** How often progress and estimates are written while the robot drives. */
const PROGRESS_EVERY_MS = 3000;
const ESTIMATE_EVERY_MS = 10_000;
/** How often a long stage without motion is estimated (document 4, §6.13). */
const HEARTBEAT_MS = 30_000;
/** A way that is this much longer or shorter than estimated is a new estimate, but not more often than this. */
const WAY_CHANGE = { metres: 2, share: 0.2 };
const ESTIMATE_AGAIN_MS = 2000;

/** Looks after the actions under way: ends each in time, and reports how far a drive has got. */
export function watchAttempts(situation: Situation): readonly Step[] | undefined {
  const steps = situation.activity.attempts.flatMap((attempt) => watchAttempt(situation, attempt));
  return steps.length > 0 ? steps : undefined;
}

function watchAttempt(situation: Situation, attempt: Attempt): readonly Step[] {
  const { contract, state } = situation;
  if (!findStage(contract, state, attempt.stageId)) return interrupt(attempt, "withdrawn");
  const ending = endInTime(situation, attempt);
  if (ending.length > 0 || attempt.interruption) return ending;
  return movesBase(attempt.action) ? driveReports(situation, attempt) : longStageReports(situation, attempt);
}

/** A stage that goes nowhere says from time to time that it is still at it. */
function longStageReports(situation: Situation, attempt: Attempt): readonly Step[] {
  const { stageId, startedMs } = attempt;
  const { activity, now } = situation;
  const sinceMs = now.monoMs - Math.max(activity.estimate?.atMs ?? startedMs, startedMs);
  return [
    ...(hasNews(situation, attempt) ? [{ type: "report-progress", stageId } as const] : []),
    ...(sinceMs >= HEARTBEAT_MS ? [{ type: "report-estimate", stageId } as const] : []),
  ];
}

/** Whether a long action has reached a point from which it could be resumed, and the journal does not know yet. */
function hasNews({ contract, state }: Situation, { stageId, checkpoint }: Attempt): boolean {
  const known = findStage(contract, state, stageId)?.known.checkpoint;
  return checkpoint !== undefined && JSON.stringify(checkpoint) !== JSON.stringify(known);
}

function driveReports(situation: Situation, attempt: Attempt): readonly Step[] {
  const { stageId } = attempt;
  const sinceProgressMs = situation.now.monoMs - (situation.activity.progressAtMs ?? attempt.startedMs);
  const reports: Step[] = [];
  if (sinceProgressMs >= PROGRESS_EVERY_MS || hasNews(situation, attempt))
    reports.push({ type: "report-progress", stageId });
  if (isEstimateDue(situation, attempt)) reports.push({ type: "report-estimate", stageId });
  return reports;
}

function isEstimateDue(situation: Situation, attempt: Attempt): boolean {
  const { estimate } = situation.activity;
  const ageMs = situation.now.monoMs - (estimate?.atMs ?? attempt.startedMs);
  if (ageMs >= ESTIMATE_EVERY_MS) return true;
  const way = wayLength(situation);
  if (way === undefined || !estimate || ageMs < ESTIMATE_AGAIN_MS) return false;
  return Math.abs(way - estimate.wayLength) > Math.max(WAY_CHANGE.metres, WAY_CHANGE.share * way);
}

/** Breaks the attempt off, once. */
function interrupt(attempt: Attempt, cause: Interruption): readonly Step[] {
  return attempt.interruption ? [] : [{ type: "interrupt", stageId: attempt.stageId, cause }];
}

/** Brings what is under way to a safe point: a drive stops at once, anything else runs to its end, in its time. */
export function pauseAttempts(situation: Situation, attempts: readonly Attempt[]): readonly Step[] {
  return attempts.flatMap((attempt) =>
    movesBase(attempt.action) ? interrupt(attempt, "withdrawn") : endInTime(situation, attempt),
  );
}

/** Breaks the attempt off when its stage's time is over. */
function endInTime({ contract, state, now }: Situation, attempt: Attempt): readonly Step[] {
  const view = findStage(contract, state, attempt.stageId);
  const isOverdue = view && now.monoMs - attempt.startedMs >= view.stage.timeoutSeconds * 1000;
  return isOverdue ? interrupt(attempt, "timeout") : [];
}
