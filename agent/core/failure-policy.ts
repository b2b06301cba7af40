import type { Contract, FailureRule, Severity, Stage } from "#contract/contract";
import type { ContractState } from "#contract/state";
import { isTrue, type ExpressionContext } from "./conditions.ts";
import { nextFix, type LocalFix, type LocalFixes } from "./local-fixes.ts";

/** Something that kept a stage from being completed. */
export interface Failure {
  readonly code: string;
  readonly severity: Severity;
  readonly detail: string;
  readonly stageId: string;
  readonly action: string;
  /** Its number among the failures that the policy has answered with a retry; local fixes, crashes and holds do not count. */
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
  | { readonly strategy: "replan" }
  /** The stage is tried again, differently; not a rule's to ask for, but the device's own. */
  | { readonly strategy: "fix"; readonly fix: LocalFix };

/** What a failure is judged by. */
export interface PolicyInput {
  readonly failure: Failure;
  readonly stage: Stage;
  readonly contract: Contract;
  readonly state: ContractState;
  readonly context: ExpressionContext;
  /** Uniform from 0 to below 1: spreads the delays of retries. */
  readonly chance: number;
  /** What the device may try by itself; nothing where nothing is given. */
  readonly localFixes?: LocalFixes;
  /** Whether what remains of the work may be planned anew now, or that was tried as often as it may be. */
  readonly replanning?: "possible" | "impossible" | "spent";
  /** Whether the contract is at fault rather than the stage, which then can't be skipped. */
  readonly isContractWide?: boolean;
  /** Leaves out the rules up to this number: they have been tried. */
  readonly after?: number;
}

/** What is done about a failure: the first thing that its severity asks for and that can be done. */
export function decideFailure(input: PolicyInput): Decision {
  for (const answer of ANSWERS[input.failure.severity]) {
    const decision = answer(input);
    if (decision) return decision;
  }
  return followPolicy(input);
}

type Answer = (input: PolicyInput) => Decision | undefined;

/**
 * Document 4 §6.5. What is trivial or minor is tolerated before it becomes a failure, where there is something to go on
 * with; what fails without it is left out where it may be. The failure policy has the last word, except on what is critical.
 */
const ANSWERS: Readonly<Record<Severity, readonly Answer[]>> = {
  trivial: [skip],
  minor: [localFix, skip],
  moderate: [fallBack, localFix, replan],
  major: [fallBack, replan],
  critical: [() => ({ strategy: "abort" })],
};

/** Once replanning has been tried as often as it may be, nothing else is: that is how a contract does not go on for ever. */
function fallBack(input: PolicyInput): Decision | undefined {
  if (input.replanning !== "spent") return undefined;
  const decision = decide({ strategy: input.contract.failurePolicy.fallback }, input, FALLBACK);
  return "holdId" in decision ? { ...decision, holdId: `${decision.holdId}:${SPENT}` } : decision;
}

/** Whether a hold is one after which nothing more is tried without a human: the robot stands aside meanwhile. */
export function isLastHold(holdId: string): boolean {
  return holdId.endsWith(`:${SPENT}`);
}

function localFix(input: PolicyInput): Decision | undefined {
  const { failure, stage, state, chance, localFixes, isContractWide = false, after } = input;
  const known = state.stages.find(({ stageId }) => stageId === stage.stageId);
  if (!localFixes || !known || failure.effect === "happened" || after !== undefined) return undefined;
  const fix = nextFix(localFixes, { stage, known, code: failure.code, chance, isContractWide });
  return fix && { strategy: "fix", fix };
}

function replan({ replanning, after }: PolicyInput): Decision | undefined {
  return replanning === "possible" && after === undefined ? { strategy: "replan" } : undefined;
}

function skip({ stage, isContractWide = false }: PolicyInput): Decision | undefined {
  return stage.optional && !isContractWide ? { strategy: "skip" } : undefined;
}

/**
 * The first rule that matches decides, the stage's own rules before the contract's, the fallback last. Three things the
 * rules cannot ask for: to repeat an effect that happened or a retry whose attempts are spent, to wait for what is there
 * already (in both cases the next rule that matches decides), and to hand on a task whose load is on board (then a human
 * decides). A stage that is optional is skipped where only the fallback is left.
 */
function followPolicy(input: PolicyInput): Decision {
  const found = findRule(input);
  if (found) return decide(found.rule, input, String(found.at));
  return skip(input) ?? decide({ strategy: input.contract.failurePolicy.fallback }, input, FALLBACK);
}

/** A stage that fails at once, again and again, is not tried faster than this. */
const DELAY_MS_MIN = 200;

/** How long a stage that failed is left alone, in milliseconds. */
export function delayOf(decision: Decision): number {
  if (decision.strategy === "retry") return Math.max(DELAY_MS_MIN, decision.delayMs);
  return decision.strategy === "fix" ? Math.max(DELAY_MS_MIN, decision.fix.delayMs) : 0;
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
const SPENT = "spent";
const RETRY_DELAY_MS_MAX = 3_600_000;

function rulesOf(contract: Contract, stage: Stage): readonly FailureRule[] {
  return [...(stage.onFailure ?? []), ...contract.failurePolicy.rules];
}

function findRule(input: PolicyInput): { rule: FailureRule; at: number } | undefined {
  const { failure, stage, contract, state, after = -1 } = input;
  const retries = retriesOf(state, stage);
  const context = { ...input.context, failure, inputs: stage.inputs };
  for (const [at, rule] of rulesOf(contract, stage).entries()) {
    if (at <= after || !isTrue(rule.when, context)) continue;
    const isRepeatable = failure.effect === "none" && retries < (rule.retry?.attempts ?? 0);
    if (rule.strategy === "retry" && !isRepeatable) continue;
    if (rule.strategy === "hold" && isOver(rule, input.context)) continue;
    return { rule, at };
  }
  return undefined;
}

/** Whether what a hold waits for is there already: it would end at once, and the failure come back, for ever. */
function isOver({ hold }: FailureRule, context: ExpressionContext): boolean {
  return hold?.until !== undefined && isTrue(hold.until, context);
}

function decide(rule: Pick<FailureRule, "strategy" | "retry">, input: PolicyInput, name: string): Decision {
  const { stageId } = input.stage;
  switch (rule.strategy) {
    case "retry":
      return { strategy: "retry", delayMs: retryDelayMs(rule, input) };
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

/**
 * Exponential in the retries of the stage so far; never sooner than the rule says, and up to half as long again, so that
 * devices that failed together do not come back together.
 */
function retryDelayMs({ retry }: Pick<FailureRule, "retry">, { state, stage, chance }: PolicyInput): number {
  const boundMs = (retry?.backoffSeconds ?? 0) * 1000 * 2 ** retriesOf(state, stage);
  return Math.round(Math.min(boundMs, RETRY_DELAY_MS_MAX) * (1 + chance / 2));
}

function retriesOf(state: ContractState, { stageId }: Stage): number {
  return state.stages.find((known) => known.stageId === stageId)?.retries ?? 0;
}

function hasLoad({ state, context }: PolicyInput): boolean {
  return context.robot.isLoaded || Object.keys(state.load).length > 0;
}
