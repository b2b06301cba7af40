import { AgentError } from "#lib/errors";

/** What was heard, in order, and a way to wait for what is still to come. Once it has failed, every wait rejects. */
export class Feed<Item> {
  readonly items: Item[] = [];
  readonly #waiting = new Set<() => void>();
  #failure: string | undefined;

  add(item: Item): void {
    this.items.push(item);
    this.#wake();
  }

  /** Nothing more will come, or something happened that must not. */
  fail(reason: string): void {
    this.#failure ??= reason;
    this.#wake();
  }

  /** The first item that fits, not looking at those before index `from`; rejects, saying `what`, after `withinMs`. */
  find<Found extends Item>(
    what: string,
    fits: ((item: Item) => item is Found) | ((item: Item) => boolean),
    { from = 0, withinMs = 60_000 }: { readonly from?: number; readonly withinMs?: number } = {},
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      let next = from;
      const settle = (act: () => void): void => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        act();
      };
      const look = (): void => {
        for (; next < this.items.length; next++) {
          const item = this.items[next]!;
          if (fits(item)) return settle(() => resolve(item as Found));
        }
        const failure = this.#failure;
        if (failure !== undefined) settle(() => reject(new AgentError("cancelled", `${what}: ${failure}`)));
      };
      const giveUp = (): void => reject(new AgentError("cancelled", `${what}: not within ${withinMs / 1000} s`));
      const timer = setTimeout(() => settle(giveUp), withinMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** The first item to come that fits. */
  next(what: string, fits: (item: Item) => boolean, withinMs?: number): Promise<Item> {
    return this.find(what, fits, { from: this.items.length, ...(withinMs === undefined ? {} : { withinMs }) });
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
