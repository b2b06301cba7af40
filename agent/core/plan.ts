import { ACTIONS } from "#contract/actions";
import type { Contract, Stage } from "#contract/contract";
import type { ContractState, StageState } from "#contract/state";

/**
 * The contract as it is carried out now: local fixes and revisions of the device's own have changed how some stages are done
 * and in which order they stand. What is allowed, and what a stage must achieve, stays the contract's.
 */
export function planOf(contract: Contract, state: ContractState): Contract {
  const isUnchanged = state.localRevision === 0 && state.stages.every((known) => !known.changes);
  return isUnchanged ? contract : { ...contract, stages: plannedStages(contract, state.stages) };
}

function plannedStages(contract: Contract, known: readonly StageState[]): Stage[] {
  const stages = contract.stages.map((stage, at) => withOrder(stage, contract.stages[at - 1]));
  const place = new Map(known.map(({ stageId }, at) => [stageId, at]));
  return stages
    .map((stage) =>
      changed(
        stage,
        known.find(({ stageId }) => stageId === stage.stageId),
      ),
    )
    .toSorted((a, b) => (place.get(a.stageId) ?? 0) - (place.get(b.stageId) ?? 0));
}

/** What a stage waits for is what the contract said, wherever the stage stands now. */
function withOrder(stage: Stage, before: Stage | undefined): Stage {
  return { ...stage, after: stage.after ?? (before ? [before.stageId] : []) };
}

function changed(stage: Stage, known: StageState | undefined): Stage {
  // An alternative without an action of its own is another way to do the contract's action, not that of the fix before it.
  const alternatives = stage.alternatives?.map((other) => ({ ...other, action: other.action ?? stage.action }));
  const own = alternatives ? { ...stage, alternatives } : stage;
  const { action = stage.action, inputs = stage.inputs, after = stage.after } = known?.changes ?? {};
  const tools = action === stage.action ? {} : { toolsRequired: [...(ACTIONS[action]?.tools ?? [])] };
  return { ...own, action, inputs, ...tools, ...(after && { after }) };
}
