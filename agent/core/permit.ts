import type { MetresPerSecond } from "#lib/units";
import { speedLimit } from "./scope.ts";
import type { Situation } from "./situation.ts";
import { callsForCaution, gravestViolations } from "./tolerance.ts";

/** Whether a tool may act now, and how fast it may drive. */
export type Permit = { readonly ok: true; readonly maxSpeed: MetresPerSecond } | { readonly ok: false };

/** What is left of the speed limit while the robot, or what the contract assumes, is not quite well. */
const LIMITED_SHARE = 0.5;

/** A permit for going at a share of the speed only. */
export function slowedBy(permit: Permit, share = 1): Permit {
  return permit.ok ? { ok: true, maxSpeed: permit.maxSpeed * share } : permit;
}

/**
 * Whether an action of the contract may begin or go on. Asked right before every command that moves or changes something,
 * so it may contradict a step that was decided a moment ago; then this counts.
 */
export function permitNow(situation: Situation, action: string, deviceLimit: MetresPerSecond): Permit {
  const { contract, state, safety, leaseRemainingMs, isOrderPending } = situation;
  const isInScope = contract.scope.actions.some((scoped) => scoped.action === action);
  const isFree = state.status === "running" && state.holds.length === 0 && !isOrderPending;
  const isWell = safety === "normal" || safety === "limited";
  const isLeased = leaseRemainingMs !== "unknown" && leaseRemainingMs > 0;
  if (!isInScope || !isFree || !isWell || !isLeased || gravestViolations(situation).length > 0) return { ok: false };
  const limit = speedLimit(contract, action, deviceLimit);
  const isSlow = safety === "limited" || callsForCaution(situation);
  return { ok: true, maxSpeed: isSlow ? limit * LIMITED_SHARE : limit };
}
