import type { Store, StoreOp } from "../store.ts";
import type { TelemetryStore } from "../telemetry/store.ts";
import { Storage, type StorageOptions } from "./storage.ts";
import { performTelemetry, telemetryStoreOf } from "./telemetry-requests.ts";

/** A store and, where it was asked for, the telemetry beside it; both end with the store. */
export type DeviceStore = Store & { readonly telemetry?: TelemetryStore };

/**
 * The store on the calling thread: for the simulation and for tests. Every operation has happened when its call returns.
 * Throws `store.failed` when the file cannot be opened.
 */
export function openSqliteStore(options: StorageOptions): DeviceStore {
  const storage = Storage.open(options);
  const { core, telemetry } = storage;
  return {
    load: async () => core.load(),
    commit: async (ops: readonly StoreOp[]) => {
      const [failure] = storage.commitGroup([ops]);
      if (failure) throw failure;
    },
    readJournal: async (fromSeq, limit, maxBytes) => core.readJournal(fromSeq, limit, maxBytes),
    readReplies: async (inReplyTo) => core.readReplies(inReplyTo),
    readDurations: async () => core.readDurations(),
    journalShare: () => storage.journalShare(),
    ...(telemetry && { telemetry: telemetryStoreOf(async (request) => performTelemetry(telemetry, request)) }),
    [Symbol.asyncDispose]: async () => storage[Symbol.dispose](),
  };
}
