import type { OpenReplan } from "#contract/state";
import { pauseAttempts } from "./attempt-watch.ts";
import { ENVIRONMENT_FAILURES } from "./environment-code.ts";
import { reviseLocally } from "./local-revision.ts";
import type { Situation } from "./situation.ts";
import { recover } from "./recover.ts";
import { failureOf } from "./stage-outcome.ts";
import { findStage } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** How long the cloud may think about a new plan. */
export const REPLAN_WITHIN_MS = 30_000;

/**
 * While a new plan is asked for, the robot stands at a safe point. The cloud is asked first; when it cannot be reached, does
 * not answer in time or has no plan, the device looks for one of its own, and failing that the failure policy decides.
 */
export function awaitReplan(situation: Situation): readonly Step[] | undefined {
  const { state, activity } = situation;
  const { replan } = state;
  if (!replan) return undefined;
  const pausing = pauseAttempts(situation, activity.attempts);
  if (pausing.length > 0 || activity.attempts.length + activity.inquiries.length > 0) return pausing;
  switch (answerOf(situation, replan)) {
    case "not-asked":
      return [{ type: "ask-for-plan", requestId: replan.requestId }];
    case "waiting":
      return [];
    case "none":
      return [reviseOrRecover(situation, replan)];
  }
}

/** The wait counts from when this process asked: nobody else's clock is needed for it, and after a restart it asks again. */
function answerOf(
  { robot, activity, now }: Situation,
  { requestId, refusal }: OpenReplan,
): "not-asked" | "waiting" | "none" {
  if (!robot.isOnline || refusal !== undefined) return "none";
  const { asked } = activity;
  if (asked?.requestId !== requestId) return "not-asked";
  return now.monoMs - asked.atMs < REPLAN_WITHIN_MS ? "waiting" : "none";
}

function reviseOrRecover(situation: Situation, replan: OpenReplan): Step {
  const { contract, state } = situation;
  const { requestId, stageId, code, severity, detail } = replan;
  const revision = reviseLocally(contract, state, replan);
  if (revision) return { type: "adopt-revision", requestId, revision };
  const view = findStage(contract, state, stageId);
  if (!view) return { type: "drop-replan", requestId };
  const isPast = view.known.verified === "done" || ENVIRONMENT_FAILURES.has(code);
  const failure = {
    ...failureOf(situation, view, code, detail),
    severity,
    effect: isPast ? "happened" : "none",
  } as const;
  return recover(situation, view, failure, { endsReplan: requestId });
}
