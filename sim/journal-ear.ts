import type { Store } from "#agent/store";
import type { Event } from "#contract/event";

/** Hears what becomes durable in a device's journal, through all the processes that write it. */
export interface JournalEar {
  /** The store with the ear at it. */
  at(store: Store): Store;
  /** Tells what an earlier process made durable without living to hear of it. */
  catchUp(store: Store): Promise<void>;
}

const READ_LIMIT = 500;
const READ_BYTES = 1_048_576;

/** `tell` is told of every event once, in order; where a journal is renumbered, of the new numbers from there on. */
export function createJournalEar(tell: (events: readonly Event[]) => void): JournalEar {
  let toldSeq = 0;
  function hear(events: readonly Event[]): void {
    toldSeq = events.at(-1)?.seq ?? toldSeq;
    if (events.length > 0) tell(events);
  }
  return {
    at: (store) => ({
      load: () => store.load(),
      readJournal: (...args) => store.readJournal(...args),
      readReplies: (inReplyTo) => store.readReplies(inReplyTo),
      readDurations: () => store.readDurations(),
      journalShare: () => store.journalShare(),
      async commit(ops) {
        await store.commit(ops);
        for (const op of ops) if (op.type === "renumber") toldSeq = op.entries.length;
        hear(ops.flatMap((op) => (op.type === "append" ? [op.entry.event] : [])));
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }),
    async catchUp(store) {
      const { lastSeq } = await store.load();
      // A disk that lost what it held begins again below what was told.
      toldSeq = Math.min(toldSeq, lastSeq);
      while (toldSeq < lastSeq) {
        const slice = await store.readJournal(toldSeq + 1, READ_LIMIT, READ_BYTES);
        if (!slice) return;
        hear(slice.events);
      }
    },
  };
}
