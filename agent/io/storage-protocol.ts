import type { ErrorCode } from "#lib/errors";
import type { Share } from "#lib/units";
import type { StoreOp } from "../store.ts";
import type { HistoryQuery, Recording, StoredLane } from "../telemetry/store.ts";

/** What the main thread asks of the storage worker. */
export type StorageRequest =
  | { readonly type: "load" }
  | { readonly type: "commit"; readonly ops: readonly StoreOp[] }
  | { readonly type: "read-journal"; readonly fromSeq: number; readonly limit: number; readonly maxBytes: number }
  | { readonly type: "read-replies"; readonly inReplyTo: string }
  | { readonly type: "read-durations" }
  | TelemetryRequest
  | { readonly type: "close" };

/** What waits until the journal has been served. */
export type TelemetryRequest =
  | { readonly type: "record"; readonly recordings: readonly Recording[]; readonly closes: boolean }
  | { readonly type: "read-blocks"; readonly lane: StoredLane; readonly afterSeq: number; readonly maxBytes: number }
  | { readonly type: "acknowledge-blocks"; readonly lane: StoredLane; readonly seq: number }
  | { readonly type: "read-fill" }
  | { readonly type: "read-history"; readonly query: HistoryQuery };

export interface StorageCall {
  readonly id: number;
  readonly request: StorageRequest;
}

/** The answer to the call of the same `id`; errors travel by their parts, because classes don't survive the crossing. */
export type StorageAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown; readonly journalShare?: Share }
  | { readonly id: number; readonly ok: false; readonly error: StorageFailure };

export interface StorageFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** The first message of a worker: the database is open, or why it is not. */
export type StorageGreeting =
  | { readonly type: "open"; readonly journalShare: Share }
  | { readonly type: "failed"; readonly error: StorageFailure };
