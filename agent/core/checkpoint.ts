import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import { findProgress } from "./stage-order.ts";

/**
 * Document 4 §6.6: all that carrying on with a contract takes, besides the contract itself. It is no record of its own: each
 * event that ends a stage makes the next one, so it can neither be older nor newer than the work.
 */
export interface Checkpoint {
  readonly completed: readonly string[];
  /** What the completed stages gave, by stage. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Assumptions, and whether they held when a stage last began or ended. */
  readonly assumptions: Readonly<Record<string, "holds" | "drifted">>;
  readonly replans: number;
  /** The stages to work on next; none when all is done or nothing can be. */
  readonly next: readonly string[];
  /** Local fixes and retries of the failure policy that the stages have used up. */
  readonly fixes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The checkpoint that the journal of a contract amounts to. */
export function checkpointOf(contract: Contract, state: ContractState): Checkpoint {
  const completed = state.stages.filter(({ status }) => status === "completed");
  const progress = findProgress(contract, state);
  return {
    completed: completed.map(({ stageId }) => stageId),
    results: Object.fromEntries(completed.map(({ stageId, output }) => [stageId, output])),
    assumptions: Object.fromEntries(
      contract.assumptions.map(({ id }) => [id, state.drift.includes(id) ? "drifted" : "holds"]),
    ),
    replans: state.replans,
    next: progress.type === "at" ? progress.views.map(({ stage }) => stage.stageId) : [],
    fixes: Object.fromEntries(
      state.stages.filter(({ fixes }) => Object.keys(fixes).length > 0).map(({ stageId, fixes }) => [stageId, fixes]),
    ),
  };
}
