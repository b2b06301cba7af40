import { isFinal } from "#contract/status";
import { coverageNews } from "./coverage-events.ts";
import {
  drifted,
  ending,
  exception,
  hasLoad,
  leftOnBoard,
  movement,
  policyHold,
  verdict,
  violated,
  type EventBody,
  type StepDeps,
} from "./event-parts.ts";
import { escalationOf, ruleOfHold, type Decision, type Failure } from "./failure-policy.ts";
import type { LocalFix } from "./local-fixes.ts";
import { replanFailed, replanRequested } from "./replan-events.ts";
import { windDownHold } from "./plan-rules.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";
import type { Recovery } from "./step.ts";
import { usageOf } from "./usage.ts";

/** What the journal is told about a failure: what was found, what happened all the same, and what is done about it. */
export function recovery(step: Recovery, view: StageView, situation: Situation, deps: StepDeps): readonly EventBody[] {
  const { decision, violation, output, endsHold, endsReplan } = step;
  const { stageId, code, severity, detail } = step.failure;
  const strategy = isPolicys(decision) ? { strategy: decision.strategy } : {};
  const attempt = Math.max(1, view.known.attempts);
  const used = usageOf(situation, view);
  return [
    ...(violation ? [violated(violation)] : []),
    ...drifted(step.drift, stageId),
    ...(output ? [verdict(view, "done")] : []),
    ...(endsReplan === undefined ? [] : [replanFailed(endsReplan, "no_revision", "nothing else can be done")]),
    ...coverageNews(situation, view),
    { type: "stage.failed", stageId, data: { code, severity, detail, attempt, ...strategy, used } },
    ...(output ? movement(view, output, situation, deps) : []),
    ...(endsHold === undefined
      ? []
      : [{ type: "contract.resumed", data: { holdId: endsHold, by: "policy" } } as const]),
    ...(step.isBudgetSpent ? [budgetSpent(step, situation, deps)] : []),
    ...consequences(step, situation, deps),
  ];
}

/** What the journal is told when nobody can know whether an effect happened. */
export function giveUpDoubt(
  view: StageView,
  detail: string,
  situation: Situation,
  deps: StepDeps,
): readonly EventBody[] {
  const { stageId } = view.stage;
  const text = `whether ${stageId} had its effect is not known: ${detail}`;
  const events = [verdict(view, "unknown"), exception("effect_unknown", "URGENT", text, deps)];
  return isFinal(situation.state.status) ? events : [...events, policyHold(escalationOf(stageId), text)];
}

/** A retry of the contract's failure policy, apart from those that the device tries by itself. */
const POLICY_RETRY = "policy-retry";

/** The stage is tried again after a while, in the same way or another. */
function fixAttempted(
  stageId: string,
  { fix, n, delayMs, changes }: Pick<LocalFix, "n" | "delayMs" | "changes"> & { readonly fix: string },
): EventBody {
  const data = { fix, n, delaySeconds: delayMs / 1000, ...(changes && { changes }) };
  return { type: "fix.attempted", stageId, data };
}

function budgetSpent({ failure }: Recovery, { state }: Situation, deps: StepDeps): EventBody {
  const text = `${failure.stageId} failed after ${state.replans} new plans (${failure.code}): no more are allowed`;
  return exception("replan_budget_spent", "HIGH", text, deps);
}

/** Whether a decision is one of the strategies that a failure policy can name. */
function isPolicys(decision: Decision): decision is Exclude<Decision, { strategy: "skip" | "replan" | "fix" }> {
  return decision.strategy !== "skip" && decision.strategy !== "replan" && decision.strategy !== "fix";
}

function consequences(step: Recovery, situation: Situation, deps: StepDeps): readonly EventBody[] {
  const { failure, decision } = step;
  const { stageId, code, detail } = failure;
  const reason = `${code}: ${detail}`;
  switch (decision.strategy) {
    case "retry": {
      const known = situation.state.stages.find((stage) => stage.stageId === stageId);
      return [fixAttempted(stageId, { fix: POLICY_RETRY, n: (known?.retries ?? 0) + 1, delayMs: decision.delayMs })];
    }
    case "fix":
      return [fixAttempted(stageId, decision.fix)];
    case "replan":
      return [replanRequested(step, deps)];
    case "skip":
      return [{ type: "stage.skipped", stageId, data: { reason } }];
    case "hold": {
      const hold = policyHold(decision.holdId, reason);
      if (isEndedByItself(decision.holdId, situation)) return [hold];
      return [exception(code, "HIGH", `${stageId} is held until somebody has looked: ${detail}`, deps), hold];
    }
    case "escalate": {
      const text = `${stageId} needs a human: ${detail}`;
      return [exception(code, "HIGH", text, deps), policyHold(decision.holdId, reason)];
    }
    case "reassign":
      return ending("contract.released", situation, code, detail);
    case "abort":
      return abortion(failure, windDownHold(decision, failure, situation), situation, deps);
  }
}

/** Whether a hold waits for something that comes about without a human. */
function isEndedByItself(holdId: string, { contract }: Situation): boolean {
  return ruleOfHold(contract, holdId)?.rule.hold?.until !== undefined;
}

/** An orderly end begins with a hold, under which the robot winds down; what is critical ends here and now. */
function abortion(
  { stageId, code, severity, detail }: Failure,
  windDown: string | undefined,
  situation: Situation,
  deps: StepDeps,
): readonly EventBody[] {
  if (windDown !== undefined) return [policyHold(windDown, `${code}: ${detail}`)];
  const isCritical = severity === "critical";
  return [
    ...(isCritical ? [exception(code, "URGENT", `${stageId} is aborted: ${detail}`, deps)] : []),
    ...ending("contract.aborted", situation, code, detail),
    ...leftOnBoard(hasLoad(situation), deps),
  ];
}
