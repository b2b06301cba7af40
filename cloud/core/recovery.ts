import { ACTIONS } from "#contract/actions";
import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import type { ContractStatus } from "#contract/status";
import type { Metres } from "#lib/units";
import { isDone } from "./basis.ts";
import type { DeviceMode } from "./device-machine.ts";

/** What the choice of another device looks at. */
export interface Candidate {
  readonly deviceId: string;
  readonly mode: DeviceMode;
  readonly isFree: boolean;
  readonly actions: readonly string[];
  readonly pose?: readonly [number, number, number] | undefined;
}

export type Recovery =
  | { readonly kind: "none" }
  | { readonly kind: "reassign"; readonly deviceId: string; readonly distance: Metres }
  | {
      readonly kind: "escalate";
      readonly code: "no_able_device" | "effect_done" | "load_on_board" | `contract_${ContractStatus}`;
    };

/**
 * What follows from a contract that ended without success. The device has already applied the contract's failure policy;
 * `released` means that it let go of the task for somebody else, and one whose lease ended is handed on if the policy ever
 * does that. An irreversible effect makes either a case for people.
 */
export function decideRecovery(contract: Contract, state: ContractState, fleet: readonly Candidate[]): Recovery {
  const { status } = state;
  if (!isFailure(status)) return { kind: "none" };
  if (Object.keys(state.load).length > 0) return { kind: "escalate", code: "load_on_board" };
  if (status !== "released" && !(status === "expired" && mayBeHandedOn(contract)))
    return { kind: "escalate", code: `contract_${status}` };
  if (hasIrreversibleEffect(state)) return { kind: "escalate", code: "effect_done" };
  const nearest = nearestAble(contract, fleet);
  return nearest ? { kind: "reassign", ...nearest } : { kind: "escalate", code: "no_able_device" };
}

function mayBeHandedOn({ failurePolicy, stages }: Contract): boolean {
  const rules = [...failurePolicy.rules, ...stages.flatMap((stage) => stage.onFailure ?? [])];
  return failurePolicy.fallback === "reassign" || rules.some(({ strategy }) => strategy === "reassign");
}

/** A revoked contract is `released` too, but by the cloud's own decision: the caller does not ask for those. */
function isFailure(status: ContractStatus): boolean {
  return status === "released" || status === "failed" || status === "aborted" || status === "expired";
}

/** Somebody else would do it a second time. */
function hasIrreversibleEffect(state: ContractState): boolean {
  return state.stages.some((stage) => isDone(stage) && stage.output && ACTIONS[stage.action]?.isIrreversible);
}

function nearestAble(
  contract: Contract,
  fleet: readonly Candidate[],
): { readonly deviceId: string; readonly distance: Metres } | undefined {
  const wanted = new Set(contract.stages.map((stage) => stage.action));
  const start = startOf(contract);
  return fleet
    .filter((device) => device.deviceId !== contract.deviceId && device.mode === "live" && device.isFree)
    .filter((device) => [...wanted].every((action) => device.actions.includes(action)))
    .map((device) => ({ deviceId: device.deviceId, distance: distanceTo(device, start) }))
    .sort((a, b) => a.distance - b.distance || (a.deviceId < b.deviceId ? -1 : 1))[0];
}

/** Where the work begins: the first goal that a stage names. */
function startOf(contract: Contract): readonly number[] | undefined {
  const to = contract.stages.find((stage) => stage.action === "navigate")?.inputs["to"];
  if (Array.isArray(to)) return to.map(Number);
  return contract.spatial.landmarks.find((landmark) => landmark.id === to)?.pose;
}

/** As the crow flies; a device that was not seen yet comes last. */
function distanceTo(device: Candidate, start: readonly number[] | undefined): Metres {
  if (!start) return 0;
  if (!device.pose) return Number.MAX_VALUE;
  return Math.hypot(device.pose[0] - start[0]!, device.pose[1] - start[1]!);
}
