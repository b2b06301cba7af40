import type { Stage } from "#contract/contract";
import { claimsOf, movesBase } from "./action-traits.ts";
import type { Attempt, Inquiry, Situation } from "./situation.ts";
import { findStage } from "./stage-order.ts";

/** The action under way for a stage of the contract, or ended and not told to the journal yet. */
export function attemptOf({ activity, contract }: Situation, stageId: string): Attempt | undefined {
  return activity.attempts.find((attempt) => attempt.contractId === contract.contractId && attempt.stageId === stageId);
}

/** The question under way about a stage of the contract. */
export function inquiryOf({ activity, contract }: Situation, stageId: string): Inquiry | undefined {
  return activity.inquiries.find(
    (inquiry) => inquiry.contractId === contract.contractId && inquiry.stageId === stageId,
  );
}

/** Whether something is under way for the stage. */
export function isUnderWay(situation: Situation, stageId: string): boolean {
  return attemptOf(situation, stageId) !== undefined || inquiryOf(situation, stageId) !== undefined;
}

/**
 * Whether a tool that the stage needs is in use, or in doubt, for another one. The order of the stages does not tell: a fix or
 * a new plan may have given this one other tools than those that it was begun with.
 */
export function isToolTaken({ activity, contract, state }: Situation, stage: Stage): boolean {
  const claims = new Set(claimsOf(stage));
  return [...activity.attempts, ...activity.inquiries].some((work) => {
    const other = findStage(contract, state, work.stageId)?.stage;
    const { toolsRequired = [], action = "" } = other ?? {};
    const used = claimsOf({ toolsRequired, action: "action" in work ? work.action : action });
    return work.stageId !== stage.stageId && used.some((tool) => claims.has(tool));
  });
}

/** The drive under way: there is one base, so there is at most one. */
export function driveOf({ activity, contract }: Situation): Attempt | undefined {
  return activity.attempts.find((attempt) => attempt.contractId === contract.contractId && movesBase(attempt.action));
}
