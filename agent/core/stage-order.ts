import type { Contract, Stage } from "#contract/contract";
import type { ContractState, StageState } from "#contract/state";
import { assert } from "#lib/errors";
import { claimsOf } from "./action-traits.ts";

/** A stage as the contract asks for it and as the journal knows it. */
export interface StageView {
  readonly stage: Stage;
  readonly known: StageState;
}

/** Where the work stands. */
export type Progress =
  /** The stages to work on now, those begun first: their dependencies are done, and no two claim the same tool. */
  | { readonly type: "at"; readonly views: readonly [StageView, ...StageView[]] }
  | { readonly type: "finished" }
  /** Every stage that is left waits for one that will not come. */
  | { readonly type: "stuck" };

/**
 * The stages that are due. A stage without `after` follows the one before it, so stages run one at a time unless `after`
 * declares their independence; then those whose tools are free run side by side, and a join waits for all that it names.
 */
export function findProgress(contract: Contract, state: ContractState): Progress {
  // A stage that was begun and that a newer revision no longer names is history, not work.
  const left = state.stages.filter((known) => !isSettled(known) && contract.stages.some(isNamed(known)));
  if (left.length === 0) return { type: "finished" };
  const begun = left.filter((known) => known.status !== "pending");
  const next = left.filter((known) => known.status === "pending" && isDue(known, contract, state));
  const [first, ...others] = sideBySide([...begun, ...next].map((known) => viewOf(contract, known)));
  return first ? { type: "at", views: [first, ...others] } : { type: "stuck" };
}

/** The view of one stage, or undefined when the contract no longer has it. */
export function findStage(contract: Contract, state: ContractState, stageId: string): StageView | undefined {
  const stage = contract.stages.find((candidate) => candidate.stageId === stageId);
  const known = state.stages.find((candidate) => candidate.stageId === stageId);
  return stage && known && { stage, known };
}

/** Stages that are neither completed nor skipped nor among those given, in the order of the contract. */
export function stagesAfter(
  contract: Contract,
  state: ContractState,
  given: readonly (string | undefined)[],
): readonly Stage[] {
  const left = new Set(state.stages.filter((known) => !isSettled(known)).map((known) => known.stageId));
  return contract.stages.filter((stage) => left.has(stage.stageId) && !given.includes(stage.stageId));
}

/** Each stage whose tools none before it claims; the others wait. */
function sideBySide(due: readonly StageView[]): readonly StageView[] {
  const claimed = new Set<string>();
  return due.filter(({ stage }) => {
    const claims = claimsOf(stage);
    if (claims.some((tool) => claimed.has(tool))) return false;
    for (const tool of claims) claimed.add(tool);
    return true;
  });
}

function isSettled(known: StageState): boolean {
  return known.status === "completed" || known.status === "skipped";
}

function isDue(known: StageState, contract: Contract, state: ContractState): boolean {
  const at = contract.stages.findIndex((stage) => stage.stageId === known.stageId);
  const before = contract.stages[at - 1];
  const dependencies = contract.stages[at]?.after ?? (before ? [before.stageId] : []);
  return dependencies.every((stageId) => {
    const dependency = state.stages.find((other) => other.stageId === stageId);
    return dependency === undefined || isSettled(dependency);
  });
}

function viewOf(contract: Contract, known: StageState): StageView {
  const stage = contract.stages.find(isNamed(known));
  assert(stage, "work is left on stages of the contract only");
  return { stage, known };
}

function isNamed(known: StageState): (stage: Stage) => boolean {
  return (stage) => stage.stageId === known.stageId;
}
