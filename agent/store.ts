import type { Share } from "#lib/units";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { Reply } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { LearnedDuration } from "./core/durations.ts";

/** An event as the journal keeps it: with the boot that its `monoMs` counts from and the hash of the chain after it. */
export interface JournalEntry {
  readonly bootId: string;
  readonly event: Event;
  readonly hash: string;
}

/** What pruned events folded to; `hash` is the chain's hash after event `state.seq`. */
export interface Snapshot {
  readonly state: DeviceState;
  readonly hash: string;
}

/** Consecutive events of one boot; `prevHash` is the chain's hash before the first of them. */
export interface JournalSlice {
  readonly bootId: string;
  readonly prevHash: string;
  readonly events: readonly Event[];
}

/** An answer that was given, and the hash of the document that it answered; there is one answer to a document. */
export interface StoredReply {
  readonly documentHash: string;
  readonly reply: Reply;
}

/** What is remembered under one name each; all values are texts. */
export type MetaKey =
  | "incarnation"
  | "bootId"
  | "starts"
  | "cloudId"
  | "leases"
  | "revoked"
  | "offset"
  | `feed ${string}`
  | "setAside"
  | "salvaged";

/** One change; the ops of one `commit` become durable together or not at all. */
export type StoreOp =
  | { readonly type: "append"; readonly entry: JournalEntry }
  | { readonly type: "put-contract"; readonly jws: string; readonly contract: Contract }
  | { readonly type: "put-reply"; readonly stored: StoredReply }
  | { readonly type: "set-meta"; readonly key: MetaKey; readonly value: string }
  | { readonly type: "set-acked"; readonly seq: number }
  | { readonly type: "put-duration"; readonly duration: LearnedDuration }
  /** Forgets events up to `snapshot.state.seq`, and the contracts that are not in the list of ids. */
  | { readonly type: "prune"; readonly snapshot: Snapshot; readonly contracts: readonly string[] }
  /** Puts a renumbered journal in the place of the whole journal. */
  | { readonly type: "renumber"; readonly snapshot: Snapshot; readonly entries: readonly JournalEntry[] };

/** What a store holds when it is opened. */
export interface StoredState {
  readonly meta: Readonly<Partial<Record<MetaKey, string>>>;
  readonly snapshot?: Snapshot;
  /** Number and hash of the newest event, pruned or not; 0 and `GENESIS_HASH` before the first. */
  readonly lastSeq: number;
  readonly lastHash: string;
  /** Every event up to this number is committed in the cloud. */
  readonly ackedSeq: number;
  /** The newest accepted revision of every contract that is kept. */
  readonly contracts: readonly Contract[];
  /** Where a damaged predecessor of this database was put, until a boot has told of it (`set-meta` to an empty text). */
  readonly setAside?: string;
  /** What was saved of it. */
  readonly salvaged?: SalvageReport;
}

/** `whole`: the journal has no gap that could be seen. `part`: what was found goes on as a new history. */
export interface SalvageReport {
  readonly journal: "whole" | "part" | "none";
  /** Events that the cloud did not have, saved. */
  readonly unacknowledged: number;
  /** Numbers of events that are missing between those that were found. */
  readonly missing: number;
  /** Id of the contract that was at work. */
  readonly contract?: string;
}

/**
 * The device's durable memory. One writer: a program opens it once. Rejects `store.failed` when the disk refuses an
 * operation, after which nothing of that operation is on disk.
 */
export interface Store extends AsyncDisposable {
  load(): Promise<StoredState>;
  /** Resolves when the ops have survived a power cut. */
  commit(ops: readonly StoreOp[]): Promise<void>;
  /**
   * Events from `fromSeq` on, at most `limit` and, past the first, at most `maxBytes` of JSON; ends where the boot
   * changes. Undefined when `fromSeq` is pruned or not written yet.
   */
  readJournal(fromSeq: number, limit: number, maxBytes: number): Promise<JournalSlice | undefined>;
  /** The answers that were given under this `inReplyTo`, newest first, while they are kept (the newest 1000 of all are). */
  readReplies(inReplyTo: string): Promise<readonly StoredReply[]>;
  /** How full the journal's budget is, as of the last commit: 1 and above is full. */
  journalShare(): Share;
  /** How long actions took, by action and place (the 1000 that were learned last are kept). */
  readDurations(): Promise<readonly LearnedDuration[]>;
}
