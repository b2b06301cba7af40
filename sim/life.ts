import type { Store } from "#agent/store";
import type { Clock } from "#lib/clock";

/**
 * One life of a simulated process. JavaScript can't kill a part of itself, so everything that reaches a process goes through
 * its life: after `end` no timer fires, no promise settles and no store is written, and whatever still runs is cut off from the world.
 */
export class Life {
  #state: "alive" | "ended" = "alive";

  get isAlive(): boolean {
    return this.#state === "alive";
  }

  end(): void {
    this.#state = "ended";
  }

  /** The clock with timers that die with this life. */
  clock(clock: Clock): Clock {
    return {
      bootId: clock.bootId,
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      state: () => clock.state(),
      after: (delayMs, run) => clock.after(delayMs, () => this.isAlive && run()),
    };
  }

  /** The promise's outcome while this life lasts; nothing afterwards. */
  during<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.isAlive && resolve(value),
        (thrown: unknown) => this.isAlive && reject(thrown as Error),
      );
    });
  }

  /** The store as this life may use it; the one behind it stays open for the next life. */
  store(store: Store): Store {
    const attempt = <Value>(operate: () => Promise<Value>): Promise<Value> =>
      this.isAlive ? this.during(operate()) : new Promise(() => undefined);
    return {
      load: () => attempt(() => store.load()),
      commit: (ops) => attempt(() => store.commit(ops)),
      readJournal: (fromSeq, limit, maxBytes) => attempt(() => store.readJournal(fromSeq, limit, maxBytes)),
      readReply: (inReplyTo) => attempt(() => store.readReply(inReplyTo)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
