import type { ContractState, StageState } from "#contract/state";
import { isFinal } from "#contract/status";
import { isIrreversible } from "./action-traits.ts";
import { isToolTaken } from "./attempts.ts";
import { forecastStage } from "./forecast.ts";
import { foreseeStage } from "./foresight.ts";
import { isLeftForLater } from "./offline-posture.ts";
import { recover } from "./recover.ts";
import { secureResources } from "./resource-steps.ts";
import { permitAction } from "./scope.ts";
import type { Attempt, Inquiry, Situation } from "./situation.ts";
import { failureOf, judgeAssumptions, judgeOutput, type Outcome } from "./stage-outcome.ts";
import { findStage, type StageView } from "./stage-order.ts";
import type { Output, Step } from "./step.ts";

/**
 * The stage loop (document 4 §6.4). Its seven steps: 1 resources, 2 assumptions, then `stage.started`; 3 act, the intent
 * durable first; 4 capture, which the stage runner does when the action ends; 5 validate; 6 check the assumptions again;
 * 7 checkpoint with `stage.completed`, or recover. This is the way in, up to 3; `settleAttempt` is the way out.
 */
export function runStage(situation: Situation, view: StageView): readonly Step[] {
  for (const step of WAY_IN) {
    const steps = step(situation, view);
    if (steps) return steps;
  }
  return [];
}

/** `undefined`: nothing to say; an empty list: wait. */
type LoopStep = (situation: Situation, view: StageView) => readonly Step[] | undefined;

const WAY_IN: readonly LoopStep[] = [
  sitOutBackOff,
  finishOthersFirst,
  awaitTools,
  // 1
  secureResources,
  heedConstraintsAhead,
  // 2
  checkAssumptions,
  // 3
  checkScope,
  awaitLease,
  act,
];

function sitOutBackOff(situation: Situation, { stage }: StageView): readonly Step[] | undefined {
  return isBackingOff(situation, stage.stageId) ? [] : undefined;
}

function finishOthersFirst(situation: Situation, { known }: StageView): readonly Step[] | undefined {
  return isLeftForLater(situation, known) ? [] : undefined;
}

function awaitTools(situation: Situation, { stage }: StageView): readonly Step[] | undefined {
  return isToolTaken(situation, stage) ? [] : undefined;
}

function heedConstraintsAhead(situation: Situation, view: StageView): readonly Step[] | undefined {
  const violation = isBegun(view) ? undefined : foreseeStage(situation, view.stage);
  if (!violation) return undefined;
  return [recover(situation, view, failureOf(situation, view, violation.code, violation.detail), { violation })];
}

/** A stage whose assumptions hold, or matter little, is started. */
function checkAssumptions(situation: Situation, view: StageView): readonly Step[] | undefined {
  if (isBegun(view)) return undefined;
  const { drift, ...outcome } = judgeAssumptions(view, situation);
  if (!outcome.ok) return [recover(situation, view, outcome.failure, { drift })];
  return [{ type: "start-stage", stageId: view.stage.stageId, drift }];
}

function checkScope(situation: Situation, view: StageView): readonly Step[] | undefined {
  const permission = permitAction(situation.contract, situation.state, view.stage.action);
  if (permission.ok) return undefined;
  return [recover(situation, view, failureOf(situation, view, "out_of_scope", permission.detail))];
}

function awaitLease(situation: Situation, view: StageView): readonly Step[] | undefined {
  return fitsLease(situation, view) ? undefined : [];
}

function act(_situation: Situation, { stage, known }: StageView): readonly Step[] {
  return [{ type: "attempt", stageId: stage.stageId, n: known.attempts + 1 }];
}

function isBegun({ known }: StageView): boolean {
  return known.startedAt !== undefined;
}

/** Steps 5 to 7 for an attempt that has ended. */
export function settleAttempt(situation: Situation, attempt: Attempt): readonly Step[] {
  const { result } = attempt;
  const view = findStage(situation.contract, situation.state, attempt.stageId);
  const isCurrent = view?.known.status === "started" && view.known.attempts === attempt.n;
  if (!view || !isCurrent || !result) return [{ type: "forget-attempt", stageId: attempt.stageId }];
  switch (result.type) {
    case "done":
      return [checkpoint(situation, view, result.output, false)];
    case "failed":
      return [fail(situation, view, result)];
    case "in-doubt":
      return [askTool(attempt, { code: result.code, detail: result.detail })];
    case "interrupted":
      return settleInterrupted(situation, view, attempt);
  }
}

/** What a tool's answer about an attempt in doubt leads to. */
export function settleInquiry(situation: Situation, inquiry: Inquiry, view: StageView): readonly Step[] {
  const { answer, cause, stageId, n } = inquiry;
  switch (answer?.answer) {
    case undefined:
      return [];
    case "done":
      return [checkpoint(situation, view, answer.output, true)];
    case "not-done": {
      const note: Step = { type: "note-not-done", stageId, n };
      return cause ? [note, fail(situation, view, cause)] : [note];
    }
    case "unknown":
      return [{ type: "give-up-doubt", stageId, n, detail: answer.detail }];
  }
}

/** Whether a stage that failed waits before it is tried again. */
export function isBackingOff({ activity, contract, now }: Situation, stageId: string): boolean {
  return now.monoMs < (activity.retryAtMs[`${contract.contractId}/${stageId}`] ?? 0);
}

/** Whether nobody knows yet if the stage's last attempt had its effect. */
export function isUnsettled(known: StageState): boolean {
  return known.status === "started" && known.attempts > 0 && known.verified === undefined;
}

/** Whether the last attempt at something that can't be undone is still to be asked about. */
export function hasDoubt({ stages }: Pick<ContractState, "stages">): boolean {
  return stages.some((known) => isUnsettled(known) && isIrreversible(known.action));
}

/**
 * Nothing that can't be undone begins unless it surely ends within the lease; without the cloud, which renews it, nothing
 * that will probably not.
 */
function fitsLease({ leaseRemainingMs, offlineMs, outlook }: Situation, { stage }: StageView): boolean {
  const isSure = isIrreversible(stage.action);
  if (!isSure && offlineMs === 0) return true;
  const seconds = isSure
    ? stage.timeoutSeconds
    : forecastStage(stage, outlook, outlook.routes.get(stage.stageId)).seconds;
  return leaseRemainingMs !== "unknown" && leaseRemainingMs >= seconds * 1000;
}

function settleInterrupted(situation: Situation, view: StageView, attempt: Attempt): readonly Step[] {
  // Without a verdict in the journal, the stage counts as in doubt and is asked about when the robot may go on.
  if (attempt.interruption !== "timeout") return [{ type: "forget-attempt", stageId: attempt.stageId }];
  const detail = `${view.stage.action} took longer than ${view.stage.timeoutSeconds} s`;
  const cause = { code: "timeout", detail };
  return [isIrreversible(attempt.action) ? askTool(attempt, cause) : fail(situation, view, cause)];
}

function askTool({ stageId, n }: Attempt, cause: { code: string; detail: string }): Step {
  return { type: "verify", stageId, n, cause };
}

function fail(situation: Situation, view: StageView, cause: { code: string; detail: string }): Step {
  return recover(situation, view, failureOf(situation, view, cause.code, cause.detail));
}

/** After the end of a contract nobody validates any more; what was done is recorded. */
function checkpoint(situation: Situation, view: StageView, output: Output, isVerified: boolean): Step {
  const outcome = isFinal(situation.state.status)
    ? ({ ok: true, drift: [] } satisfies Outcome)
    : judgeOutput(view, output, situation);
  const { drift } = outcome;
  if (outcome.ok) {
    const { tolerated } = outcome;
    const { stageId } = view.stage;
    return { type: "complete-stage", stageId, output, drift, isVerified, ...(tolerated && { tolerated }) };
  }
  const effect = outcome.failure.effect === "happened" ? { output } : {};
  return recover(situation, view, outcome.failure, { drift, ...effect });
}
