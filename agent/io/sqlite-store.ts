import type { Store, StoreOp } from "../store.ts";
import { CoreDatabase } from "./core-database.ts";

/**
 * The store on the calling thread: for the simulation (path `:memory:`, or a file that survives a simulated crash) and
 * for tests. Every operation has happened when its call returns. Throws `store.failed` when the file cannot be opened.
 */
export function openSqliteStore(options: { readonly path: string }): Store {
  const database = CoreDatabase.open(options.path);
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
