import type { SqliteDisk } from "#lib/node/sqlite";
import type { Store, StoreOp } from "../store.ts";
import { CoreDatabase } from "./core-database.ts";

export interface SqliteStoreOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Where the file is; the file system unless given. */
  readonly disk?: SqliteDisk;
}

/**
 * The store on the calling thread: for the simulation and for tests. Every operation has happened when its call returns.
 * Throws `store.failed` when the file cannot be opened.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = CoreDatabase.open(options.path, options.disk);
  return {
    load: async () => database.load(),
    commit: async (ops: readonly StoreOp[]) => {
      const [failure] = database.commitGroup([ops]);
      if (failure) throw failure;
    },
    readJournal: async (fromSeq, limit, maxBytes) => database.readJournal(fromSeq, limit, maxBytes),
    readReplies: async (inReplyTo) => database.readReplies(inReplyTo),
    readDurations: async () => database.readDurations(),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
