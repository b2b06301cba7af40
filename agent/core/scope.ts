import type { Contract } from "#contract/contract";
import type { ContractState } from "#contract/state";
import type { MetresPerSecond } from "#lib/units";

/** Whether an action may be taken, and why not. */
export type Permission = { readonly ok: true } | { readonly ok: false; readonly detail: string };

/**
 * Whether the contract lets the device take an action: it must be in scope, and not have been started more often than its
 * `maxCount` allows. Every attempt counts, as every attempt may have an effect.
 */
export function permitAction(contract: Contract, state: ContractState, action: string): Permission {
  const scoped = contract.scope.actions.find((entry) => entry.action === action);
  if (!scoped) return { ok: false, detail: `${action} is not in the contract's scope` };
  const maxCount = scoped.limits?.maxCount ?? Infinity;
  const started = state.stages
    .filter((stage) => stage.action === action)
    .reduce((sum, stage) => sum + stage.attempts, 0);
  if (started < maxCount) return { ok: true };
  return { ok: false, detail: `${action} was started ${started} times, the scope allows ${maxCount}` };
}

/** The lowest of the speed limits that the contract, its scope and the device set. */
export function speedLimit(contract: Contract, action: string, deviceLimit: MetresPerSecond): MetresPerSecond {
  const scoped = contract.scope.actions.find((entry) => entry.action === action);
  return Math.min(deviceLimit, contract.constraints.maxSpeed ?? Infinity, scoped?.limits?.maxSpeed ?? Infinity);
}
