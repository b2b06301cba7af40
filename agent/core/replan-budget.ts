import type { Situation } from "./situation.ts";

type Planned = Pick<Situation, "contract" | "state">;

/** Whether the rest of the work may be planned anew now: within its budget, and one request at a time. */
export function canReplan({ contract, state }: Planned): boolean {
  return state.replan === undefined && state.replans < contract.failurePolicy.replanBudget;
}

/** Whether replanning has been tried as often as it may be; a contract that allows none has nothing to spend. */
export function isBudgetSpent({ contract, state }: Planned): boolean {
  const { replanBudget } = contract.failurePolicy;
  return state.replan === undefined && replanBudget > 0 && state.replans >= replanBudget;
}
