import type { Contract, Stage } from "#contract/contract";
import type { ContractState, StageState } from "#contract/state";
import { assert } from "#lib/errors";

/** A stage as the contract asks for it and as the journal knows it. */
export interface StageView {
  readonly stage: Stage;
  readonly known: StageState;
}

/** Where the work stands. */
export type Progress =
  /** The stage to work on now: the one begun, or the first whose dependencies are done. */
  | { readonly type: "at"; readonly view: StageView }
  | { readonly type: "finished" }
  /** Every stage that is left waits for one that will not come. */
  | { readonly type: "stuck" };

/** The stage that is due; a stage without `after` follows the one before it. Stages run one at a time. */
export function findProgress(contract: Contract, state: ContractState): Progress {
  // A stage that was begun and that a newer revision no longer names is history, not work.
  const left = state.stages.filter((known) => !isSettled(known) && contract.stages.some(isNamed(known)));
  if (left.length === 0) return { type: "finished" };
  const due = left.find((known) => known.status !== "pending") ?? left.find((known) => isDue(known, contract, state));
  return due ? { type: "at", view: viewOf(contract, due) } : { type: "stuck" };
}

/** The view of one stage, or undefined when the contract no longer has it. */
export function findStage(contract: Contract, state: ContractState, stageId: string): StageView | undefined {
  const stage = contract.stages.find((candidate) => candidate.stageId === stageId);
  const known = state.stages.find((candidate) => candidate.stageId === stageId);
  return stage && known && { stage, known };
}

/** Stages that are neither completed nor skipped nor the one given, in the order of the contract. */
export function stagesAfter(contract: Contract, state: ContractState, stageId: string): readonly Stage[] {
  const left = new Set(state.stages.filter((known) => !isSettled(known)).map((known) => known.stageId));
  return contract.stages.filter((stage) => left.has(stage.stageId) && stage.stageId !== stageId);
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
