import type { ErrorCode } from "#lib/errors";
import type { StoreOp } from "../store.ts";

/** What the main thread asks of the storage worker. */
export type StorageRequest =
  | { readonly type: "load" }
  | { readonly type: "commit"; readonly ops: readonly StoreOp[] }
  | { readonly type: "read-journal"; readonly fromSeq: number; readonly limit: number; readonly maxBytes: number }
  | { readonly type: "read-replies"; readonly inReplyTo: string }
  | { readonly type: "read-durations" }
  | { readonly type: "close" };

export interface StorageCall {
  readonly id: number;
  readonly request: StorageRequest;
}

/** The answer to the call of the same `id`; errors travel by their parts, because classes don't survive the crossing. */
export type StorageAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: StorageFailure };

export interface StorageFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** The first message of a worker: the database is open, or why it is not. */
export type StorageGreeting = { readonly type: "open" } | { readonly type: "failed"; readonly error: StorageFailure };
