import type { Event } from "#contract/event";
import type { ContractState } from "#contract/state";
import { decideRecovery, type Recovery as Decision } from "./core/recovery.ts";
import { type CloudContext, logOp } from "./context.ts";
import { raise } from "./exceptions.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ContractRow } from "./io/store-rows.ts";

/** Why a person is needed. */
export type EscalationCode =
  | Extract<Decision, { kind: "escalate" }>["code"]
  | "no_able_device"
  | "reassignment_refused"
  | "contract_memory_lost";

const EXPLANATIONS: Readonly<Record<string, string>> = {
  no_able_device: "the task was let go of, and no other device that is live, free and able can take it now",
  effect_done: "the task was let go of after a step that somebody else would repeat",
  load_on_board: "the contract ended with a load on board",
  reassignment_refused: "the task was given on, and the device that should take it did not",
};

/** Puts a contract that ended without success before a person. */
export function escalationOps(context: CloudContext, row: ContractRow, code: EscalationCode): StoreOp[] {
  const { contractId, deviceId, taskId } = row;
  const why = EXPLANATIONS[code] ?? `the contract ended as ${code.replace("contract_", "")}`;
  return [
    ...raise(context, { code, severity: "HIGH", detail: `${why} (task ${taskId})`, deviceId, contractId }),
    logOp(context, { type: "recovery", deviceId, contractId, data: { strategy: "escalate", code } }),
  ];
}

/**
 * What must be recorded together with the end of a contract. Giving a task on takes time and is left to `Recovery`, which
 * finds the contracts that have no entry yet; everything else is decided here and now.
 */
export function endingOps(context: CloudContext, row: ContractRow, state: ContractState, event: Event): StoreOp[] {
  const { contractId, deviceId } = row;
  if (event.type === "contract.revoked") {
    const data = { strategy: "none", code: "revoked" };
    return [logOp(context, { type: "recovery", deviceId, contractId, data })];
  }
  // What the policy says of an ended lease is asked by `Recovery`.
  const decision = decideRecovery(state, "reassign");
  return decision.kind === "escalate" ? escalationOps(context, row, decision.code) : [];
}
