import { pauseAttempts } from "./attempt-watch.ts";
import { isLeaseEndedHold } from "./lease.ts";
import { runWorkPlan } from "./plan-rules.ts";
import type { Situation } from "./situation.ts";
import { findProgress } from "./stage-order.ts";
import type { Step } from "./step.ts";

/**
 * The lease is over: the cloud may give the task away once the time to wind down has passed. Until then what can't be broken
 * off ends, and the robot leaves aisles and all places where nobody may stop (wire format, section 3.5). How far the lease
 * is over is told by the boot clock, so a restart in between gains no time.
 */
export function windDown(situation: Situation): readonly Step[] | undefined {
  const { leaseRemainingMs, contract, state, parent } = situation;
  if (leaseRemainingMs === "unknown" || leaseRemainingMs > 0 || isFinished(situation)) return undefined;
  // A plan has the lease of its contract, which winds down for both.
  if (parent) return getClear(situation, 0);
  const isHeld = state.holds.some(isLeaseEndedHold);
  if (!isHeld) return [{ type: "wind-down" }];
  return getClear(situation, leaseRemainingMs + contract.lease.windDownSeconds * 1000);
}

function getClear(situation: Situation, leftMs: number): readonly Step[] {
  const { attempts, inquiries } = situation.activity;
  const pausing = pauseAttempts(situation, attempts);
  if (pausing.length > 0) return pausing;
  const state = attempts.length + inquiries.length > 0 ? "running" : situation.job?.state;
  if (leftMs > 0 && state === "running") return [];
  if (leftMs > 0 && state === "wanted") return runWorkPlan(situation) ?? [];
  return [{ type: "expire" }];
}

/** Work that is done is done, whatever happens to the lease: to say so takes neither time nor motion. */
function isFinished({ contract, state }: Situation): boolean {
  return state.status === "running" && findProgress(contract, state).type === "finished";
}
