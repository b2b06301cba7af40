import type { Store } from "#agent/store";
import type { SimulatedDisk } from "./disk.ts";

/** The store with the time that its disk takes: an answer comes when the disk has done what was asked. */
export function pacedStore(store: Store, disk: SimulatedDisk): Store {
  /** What came of it stays as it was when it was done; only the caller learns of it later. */
  async function paced<Value>(answer: Promise<Value>): Promise<Value> {
    const [settled] = await Promise.allSettled([answer]);
    await disk.rest();
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }
  return {
    load: () => paced(store.load()),
    commit: (ops) => paced(store.commit(ops)),
    readJournal: (...args) => paced(store.readJournal(...args)),
    readReplies: (inReplyTo) => paced(store.readReplies(inReplyTo)),
    readDurations: () => paced(store.readDurations()),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
