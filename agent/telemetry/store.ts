import type { BlockContent, PackedBody } from "#contract/io/block-codec";
import type { TimeBase } from "#contract/telemetry-block";

/** The lanes that are stored; `live` is not. */
export type StoredLane = "backfill" | "logs";

/** What was recorded since the last time, all of one time base. */
export interface Recording {
  readonly lane: StoredLane;
  readonly base: TimeBase;
  readonly content: BlockContent;
}

/** A block that is complete and will not be added to; it may still be thinned. */
export interface StoredBlock extends PackedBody {
  readonly store: string;
  readonly lane: StoredLane;
  readonly seq: number;
  /** The block of the lane that comes before, or the newest acknowledged one. */
  readonly after: number;
  readonly base: TimeBase;
  /** How often its samples were thinned by halves. */
  readonly level: number;
}

/** What a full lane had to give up. */
export interface Thinning {
  readonly lane: StoredLane;
  /** Samples that are now part of coarser points, or lines of a log that are gone. */
  readonly samples: number;
  /** Samples that are gone without a trace but for this number. */
  readonly dropped: number;
  /** Why: the lane's budget, or a disk without room. */
  readonly reason: "budget" | "disk_full" | "damaged";
}

/** How full a lane is. */
export interface LaneFill {
  readonly lane: StoredLane;
  readonly blocks: number;
  /** Blocks that the cloud has not acknowledged. */
  readonly waiting: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  /** Newest block, complete or not; 0 when there was never one. */
  readonly lastSeq: number;
  readonly ackedSeq: number;
}

export interface TelemetryFill {
  /** Names this database; a new one starts a new history. */
  readonly store: string;
  readonly lanes: readonly LaneFill[];
  /** Bytes of the file, its write-ahead log apart. */
  readonly fileBytes: number;
  /** Where a damaged predecessor was put. */
  readonly setAside?: string;
}

/** What of the recorded past a reader wants: one channel between two moments, times in milliseconds of the wall clock. */
export interface HistoryQuery {
  readonly lane: StoredLane;
  readonly fromMs: number;
  readonly toMs: number;
  /** Blocks at most. */
  readonly limit: number;
}

/**
 * The ring of recorded telemetry: bounded, and allowed to be lost as a whole; it ends with the store beside it. Rejects `store.failed` when the disk refuses; what
 * was to be recorded is then counted as dropped and reported with the next success.
 */
export interface TelemetryStore {
  /**
   * Durable when it resolves, with what had to be thinned to make room since the last call. Blocks grow until they are worth a
   * message; `close` ends the growing ones.
   */
  record(recordings: readonly Recording[], options?: { readonly close?: boolean }): Promise<readonly Thinning[]>;
  /** Complete blocks behind `afterSeq`, oldest first, at most `maxBytes` of them but one. */
  read(lane: StoredLane, afterSeq: number, maxBytes: number): Promise<readonly StoredBlock[]>;
  /** The cloud has committed every block of the lane up to `seq`. */
  acknowledge(lane: StoredLane, seq: number): Promise<void>;
  fill(): Promise<TelemetryFill>;
  /** Blocks that overlap a span of time, oldest first, also acknowledged ones while they are kept. */
  history(query: HistoryQuery): Promise<readonly StoredBlock[]>;
}
