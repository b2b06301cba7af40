import type { Contract } from "#contract/contract";
import type { ContractState, Hold } from "#contract/state";
import { isLastHold, ruleOfHold, stageOfHold, type Decision, type Failure } from "./failure-policy.ts";
import { isLeaseEndedHold } from "./lease.ts";
import { OFFLINE_HOLD } from "./offline-posture.ts";
import { planStages } from "./plan-stages.ts";
import type { Situation } from "./situation.ts";
import type { Step } from "./step.ts";
import type { ContractPlanKind } from "./work-plan.ts";

/** The hold of a contract that is being wound down before it is aborted; the failure's code follows. */
const ABORT_HOLD = "abort";

/** Whether a hold is the last one of its contract, which nobody clears. */
export function isAbortHold(holdId: string): boolean {
  return holdId.startsWith(`${ABORT_HOLD}:`);
}

/** The plan that is wanted under a hold of the device's own, if one is: a contract that waits for its battery has it charged. */
export function planFor(hold: Hold, contract: Contract, state: ContractState): ContractPlanKind | undefined {
  if (isLeaseEndedHold(hold)) return "stand-aside";
  return hold.by === "policy" ? planForPolicy(hold, contract, state) : undefined;
}

function planForPolicy({ holdId }: Hold, contract: Contract, state: ContractState): ContractPlanKind | undefined {
  if (isAbortHold(holdId)) return "wind-down";
  if (isLastHold(holdId)) return "stand-aside";
  if (holdId === OFFLINE_HOLD) return contract.failurePolicy.offline === "return-home" ? "return-home" : undefined;
  const failed = state.stages.find(({ stageId }) => stageId === stageOfHold(holdId));
  return ruleOfHold(contract, holdId) && BATTERY_FAILURES.has(failed?.failure ?? "") ? "recharge" : undefined;
}

const BATTERY_FAILURES: ReadonlySet<string> = new Set(["battery_low", "battery_short"]);

/** The hold under which a contract winds down, or undefined when it is aborted where it stands: at once, if that is critical. */
export function windDownHold(decision: Decision, failure: Failure, situation: Situation): string | undefined {
  const isOrderly = decision.strategy === "abort" && failure.severity !== "critical" && !situation.parent;
  if (!isOrderly || planStages("wind-down", situation, failure.stageId).length === 0) return undefined;
  return `${ABORT_HOLD}:${failure.stageId}:${failure.code}`;
}

/**
 * Runs the plan that the contract waits for once nothing else is under way, and aborts a contract that has wound down. After
 * a restart there is no such plan any more, and the contract ends where the robot stands.
 */
export function runWorkPlan(situation: Situation): readonly Step[] | undefined {
  const { state, activity, job, isOrderPending } = situation;
  const isBusy = activity.attempts.length + activity.inquiries.length > 0;
  const mustStand = state.holds.some((hold) => hold.by !== "policy" && !isLeaseEndedHold(hold));
  if (isBusy || isOrderPending || mustStand) return undefined;
  const abort = state.holds.find(({ holdId, by }) => by === "policy" && isAbortHold(holdId));
  if (job?.state === "wanted") {
    // A restarted robot that has not been compared with its journal goes nowhere by itself.
    const stages = activity.environment ? [] : planStages(job.kind, situation, abort?.holdId.split(":")[1]);
    return [{ type: "start-plan", kind: job.kind, stages }];
  }
  if (!abort || job?.state === "running") return undefined;
  const reason = abort.holdId.split(":")[2] ?? "aborted";
  return [{ type: "abort", reason, detail: abort.reason }];
}

/** A contract that may go on waits until its plan has let go of the tools. */
export function waitForPlan({ job }: Situation): readonly Step[] | undefined {
  return job?.state === "running" ? [] : undefined;
}
