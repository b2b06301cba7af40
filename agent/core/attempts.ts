import { movesBase } from "./action-traits.ts";
import type { Attempt, Inquiry, Situation } from "./situation.ts";

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

/** The drive under way: there is one base, so there is at most one. */
export function driveOf({ activity, contract }: Situation): Attempt | undefined {
  return activity.attempts.find((attempt) => attempt.contractId === contract.contractId && movesBase(attempt.action));
}
