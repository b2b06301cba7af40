import { isFinal } from "#contract/status";
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
import { escalationOf, type Decision } from "./failure-policy.ts";
import type { Situation } from "./situation.ts";
import type { StageView } from "./stage-order.ts";
import type { Recovery } from "./step.ts";

/** What the journal is told about a failure: what was found, what happened all the same, and what is done about it. */
export function recovery(step: Recovery, view: StageView, situation: Situation, deps: StepDeps): readonly EventBody[] {
  const { decision, violation, output, endsHold } = step;
  const { stageId, code, severity, detail } = step.failure;
  const strategy = isPolicys(decision) ? { strategy: decision.strategy } : {};
  const attempt = Math.max(1, view.known.attempts);
  return [
    ...(violation ? [violated(violation)] : []),
    ...drifted(step.drift, stageId),
    ...(output ? [verdict(view, "done")] : []),
    { type: "stage.failed", stageId, data: { code, severity, detail, attempt, ...strategy } },
    ...(output ? movement(view, output, situation, deps) : []),
    ...(endsHold === undefined
      ? []
      : [{ type: "contract.resumed", data: { holdId: endsHold, by: "policy" } } as const]),
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

/** Whether a decision is one of the strategies that a failure policy can name. */
function isPolicys(decision: Decision): decision is Exclude<Decision, { strategy: "skip" | "replan" }> {
  return decision.strategy !== "skip" && decision.strategy !== "replan";
}

function consequences({ failure, decision }: Recovery, situation: Situation, deps: StepDeps): readonly EventBody[] {
  const { stageId, code, detail } = failure;
  const reason = `${code}: ${detail}`;
  switch (decision.strategy) {
    case "retry":
    case "replan":
      return [];
    case "skip":
      return [{ type: "stage.skipped", stageId, data: { reason } }];
    case "hold":
      return [policyHold(decision.holdId, reason)];
    case "escalate": {
      const text = `${stageId} needs a human: ${detail}`;
      return [exception(code, "HIGH", text, deps), policyHold(decision.holdId, reason)];
    }
    case "reassign":
      return ending("contract.released", situation, code, detail);
    case "abort":
      return [
        ...(failure.severity === "critical"
          ? [exception(code, "URGENT", `${stageId} is aborted: ${detail}`, deps)]
          : []),
        ...ending("contract.aborted", situation, code, detail),
        ...leftOnBoard(hasLoad(situation), deps),
      ];
  }
}
