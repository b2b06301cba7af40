import type { StageState } from "#contract/state";
import { isFinal } from "#contract/status";
import { isIrreversible } from "./action-traits.ts";
import type { ExpressionContext } from "./conditions.ts";
import { decideFailure, type Failure } from "./failure-policy.ts";
import { canReplan, isBudgetSpent } from "./replan-budget.ts";
import { forecastStage } from "./forecast.ts";
import { foreseeStage } from "./foresight.ts";
import { secureResources } from "./resource-steps.ts";
import { permitAction } from "./scope.ts";
import { isMild } from "./severity.ts";
import type { Attempt, Inquiry, Situation } from "./situation.ts";
import { failureOf, judgeAssumptions, judgeOutput, type Outcome } from "./stage-outcome.ts";
import { findStage, type StageView } from "./stage-order.ts";
import type { Output, Recovery, Step } from "./step.ts";

/**
 * The stage loop (document 4 §6.4): 1 resources, 2 assumptions, then `stage.started`; 3 act, its intent durable first;
 * 4 capture, which the executor does when the action ends; 5 validate; 6 check the assumptions again; 7 checkpoint with
 * `stage.completed`, or recover. This is the way in, up to 3.
 */
export function runStage(situation: Situation, view: StageView): readonly Step[] {
  const { contract, state } = situation;
  const { stage, known } = view;
  if (isBackingOff(situation, stage.stageId)) return [];
  const securing = secureResources(situation, view);
  if (securing) return securing;
  if (known.startedAt === undefined) {
    const ahead = foreseeStage(situation, stage);
    if (ahead)
      return [recover(situation, view, failureOf(situation, view, ahead.code, ahead.detail), { violation: ahead })];
    const { drift, ...outcome } = judgeAssumptions(view, situation);
    if (!outcome.ok) return [recover(situation, view, outcome.failure, { drift })];
    return [{ type: "start-stage", stageId: stage.stageId, drift }];
  }
  const permission = permitAction(contract, state, stage.action);
  if (!permission.ok) return [recover(situation, view, failureOf(situation, view, "out_of_scope", permission.detail))];
  if (!fitsLease(situation, view)) return [];
  return [{ type: "attempt", stageId: stage.stageId, n: known.attempts + 1 }];
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

/** The answer of the failure policy to a failure. */
export function recover(
  situation: Situation,
  view: StageView,
  failure: Failure,
  found: Partial<Omit<Recovery, "type" | "failure" | "decision">> & { after?: number } = {},
): Recovery {
  const { contract, state, chance, policies } = situation;
  const { after, ...rest } = found;
  // What lies ahead is only that of the stage that would bring it about.
  const isContractWide = rest.violation !== undefined && rest.violation.becomes === undefined;
  const context = contextOf(situation);
  const input = { failure, stage: view.stage, contract, state, context, chance, isContractWide };
  // What came to nothing once is not tried again for the same failure: then the contract's own rules decide.
  const isTried = rest.endsReplan !== undefined || after !== undefined;
  const own = isTried ? {} : { localFixes: policies.localFixes, replanning: replanningOf(situation) };
  const decision = decideFailure({ ...input, ...own, ...(after === undefined ? {} : { after }) });
  const isSpent = own.replanning === "spent" && !isMild(failure.severity);
  return { type: "recover", failure, decision, drift: [], ...rest, ...(isSpent && { isBudgetSpent: true }) };
}

/** Whether a stage that failed waits before it is tried again. */
export function isBackingOff({ activity, contract, now }: Situation, stageId: string): boolean {
  return now.monoMs < (activity.retryAtMs[`${contract.contractId}/${stageId}`] ?? 0);
}

/** Whether nobody knows yet if the stage's last attempt had its effect. */
export function isUnsettled(known: StageState): boolean {
  return known.status === "started" && known.attempts > 0 && known.verified === undefined;
}

/** What expressions of the contract may speak of now. */
export function contextOf({ contract, robot }: Situation): ExpressionContext {
  return { contract, robot };
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

function replanningOf(situation: Situation): "possible" | "impossible" | "spent" {
  if (isBudgetSpent(situation)) return "spent";
  return canReplan(situation) ? "possible" : "impossible";
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
