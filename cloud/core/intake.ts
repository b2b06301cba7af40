import type { Sha256 } from "#contract/crypto";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import type { JournalBatch } from "#contract/messages";

/** How far a device's journal is committed. */
export interface IntakeState {
  readonly incarnation: string;
  readonly seq: number;
  /** Chain hash at `seq`; undefined after a gap, when the next batch says what came before it. */
  readonly hash?: string;
  /** Batches that came ahead of their turn, in no order. */
  readonly parked: readonly JournalBatch[];
}

/** An event with the chain hash that it leads to. */
export interface ChainedEvent {
  readonly event: Event;
  readonly hash: string;
}

/** Chain hashes of committed events that a batch overlaps: before its first event, and at the last one committed. */
export interface CommittedHashes {
  readonly before?: string | undefined;
  readonly overlap?: string | undefined;
}

export type IntakeStep =
  /** In order: commit these, then acknowledge. */
  | { readonly kind: "apply"; readonly next: IntakeState; readonly events: readonly ChainedEvent[] }
  /** Nothing new; answer at once. */
  | { readonly kind: "duplicate" | "parked" | "dropped"; readonly next: IntakeState }
  /** The device's history departs from what is committed: it must draw a new incarnation. */
  | { readonly kind: "fork"; readonly next: IntakeState };

/** Batches that wait for their turn, per device; more are dropped and come again. */
export const PARKED_BATCHES_MAX = 64;

/** The state before anything of an incarnation is committed. */
export function emptyIntake(incarnation: string): IntakeState {
  return { incarnation, seq: 0, hash: GENESIS_HASH, parked: [] };
}

/**
 * What to do with a batch of the incarnation that the state names (sequence rules of the wire format, §3.3). Pure; the
 * caller commits and only then takes `next` for its state, and afterwards asks `nextParked`.
 */
export function receive(
  state: IntakeState,
  batch: JournalBatch,
  committed: CommittedHashes,
  sha256: Sha256,
): IntakeStep {
  const first = batch.events[0]!.seq;
  const last = batch.events.at(-1)!.seq;
  if (last - first !== batch.events.length - 1 || !isAscending(batch.events)) return { kind: "dropped", next: state };
  if (first > state.seq + 1) return park(state, batch);
  const chain = chained(batch, sha256);
  if (isForked(state, first, batch, chain, committed)) return { kind: "fork", next: { ...state, parked: [] } };
  const fresh = chain.filter(({ event }) => event.seq > state.seq);
  const tip = fresh.at(-1);
  if (!tip) return { kind: "duplicate", next: state };
  return { kind: "apply", next: { ...state, seq: tip.event.seq, hash: tip.hash }, events: fresh };
}

/** Takes the parked batch whose turn has come, if there is one, and forgets those that are overtaken. */
export function nextParked(state: IntakeState): { readonly next: IntakeState; readonly batch?: JournalBatch } {
  const waiting = state.parked.filter((batch) => batch.events.at(-1)!.seq > state.seq);
  const batch = waiting.find((candidate) => candidate.events[0]!.seq <= state.seq + 1);
  return {
    next: { ...state, parked: waiting.filter((candidate) => candidate !== batch) },
    ...(batch ? { batch } : {}),
  };
}

/** Numbers that will never come, both included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * What a device's `presence.journal` says about numbers that it no longer holds: they are lost, and the intake goes on
 * behind them. Undefined when nothing is missing.
 */
export function gapBefore(
  state: IntakeState,
  journal: { readonly firstSeq: number; readonly lastSeq: number },
): { readonly next: IntakeState; readonly gap: Gap } | undefined {
  const { firstSeq, lastSeq } = journal;
  if (firstSeq <= state.seq + 1 || lastSeq <= state.seq) return undefined;
  const { hash: _unknown, ...rest } = state;
  return { next: { ...rest, seq: firstSeq - 1 }, gap: { from: state.seq + 1, to: firstSeq - 1 } };
}

function isAscending(events: readonly Event[]): boolean {
  return events.every((event, at) => at === 0 || event.seq === events[at - 1]!.seq + 1);
}

function park(state: IntakeState, batch: JournalBatch): IntakeStep {
  const first = batch.events[0]!.seq;
  const isKnown = state.parked.some(
    (other) => other.events[0]!.seq === first && other.events.length >= batch.events.length,
  );
  if (isKnown || state.parked.length >= PARKED_BATCHES_MAX) return { kind: "dropped", next: state };
  return { kind: "parked", next: { ...state, parked: [...state.parked, batch] } };
}

function chained(batch: JournalBatch, sha256: Sha256): readonly ChainedEvent[] {
  let hash = batch.prevHash;
  return batch.events.map((event) => {
    hash = chainHash(hash, event, sha256);
    return { event, hash };
  });
}

/** Compares the batch's own chain with ours wherever both are known. */
function isForked(
  state: IntakeState,
  first: number,
  batch: JournalBatch,
  chain: readonly ChainedEvent[],
  committed: CommittedHashes,
): boolean {
  const before = first === state.seq + 1 ? state.hash : first === 1 ? GENESIS_HASH : committed.before;
  if (before !== undefined && before !== batch.prevHash) return true;
  const overlap = chain.findLast(({ event }) => event.seq <= state.seq);
  return overlap !== undefined && committed.overlap !== undefined && committed.overlap !== overlap.hash;
}
