import type { Severity } from "#contract/contract";
import { findDrift } from "./conditions.ts";
import { findViolations, type ConstraintInput, type Violation } from "./constraints.ts";
import { isMild, severityOf } from "./severity.ts";
import type { Situation } from "./situation.ts";

type Judged = ConstraintInput & Pick<Situation, "policies">;

/** A constraint that does not hold, and how much that matters. */
export interface JudgedViolation {
  readonly violation: Violation;
  readonly severity: Severity;
}

/** The constraints that do not hold and must not go on not to hold, the most final first. */
export function gravestViolations(situation: Judged): readonly Violation[] {
  return judged(situation).flatMap(({ violation, severity }) => (isMild(severity) ? [] : [violation]));
}

/** Those that work goes on in spite of. */
export function mildViolations(situation: Judged): readonly JudgedViolation[] {
  return judged(situation).filter(({ severity }) => isMild(severity));
}

/**
 * Whether something minor does not hold now: then the robot adjusts by driving slower while that lasts, and goes on
 * (document 4 §6.5).
 */
export function callsForCaution(situation: Judged): boolean {
  const { contract, robot } = situation;
  const minor = contract.assumptions.filter(({ severity }) => severity === "minor");
  const isDrifted = minor.length > 0 && findDrift({ contract: { ...contract, assumptions: minor }, robot }).length > 0;
  return isDrifted || mildViolations(situation).some(({ severity }) => severity === "minor");
}

function judged(situation: Judged): readonly JudgedViolation[] {
  const { contract, policies } = situation;
  return findViolations(situation).map((violation) => ({
    violation,
    severity: severityOf(violation.code, policies.severity, contract),
  }));
}
