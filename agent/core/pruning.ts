import type { ContractState, DeviceState } from "#contract/state";
import { holdsLock } from "#contract/status";

const ENDED_KEPT = 10;
const TASKS_KEPT = 1000;

/**
 * The last event that the device may forget: acknowledged, and older than everything that belongs to an open contract.
 * What is pruned is always a prefix, so the journal stays free of gaps.
 */
export function prunableSeq(state: DeviceState, ackedSeq: number): number {
  const open = Object.values(state.contracts).filter((contract) => holdsLock(contract.status));
  return Math.min(ackedSeq, ...open.map((contract) => contract.firstSeq - 1));
}

/** Ids of the contracts worth remembering: the open ones, and those of the ended ones that were accepted last. */
export function keptContracts(state: DeviceState): readonly string[] {
  const contracts = Object.values(state.contracts);
  const ended = contracts.filter((contract) => !holdsLock(contract.status)).slice(-ENDED_KEPT);
  const kept = new Set<ContractState>(ended);
  return contracts.filter((contract) => kept.has(contract) || holdsLock(contract.status)).map((it) => it.contractId);
}

/** The state without the contracts that are not in `kept`, and with the epochs of the newest tasks only. */
export function forget(state: DeviceState, kept: readonly string[]): DeviceState {
  const ids = new Set(kept);
  return {
    ...state,
    contracts: Object.fromEntries(Object.entries(state.contracts).filter(([id]) => ids.has(id))),
    epochs: Object.fromEntries(Object.entries(state.epochs).slice(-TASKS_KEPT)),
  };
}
