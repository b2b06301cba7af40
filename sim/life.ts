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

  /** An asynchronous port (such as a store) as this life may use it; what is behind it stays for the next life. */
  port<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        if (name === Symbol.asyncDispose) return () => Promise.resolve();
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (!this.isAlive) return new Promise(() => undefined);
          const answer: unknown = Reflect.apply(member, target, args);
          return answer instanceof Promise ? this.during(answer) : answer;
        };
      },
    });
  }
}
