import type { Contract, FailureRule, Severity, Stage } from "#contract/contract";
import type { ContractState } from "#contract/state";
import { isTrue, type ExpressionContext } from "./conditions.ts";

/** Something that kept a stage from being completed. */
export interface Failure {
  readonly code: string;
  readonly severity: Severity;
  readonly detail: string;
  readonly stageId: string;
  readonly action: string;
  /** How often the stage has failed now, this failure included; a crash or a hold is no failure. */
  readonly attempt: number;
  /** `happened`: the action had its effect, only its outcome is wrong; it must not be repeated. */
  readonly effect: "none" | "happened";
}

/** What is done about a failure. */
export type Decision =
  | { readonly strategy: "retry"; readonly delayMs: number }
  | { readonly strategy: "hold"; readonly holdId: string }
  | { readonly strategy: "escalate"; readonly holdId: string }
  | { readonly strategy: "reassign" }
  | { readonly strategy: "abort" }
  | { readonly strategy: "skip" }
  /** The rest of the work is planned anew (document 4 §6.6); not a rule's to ask for, but the severity's. */
  | { readonly strategy: "replan" };

/** What a failure is judged by. */
export interface PolicyInput {
  readonly failure: Failure;
  readonly stage: Stage;
  readonly contract: Contract;
  readonly state: ContractState;
  readonly context: ExpressionContext;
  /** Whether the contract is at fault rather than the stage, which then can't be skipped. */
  readonly isContractWide?: boolean;
  /** Leaves out the rules up to this number: they have been tried. */
  readonly after?: number;
}

/**
 * The first rule that matches decides, the stage's own rules before the contract's, the fallback last. Two things the
 * rules cannot ask for: to repeat an effect that happened or a retry whose attempts are spent (then the next rule that
 * matches decides), and to hand on a task whose load is on board (then a human decides). A stage that is optional is skipped
 * where only the fallback is left.
 */
export function decideFailure(input: PolicyInput): Decision {
  const { failure, stage, contract } = input;
  if (failure.severity === "critical") return { strategy: "abort" };
  const found = findRule(input);
  if (found) return decide(found.rule, input, String(found.at));
  if (stage.optional && !input.isContractWide) return { strategy: "skip" };
  return decide({ strategy: contract.failurePolicy.fallback }, input, FALLBACK);
}

/** The rule that placed a hold of the policy, and its number; undefined when the fallback did or the contract has changed since. */
export function ruleOfHold(contract: Contract, holdId: string): { rule: FailureRule; at: number } | undefined {
  const [owner, stageId, at] = holdId.split(":");
  const stage = contract.stages.find((candidate) => candidate.stageId === stageId);
  if (owner !== HOLD_PREFIX || !stage || at === undefined || at === FALLBACK) return undefined;
  const rule = rulesOf(contract, stage)[Number(at)];
  return rule?.strategy === "hold" ? { rule, at: Number(at) } : undefined;
}

/** The stage whose failure a hold of the policy waits for. */
export function stageOfHold(holdId: string): string | undefined {
  return holdId.split(":")[1];
}

/** The hold that waits for a human to look at a stage. */
export function escalationOf(stageId: string): string {
  return `escalation:${stageId}`;
}

const HOLD_PREFIX = "policy";
const FALLBACK = "fallback";

function rulesOf(contract: Contract, stage: Stage): readonly FailureRule[] {
  return [...(stage.onFailure ?? []), ...contract.failurePolicy.rules];
}

function findRule(input: PolicyInput): { rule: FailureRule; at: number } | undefined {
  const { failure, stage, contract, state, after = -1 } = input;
  const retries = state.stages.find((known) => known.stageId === stage.stageId)?.retries ?? 0;
  const context = { ...input.context, failure, inputs: stage.inputs };
  for (const [at, rule] of rulesOf(contract, stage).entries()) {
    if (at <= after || !isTrue(rule.when, context)) continue;
    const isRepeatable = failure.effect === "none" && retries < (rule.retry?.attempts ?? 0);
    if (rule.strategy !== "retry" || isRepeatable) return { rule, at };
  }
  return undefined;
}

function decide(rule: Pick<FailureRule, "strategy" | "retry">, input: PolicyInput, name: string): Decision {
  const { stageId } = input.stage;
  switch (rule.strategy) {
    case "retry":
      return { strategy: "retry", delayMs: (rule.retry?.backoffSeconds ?? 0) * 1000 };
    case "hold":
      return { strategy: "hold", holdId: `${HOLD_PREFIX}:${stageId}:${name}` };
    case "reassign":
      return hasLoad(input) ? { strategy: "escalate", holdId: escalationOf(stageId) } : { strategy: "reassign" };
    case "escalate":
      return { strategy: "escalate", holdId: escalationOf(stageId) };
    case "abort":
      return { strategy: "abort" };
  }
}

function hasLoad({ state, context }: PolicyInput): boolean {
  return context.robot.isLoaded || Object.keys(state.load).length > 0;
}
