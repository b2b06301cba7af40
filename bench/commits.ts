import type { Store } from "#agent/store";
import { GENESIS_HASH } from "#contract/hash-chain";
import { uptime } from "node:os";

/** Writers that commit one event after the other, each as soon as its last is durable. */
export interface Committing {
  /** Resolves with the number of durable commits when all writers have stopped. */
  end(): Promise<number>;
}

/** Starts to write journal entries of an ordinary size into an empty store. */
export function startCommitting(store: Store, writers: number): Committing {
  let [seq, durable, isOver] = [0, 0, false];
  async function write(): Promise<void> {
    while (!isOver) {
      await store.commit([{ type: "append", entry: entryOf(++seq) }]);
      durable++;
    }
  }
  const all = Promise.all(Array.from({ length: writers }, write));
  return {
    async end() {
      isOver = true;
      await all;
      return durable;
    },
  };
}

type Entry = Extract<Parameters<Store["commit"]>[0][number], { type: "append" }>["entry"];

/** An event of an ordinary size. */
export function entryOf(seq: number): Entry {
  return {
    bootId: "bench",
    hash: GENESIS_HASH,
    event: {
      seq,
      id: `019b8ce6-1400-7000-8000-${String(seq).padStart(12, "0")}`,
      at: new Date(Date.now()).toISOString(),
      monoMs: Math.round(uptime() * 1000),
      clock: "synced",
      type: "notice",
      data: { kind: "bench", text: "x".repeat(300) },
    },
  };
}
