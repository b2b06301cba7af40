import { AgentError } from "#lib/errors";
import type { Store } from "./store.ts";

/**
 * The store; `onCorrupt` is told once when it finds its database damaged. Only a start sets a damaged file aside, so
 * whoever is told ends the program and lets it be started again.
 */
export function watchCorruption(store: Store, onCorrupt: (error: AgentError) => void): Store {
  let isKnown = false;
  async function watched<Value>(answer: Promise<Value>): Promise<Value> {
    try {
      return await answer;
    } catch (thrown) {
      if (!isKnown && thrown instanceof AgentError && thrown.code === "store.corrupt") {
        isKnown = true;
        onCorrupt(thrown);
      }
      throw thrown;
    }
  }
  return {
    load: () => watched(store.load()),
    commit: (ops) => watched(store.commit(ops)),
    readJournal: (...args) => watched(store.readJournal(...args)),
    readReplies: (inReplyTo) => watched(store.readReplies(inReplyTo)),
    readDurations: () => watched(store.readDurations()),
    journalShare: () => store.journalShare(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
