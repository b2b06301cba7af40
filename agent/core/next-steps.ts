import type { StageState } from "#contract/state";
import { isFinal } from "#contract/status";
import { isTrue } from "./conditions.ts";
import { findViolations, waitBeforeStartMs, type Violation } from "./constraints.ts";
import { wayLength } from "./estimate.ts";
import { ruleOfHold, stageOfHold } from "./failure-policy.ts";
import { failureOf } from "./stage-outcome.ts";
import type { Attempt, Situation } from "./situation.ts";
import {
  contextOf,
  isBackingOff,
  isIrreversible,
  isUnsettled,
  movesBase,
  recover,
  runStage,
  settleAttempt,
  settleInquiry,
} from "./stage-loop.ts";
import { findProgress, findStage, type StageView } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** Hold of a contract whose lease cannot be known. */
export const LEASE_HOLD = "lease";
/** Hold of a contract while the robot may not move for its own reasons. */
export const SAFETY_HOLD = "safety";

/**
 * What is to be done about a contract now; empty when there is nothing to do but wait. Pure: the same situation gives the
 * same steps. The first rule that has something to say decides, so the order of the rules is the order of what matters.
 */
export function nextSteps(situation: Situation): readonly Step[] {
  for (const rule of RULES) {
    const steps = rule(situation);
    if (steps) return steps;
  }
  return [];
}

/** `undefined`: nothing to say; an empty list: wait. */
type Rule = (situation: Situation) => readonly Step[] | undefined;

const RULES: readonly Rule[] = [
  takeTurns,
  recordWhatEnded,
  clearUpAfterEnd,
  windDown,
  resolveDoubt,
  keepOwnHolds,
  answerViolation,
  standStill,
  watchAttempt,
  startContract,
  work,
];

/** Tools work for one contract at a time, also for one that has ended while its last action runs on. */
function takeTurns({ activity, contract }: Situation): readonly Step[] | undefined {
  const busy = activity.attempt ?? activity.inquiry;
  return busy && busy.contractId !== contract.contractId ? [] : undefined;
}

function recordWhatEnded(situation: Situation): readonly Step[] | undefined {
  const { attempt, inquiry } = situation.activity;
  if (attempt?.result) return settleAttempt(situation, attempt);
  if (!inquiry?.answer) return undefined;
  const view = findStage(situation.contract, situation.state, inquiry.stageId);
  return view ? settleInquiry(situation, inquiry, view) : [{ type: "forget-attempt" }];
}

function clearUpAfterEnd(situation: Situation): readonly Step[] | undefined {
  if (!isFinal(situation.state.status)) return undefined;
  const { attempt, inquiry } = situation.activity;
  if (attempt) return movesBase(attempt.action) ? interrupt(attempt, "withdrawn") : endInTime(situation, attempt);
  if (inquiry) return [];
  const doubtful = situation.state.stages.find((known) => isUnsettled(known) && isIrreversible(known.action));
  return doubtful ? [{ type: "verify", stageId: doubtful.stageId, n: doubtful.attempts }] : [];
}

/** The lease is over: the cloud may give the task away once the time to wind down has passed. */
function windDown({ leaseRemainingMs, activity, contract, now }: Situation): readonly Step[] | undefined {
  if (leaseRemainingMs === "unknown" || leaseRemainingMs > 0) return undefined;
  const { attempt, inquiry, windDownSinceMs } = activity;
  if (windDownSinceMs === undefined) return [{ type: "wind-down" }];
  const isInTime = now.monoMs - windDownSinceMs < contract.lease.windDownSeconds * 1000;
  if (attempt && movesBase(attempt.action) && !attempt.interruption) return interrupt(attempt, "withdrawn");
  return (attempt ?? inquiry) && isInTime ? [] : [{ type: "expire" }];
}

/** An attempt that a crash or a hold left open is asked about before anything else is tried; asking moves nothing. */
function resolveDoubt({ state, activity }: Situation): readonly Step[] | undefined {
  if (activity.attempt) return undefined;
  if (activity.inquiry) return [];
  const isHeld = state.holds.length > 0;
  const doubtful = state.stages.find((known) => isUnsettled(known) || (!isHeld && mayBeAskedAgain(known)));
  return doubtful && [{ type: "verify", stageId: doubtful.stageId, n: doubtful.attempts }];
}

function keepOwnHolds({ state, leaseRemainingMs, safety, safetyReason }: Situation): readonly Step[] | undefined {
  const wanted = [
    { holdId: LEASE_HOLD, by: "constraint", isOn: leaseRemainingMs === "unknown", reason: "the lease is not known" },
    { holdId: SAFETY_HOLD, by: "safety", isOn: safety === "stopped", reason: safetyReason ?? "stopped" },
  ] as const;
  const steps = wanted.flatMap(({ holdId, by, isOn, reason }): Step[] => {
    const isPlaced = state.holds.some((hold) => hold.holdId === holdId && hold.by === by);
    if (isOn === isPlaced) return [];
    return [isOn ? { type: "hold", holdId, by, reason } : { type: "resume", holdId, by }];
  });
  return steps.length > 0 ? steps : undefined;
}

/** The most final constraint that does not hold goes to the failure policy, once; what can't be undone is let finish. */
function answerViolation(situation: Situation): readonly Step[] | undefined {
  const { contract, state, activity, now } = situation;
  if (activity.attempt && isIrreversible(activity.attempt.action)) return undefined;
  if (!state.isStarted && waitBeforeStartMs(contract, now) > 0) return undefined;
  const progress = findProgress(contract, state);
  if (progress.type !== "at") return undefined;
  const isHeld = state.holds.length > 0;
  const violation = findViolations(situation).find((found) => !isHeld || ENDS_A_HOLD.has(found.code));
  if (!violation || isAnswered(situation, progress.view, violation)) return undefined;
  const failure = failureOf(progress.view, violation.code, violation.detail);
  return [recover(situation, progress.view, failure, { violation })];
}

/** Held, by whomever: the goal is withdrawn, an action that can't be undone runs to its end. */
function standStill(situation: Situation): readonly Step[] | undefined {
  const { state, safety, activity, isOrderPending } = situation;
  const mayAct = !isOrderPending && (safety === "normal" || safety === "limited");
  if (state.holds.length === 0 && mayAct) return undefined;
  const { attempt } = activity;
  if (attempt) return movesBase(attempt.action) ? interrupt(attempt, "withdrawn") : endInTime(situation, attempt);
  for (const hold of state.holds) {
    if (hold.by !== "policy") continue;
    const steps = endPolicyHold(situation, hold.holdId);
    if (steps) return steps;
  }
  return [];
}

/** Ends a hold of the failure policy when its condition has come true, or its deadline has passed in vain. */
function endPolicyHold(situation: Situation, holdId: string): readonly Step[] | undefined {
  const { contract, state, activity, now } = situation;
  const placed = ruleOfHold(contract, holdId);
  const view = findStage(contract, state, stageOfHold(holdId) ?? "");
  if (!placed || !view) return undefined;
  const { until, deadlineSeconds = Infinity } = placed.rule.hold ?? {};
  if (until !== undefined && isTrue(until, contextOf(situation))) return [{ type: "resume", holdId, by: "policy" }];
  const sinceMs = activity.heldSinceMs[`${contract.contractId}/${holdId}`] ?? now.monoMs;
  if (now.monoMs - sinceMs < deadlineSeconds * 1000) return undefined;
  const failure = failureOf(view, view.known.failure ?? "deadline_passed", `held for ${deadlineSeconds} s in vain`);
  return [recover(situation, view, failure, { endsHold: holdId, after: placed.at })];
}

/** How often progress and estimates are written while the robot drives. */
const PROGRESS_EVERY_MS = 3000;
const ESTIMATE_EVERY_MS = 10_000;
/** A way that is this much longer or shorter than estimated is a new estimate, but not more often than this. */
const WAY_CHANGE = { metres: 2, share: 0.2 };
const ESTIMATE_AGAIN_MS = 2000;

function watchAttempt(situation: Situation): readonly Step[] | undefined {
  const { contract, state, activity } = situation;
  const { attempt } = activity;
  if (!attempt) return undefined;
  if (!findStage(contract, state, attempt.stageId)) return interrupt(attempt, "withdrawn");
  const ending = endInTime(situation, attempt);
  if (ending.length > 0 || !movesBase(attempt.action)) return ending;
  return reportsDue(situation, attempt);
}

function reportsDue(situation: Situation, attempt: Attempt): readonly Step[] {
  const { progressAtMs, estimate } = situation.activity;
  const { stageId, startedMs } = attempt;
  const { monoMs } = situation.now;
  const ageMs = monoMs - (estimate?.atMs ?? startedMs);
  const way = wayLength(situation) ?? estimate?.wayLength ?? 0;
  // Before motion has planned, the way is not known, and no news.
  const change = situation.robot.remaining === undefined ? 0 : Math.abs(way - (estimate?.wayLength ?? way));
  const hasChanged = change > Math.max(WAY_CHANGE.metres, WAY_CHANGE.share * way);
  const isEstimateDue = ageMs >= ESTIMATE_EVERY_MS || (hasChanged && ageMs >= ESTIMATE_AGAIN_MS);
  const isProgressDue = monoMs - (progressAtMs ?? startedMs) >= PROGRESS_EVERY_MS;
  return [
    ...(isProgressDue ? [{ type: "report-progress", stageId } as const] : []),
    ...(isEstimateDue ? [{ type: "report-estimate", stageId } as const] : []),
  ];
}

function startContract({ contract, state, robot, now }: Situation): readonly Step[] | undefined {
  if (state.isStarted) return undefined;
  const isReady = robot.battery !== undefined && robot.pose !== undefined && waitBeforeStartMs(contract, now) === 0;
  return isReady ? [{ type: "start-contract" }] : [];
}

function work(situation: Situation): readonly Step[] {
  const progress = findProgress(situation.contract, situation.state);
  switch (progress.type) {
    case "finished":
      return [{ type: "finish" }];
    case "stuck":
      return [{ type: "fail", reason: "no_stage_ready", detail: "every stage that is left waits for another one" }];
    case "at":
      return runStage(situation, progress.view);
  }
}

/** Violations that are worth leaving a hold for; the others are judged when the robot is to move again. */
const ENDS_A_HOLD: ReadonlySet<Violation["code"]> = new Set(["window_passed", "duration_exceeded"]);

function isAnswered(situation: Situation, { stage, known }: StageView, violation: Violation): boolean {
  if (known.status !== "failed" || known.failure !== violation.code) return false;
  return situation.state.holds.length > 0 || isBackingOff(situation, stage.stageId);
}

/** A human has looked: a stage whose effect was unknown, or happened with a wrong outcome, is asked about, never repeated. */
function mayBeAskedAgain(known: StageState): boolean {
  if (known.status === "started") return known.verified === "unknown" || known.verified === "done";
  return known.status === "failed" && known.verified === "done";
}

function interrupt(attempt: Attempt, cause: "withdrawn" | "timeout"): readonly Step[] {
  return attempt.interruption ? [] : [{ type: "interrupt", cause }];
}

function endInTime({ contract, state, now }: Situation, attempt: Attempt): readonly Step[] {
  const view = findStage(contract, state, attempt.stageId);
  const isOverdue = view && now.monoMs - attempt.startedMs >= view.stage.timeoutSeconds * 1000;
  return isOverdue ? interrupt(attempt, "timeout") : [];
}
