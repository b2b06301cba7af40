import type { ClockState } from "#lib/clock";
import type { Contract, Lease } from "#contract/contract";
import type { Hold } from "#contract/state";

/** A moment on the clocks of a device. */
export interface Moment {
  readonly bootId: string;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly clock: ClockState;
}

/** Where a lease is counted from (wire format, section 3.5), small enough to be kept through a restart. */
export interface LeaseAnchor {
  readonly contractId: string;
  readonly epoch: number;
  readonly durationSeconds: number;
  /** Receipt of the contract, or the sending of the last beat that was answered. */
  readonly from: Moment;
}

/** The hold under which a contract winds down whose lease has ended. */
export const LEASE_ENDED_HOLD = "lease-ended";

/** Names are each owner's own, so another's hold may be called alike. */
export function isLeaseEndedHold({ holdId, by }: Pick<Hold, "holdId" | "by">): boolean {
  return holdId === LEASE_ENDED_HOLD && by === "constraint";
}

/** How much an anchor may move before it is written again; what is lost in a crash only shortens the lease. */
const KEEP_EVERY_SHARE = 1 / 20;
const KEEP_EVERY_MS_MIN = 5000;

/** The lease of a contract that was just received. A new revision moves no anchor: the cloud has not heard of it yet. */
export function grantLease(
  contract: Pick<Contract, "contractId" | "epoch" | "lease">,
  receivedAt: Moment,
  before: LeaseAnchor | undefined,
): LeaseAnchor {
  const { contractId, epoch, lease } = contract;
  if (!before) return { contractId, epoch, durationSeconds: lease.durationSeconds, from: receivedAt };
  const durationSeconds = Math.min(before.durationSeconds, lease.durationSeconds);
  return { contractId, epoch, durationSeconds, from: before.from };
}

/** The lease after the cloud answered a beat that was sent at `sentAt`; answers that come late or twice change nothing. */
export function renewLease(anchor: LeaseAnchor, lease: Lease, sentAt: Moment): LeaseAnchor {
  const isLater = anchor.from.bootId !== sentAt.bootId || sentAt.monoMs > anchor.from.monoMs;
  return isLater ? { ...anchor, durationSeconds: lease.durationSeconds, from: sentAt } : anchor;
}

/**
 * Milliseconds left; below 0 once it has ended, by how long that is ago. Within one boot only the monotonic clock counts, so a step of the wall clock moves no
 * lease. After a reboot synced wall clocks of both boots tell; else it is unknown until the cloud answers.
 */
export function leaseRemainingMs(anchor: LeaseAnchor, now: Moment): number | "unknown" {
  const durationMs = anchor.durationSeconds * 1000;
  if (anchor.from.bootId === now.bootId) return anchor.from.monoMs + durationMs - now.monoMs;
  if (anchor.from.clock === "unsynced" || now.clock === "unsynced") return "unknown";
  const elapsedMs = now.wallMs - anchor.from.wallMs;
  return elapsedMs < 0 ? "unknown" : durationMs - elapsedMs;
}

/** Whether the anchor has moved far enough past the one on disk to be worth a write. */
export function isWorthKeeping(kept: LeaseAnchor | undefined, anchor: LeaseAnchor): boolean {
  if (!kept || kept.from.bootId !== anchor.from.bootId || kept.durationSeconds !== anchor.durationSeconds) return true;
  const everyMs = Math.max(KEEP_EVERY_MS_MIN, anchor.durationSeconds * 1000 * KEEP_EVERY_SHARE);
  return anchor.from.monoMs - kept.from.monoMs >= everyMs;
}
