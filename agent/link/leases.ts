import { z } from "zod";
import type { Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Contract } from "#contract/contract";
import type { Ack } from "#contract/messages";
import { holdsLock } from "#contract/status";
import {
  grantLease,
  isWorthKeeping,
  leaseRemainingMs,
  renewLease,
  type LeaseAnchor,
  type Moment,
} from "../core/lease.ts";
import type { JournalPart } from "../journal/journal.ts";
import type { StoreOp } from "../store.ts";

/** The leases of the contracts that this device holds. */
export interface Leases {
  /** Milliseconds left, below 0 once it has ended; `unknown` after a reboot without a synced clock, and for a contract without a lease. */
  remainingMs(contractId: string): number | "unknown";
  /** Begins the lease of a contract; the op belongs into the transaction that accepts it. */
  grant(contract: Contract, receivedAt: Moment): StoreOp;
  /** Takes the renewals of an ack; `sentAt` tells when a beat was sent, undefined when this program did not send it. */
  renew(renewals: Ack["leases"], sentAt: (beat: number) => Moment | undefined): void;
}

/** The present moment on the injected clocks. */
export function momentOf(clock: Clock): Moment {
  return { bootId: clock.bootId, monoMs: clock.nowMs(), wallMs: clock.wallMs(), clock: clock.state() };
}

/** Takes up the leases that the journal's store kept through a restart. */
export function createLeases(deps: {
  readonly journal: JournalPart;
  readonly clock: Clock;
  readonly log: Log;
}): Leases {
  const { journal, clock, log } = deps;
  const kept = readAnchors(journal.meta("leases"));
  const anchors = new Map(kept);

  function opFor(anchor: LeaseAnchor): StoreOp {
    const { contracts } = journal.state();
    for (const [id] of anchors) {
      const status = contracts[id]?.status;
      if (id !== anchor.contractId && (status === undefined || !holdsLock(status))) anchors.delete(id);
    }
    anchors.set(anchor.contractId, anchor);
    kept.set(anchor.contractId, anchor);
    return { type: "set-meta", key: "leases", value: JSON.stringify([...anchors.values()]) };
  }
  function keep(anchor: LeaseAnchor): void {
    journal
      .decide(() => ({ events: [], ops: () => [opFor(anchor)] }))
      .catch((thrown: unknown) =>
        log.warn(
          { err: messageOf(thrown), contractId: anchor.contractId },
          "lease is not stored, a restart shortens it",
        ),
      );
  }
  return {
    remainingMs(contractId) {
      const anchor = anchors.get(contractId);
      return anchor ? leaseRemainingMs(anchor, momentOf(clock)) : "unknown";
    },
    grant: (contract, receivedAt) => opFor(grantLease(contract, receivedAt, anchors.get(contract.contractId))),
    renew(renewals, sentAt) {
      for (const { contractId, epoch, beat } of renewals) {
        const [anchor, contract, sent] = [anchors.get(contractId), journal.contract(contractId), sentAt(beat)];
        if (anchor?.epoch !== epoch || !contract || !sent) continue;
        const renewed = renewLease(anchor, contract.lease, sent);
        anchors.set(contractId, renewed);
        if (isWorthKeeping(kept.get(contractId), renewed)) keep(renewed);
      }
    },
  };
}

const Anchors = z.array(
  z.object({
    contractId: z.string(),
    epoch: z.number(),
    durationSeconds: z.number(),
    from: z.object({
      bootId: z.string(),
      monoMs: z.number(),
      wallMs: z.number(),
      clock: z.enum(["synced", "unsynced"]),
    }),
  }),
);

function readAnchors(text: string | undefined): Map<string, LeaseAnchor> {
  const anchors = text === undefined ? [] : Anchors.parse(JSON.parse(text));
  return new Map(anchors.map((anchor) => [anchor.contractId, anchor]));
}
