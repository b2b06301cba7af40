import { ACTIONS } from "#contract/actions";
import type { Strategy } from "#contract/contract";
import type { ContractState } from "#contract/state";
import type { ContractStatus } from "#contract/status";
import { isDone } from "./basis.ts";

export type Recovery =
  | { readonly kind: "none" }
  /** Somebody else may do it. */
  | { readonly kind: "hand-on" }
  | {
      readonly kind: "escalate";
      readonly code: "effect_done" | "load_on_board" | `contract_${ContractStatus}`;
    };

/** What is known of a contract that was let go of. */
export type EndedContract = Pick<ContractState, "status" | "load" | "stages">;

/**
 * What follows from a contract that ended without success. The device has already applied the contract's failure policy:
 * `released` means that it let go of the task for somebody else. Where it could not (its lease ended), `policy` says what the
 * failure policy wants. An irreversible effect makes either a case for people.
 */
export function decideRecovery(ended: EndedContract, policy: Strategy): Recovery {
  const { status, load } = ended;
  if (!isFailure(status)) return { kind: "none" };
  if (Object.keys(load).length > 0) return { kind: "escalate", code: "load_on_board" };
  if (status !== "released" && !(status === "expired" && policy === "reassign"))
    return { kind: "escalate", code: `contract_${status}` };
  return hasIrreversibleEffect(ended) ? { kind: "escalate", code: "effect_done" } : { kind: "hand-on" };
}

/** A revoked contract is `released` too, but by the cloud's own decision: the caller does not ask for those. */
function isFailure(status: ContractStatus): boolean {
  return status === "released" || status === "failed" || status === "aborted" || status === "expired";
}

/** Somebody else would do it a second time. */
function hasIrreversibleEffect({ stages }: EndedContract): boolean {
  return stages.some((stage) => isDone(stage) && stage.output && ACTIONS[stage.action]?.isIrreversible);
}
