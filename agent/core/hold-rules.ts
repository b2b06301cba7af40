import type { Hold } from "#contract/state";
import { isTrue } from "./conditions.ts";
import { elapsedMs } from "./elapsed.ts";
import { isIrreversible } from "./action-traits.ts";
import { pauseAttempts } from "./attempt-watch.ts";
import { driveOf, inquiryOf } from "./attempts.ts";
import { waitBeforeStartMs, type Violation } from "./constraints.ts";
import { ruleOfHold, stageOfHold } from "./failure-policy.ts";
import { foreseeDrive } from "./foresight.ts";
import { LEASE_ENDED_HOLD } from "./lease.ts";
import type { Situation } from "./situation.ts";
import { gravestViolations, mildViolations } from "./tolerance.ts";
import { contextOf, recover } from "./recover.ts";
import { isBackingOff } from "./stage-loop.ts";
import { failureOf } from "./stage-outcome.ts";
import { findProgress, findStage, type StageView } from "./stage-order.ts";
import type { Step } from "./step.ts";

/** Hold of a contract whose lease cannot be known. */
const LEASE_HOLD = "lease";
/** Hold of a contract while the robot may not move for its own reasons. */
const SAFETY_HOLD = "safety";

/** Places and clears the holds that the executor owns: for a lease that is not known, and for the robot's own health. */
export function keepOwnHolds({
  state,
  leaseRemainingMs,
  safety,
  safetyReason,
}: Situation): readonly Step[] | undefined {
  const wanted = [
    { holdId: LEASE_HOLD, by: "constraint", isOn: leaseRemainingMs === "unknown", reason: "the lease is not known" },
    // Its lease was renewed before it had wound down; the end of a lease has a rule of its own.
    { holdId: LEASE_ENDED_HOLD, by: "constraint", isOn: false, reason: "" },
    { holdId: SAFETY_HOLD, by: "safety", isOn: safety === "stopped", reason: safetyReason ?? "stopped" },
  ] as const;
  const steps = wanted.flatMap(({ holdId, by, isOn, reason }): Step[] => {
    const isPlaced = state.holds.some((hold) => hold.holdId === holdId && hold.by === by);
    if (isOn === isPlaced) return [];
    return [isOn ? { type: "hold", holdId, by, reason } : { type: "resume", holdId, by }];
  });
  return steps.length > 0 ? steps : undefined;
}

/** A constraint that does not hold, but matters little, is journaled once and work goes on (document 4 §6.5). */
export function noteMildViolation(situation: Situation): readonly Step[] | undefined {
  const { activity, contract } = situation;
  const isNoted = (code: string): boolean => activity.tolerated.includes(`${contract.contractId}/${code}`);
  const found = mildViolations(situation).find(({ violation }) => !isNoted(violation.code));
  return found && [{ type: "note-violation", ...found }];
}

/** The most final constraint that does not hold goes to the failure policy, once; what can't be undone is let finish. */
export function answerViolation(situation: Situation): readonly Step[] | undefined {
  const { contract, state, activity, now } = situation;
  if (activity.attempts.some((attempt) => isIrreversible(attempt.action))) return undefined;
  if (!state.isStarted && waitBeforeStartMs(contract, now) > 0) return undefined;
  const progress = findProgress(contract, state);
  if (progress.type !== "at") return undefined;
  const isHeld = state.holds.length > 0;
  const ahead = isHeld ? undefined : foreseeDrive(situation);
  const violation = gravestViolations(situation).find((found) => !isHeld || ENDS_A_HOLD.has(found.code)) ?? ahead;
  if (!violation || progress.views.some((view) => isAnswered(situation, view, violation))) return undefined;
  const view = blamed(situation, progress.views);
  return (
    view && [recover(situation, view, failureOf(situation, view, violation.code, violation.detail), { violation })]
  );
}

/** Held, by whomever: the goal is withdrawn, an action that can't be undone runs to its end. */
export function standStill(situation: Situation): readonly Step[] | undefined {
  const { state, safety, activity, isOrderPending } = situation;
  const mayAct = !isOrderPending && (safety === "normal" || safety === "limited");
  if (state.holds.length === 0 && mayAct) return undefined;
  if (activity.attempts.length > 0) return pauseAttempts(situation, activity.attempts);
  for (const hold of state.holds) {
    if (hold.by !== "policy") continue;
    const steps = endPolicyHold(situation, hold);
    if (steps) return steps;
  }
  return [];
}

/** Ends a hold of the failure policy when its condition has come true, or its deadline has passed in vain. */
function endPolicyHold(situation: Situation, hold: Hold): readonly Step[] | undefined {
  const { contract, state } = situation;
  const { holdId } = hold;
  const placed = ruleOfHold(contract, holdId);
  const view = findStage(contract, state, stageOfHold(holdId) ?? "");
  if (!placed || !view) return undefined;
  const { until, deadlineSeconds = Infinity } = placed.rule.hold ?? {};
  if (until !== undefined && isTrue(until, contextOf(situation))) return [{ type: "resume", holdId, by: "policy" }];
  if (heldForMs(situation, hold) < deadlineSeconds * 1000) return undefined;
  const failure = failureOf(
    situation,
    view,
    view.known.failure ?? "deadline_passed",
    `held for ${deadlineSeconds} s in vain`,
  );
  return [recover(situation, view, failure, { endsHold: holdId, after: placed.at })];
}

/** By the journal, so that a restart gives a hold no more time; by what this process saw, where no clock can tell. */
function heldForMs({ contract, activity, now }: Situation, hold: Hold): number {
  const seenMs = activity.heldSinceMs[`${contract.contractId}/${hold.holdId}`] ?? now.monoMs;
  return elapsedMs(hold, now, contract.issuedAt) ?? now.monoMs - seenMs;
}

/** The stage that a violation is put down to: the drive under way, else the first that is not being asked about. */
function blamed(situation: Situation, views: readonly StageView[]): StageView | undefined {
  const driven = views.find(({ stage }) => stage.stageId === driveOf(situation)?.stageId);
  return driven ?? views.find(({ stage }) => !inquiryOf(situation, stage.stageId));
}

/** Violations that are worth leaving a hold for; the others are judged when the robot is to move again. */
const ENDS_A_HOLD: ReadonlySet<Violation["code"]> = new Set(["window_passed", "duration_exceeded"]);

function isAnswered(situation: Situation, { stage, known }: StageView, violation: Violation): boolean {
  if (known.status !== "failed" || known.failure !== violation.code) return false;
  return (
    situation.state.holds.length > 0 || situation.state.replan !== undefined || isBackingOff(situation, stage.stageId)
  );
}
