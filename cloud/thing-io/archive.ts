import type { PackedBlock, TelemetryBatch } from "#contract/messages";

/** Where a block stands: the telemetry database of a device that it comes from, its lane there, its number. */
export interface BlockPlace {
  readonly deviceId: string;
  readonly store: string;
  readonly lane: string;
  readonly seq: number;
}

/** A block as it was received; a device that packs nothing sends batches. */
export interface ArchivedBlock extends BlockPlace {
  /** First and last sample, milliseconds of the device's wall clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly content:
    | { readonly kind: "packed"; readonly packed: PackedBlock }
    | { readonly kind: "batches"; readonly batches: readonly TelemetryBatch[] };
}

/** A block with its place in the order in which blocks were put. */
export interface PlacedBlock {
  readonly position: number;
  readonly block: ArchivedBlock;
}

export interface HistoryQuery {
  readonly deviceId: string;
  readonly lane: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Blocks at most. */
  readonly limit: number;
}

/** The telemetry that devices have sent: the default behind the ThingIO port of `docs/architecture.md`. */
export interface TelemetryArchive extends AsyncDisposable {
  /** Names this archive; positions in another do not compare. */
  readonly id: string;
  /** The newest committed block of every lane of every database. */
  cursors(): Promise<readonly BlockPlace[]>;
  /** Commits blocks, each replacing the one of the same place, and the cursors that they move; one transaction. */
  put(blocks: readonly ArchivedBlock[]): Promise<void>;
  /** Blocks that overlap a span of time, by ascending time. */
  history(query: HistoryQuery): Promise<readonly ArchivedBlock[]>;
  /** Blocks of a lane that were put behind `position`, in that order; a block that is put again stands behind all others. */
  after(position: number, lane: string, limit: number): Promise<readonly PlacedBlock[]>;
  /** Calls `listener` when blocks were put; returns what ends it. */
  onPut(listener: () => void): () => void;
  /** Forgets what ended before. */
  forget(beforeMs: number): Promise<void>;
}
