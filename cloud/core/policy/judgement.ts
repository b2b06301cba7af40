import type { FailurePolicy, Severity, Strategy } from "#contract/contract";
import { compileExpression, evaluate } from "#contract/expression";
import { isAmong, rankedRules, type PolicyRule } from "./policy.ts";

/** A failure as a policy sees it. */
export interface FailureFacts {
  readonly code: string;
  readonly severity: Severity;
  readonly stageId: string;
  readonly action: string;
  /** Its number among the failures that the policy has answered with a retry, from 1. */
  readonly attempt: number;
  /** Retries that are spent. */
  readonly retries: number;
  /** `impossible` where the effect has happened, or nobody is there who could try again. */
  readonly retrying: "possible" | "impossible";
  /** Whether something is on board: then nobody else can go on. */
  readonly isLoaded: boolean;
  /** What expressions may name besides `failure`: `inputs`, `contract`, `robot`. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** What a policy says about a failure. */
export interface Judgement {
  readonly strategy: Strategy;
  /** The rule that decided; absent when none matched and the fallback did, or the severity. */
  readonly rule?: PolicyRule;
  /** What decided. */
  readonly by: "rule" | "fallback" | "severity";
}

/** The parts of a policy that judge; a contract's own failure policy is read the same way. */
export type Rulebook = Pick<FailurePolicy, "fallback"> & { readonly rules: readonly PolicyRule[] };

/**
 * The strategy for a failure, by the policy as it is written: what is critical is aborted; else the most specific rule that
 * matches decides, a retry only while attempts are left and it makes sense, a hold only while what it waits for is not there; else the fallback. A task whose load is on board
 * is not handed on: a human decides. Devices follow the compiled policy with code of their own; a test holds both against
 * each other for every preset and failure code.
 */
export function judge(book: Rulebook, failure: FailureFacts): Judgement {
  if (failure.severity === "critical") return { strategy: "abort", by: "severity" };
  const rule = rankedRules({ rules: [...book.rules] }).find((candidate) => applies(candidate, failure));
  const strategy = rule?.strategy ?? book.fallback;
  const isStuck = strategy === "reassign" && failure.isLoaded;
  return { strategy: isStuck ? "escalate" : strategy, ...(rule ? { rule } : {}), by: rule ? "rule" : "fallback" };
}

function applies(rule: PolicyRule, failure: FailureFacts): boolean {
  const { code, action, severity, retries, retrying } = failure;
  const isMeant = isAmong(rule.action, action) && isAmong(rule.code, code) && isAmong(rule.severity, severity);
  if (!isMeant || !holds(rule.when, failure)) return false;
  const { strategy, hold } = rule;
  if (strategy === "hold") return hold?.until === undefined || !holds(hold.until, failure);
  return strategy !== "retry" || (retrying === "possible" && retries < (rule.retry?.attempts ?? 0));
}

/** Whether an expression is true; one that fails is not. */
export function holds(source: string | undefined, failure: FailureFacts): boolean {
  if (source === undefined) return true;
  const compiled = compileExpression(source);
  if (!compiled.ok) return false;
  const { code, severity, stageId, action, attempt, context } = failure;
  const told = evaluate(compiled.expression, { ...context, failure: { code, severity, stageId, action, attempt } });
  return told.ok && told.value === true;
}
