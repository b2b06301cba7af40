/** Work on a journal: what may share a transaction, and what must be alone. */
export type Work<Item> =
  | { readonly type: "item"; readonly item: Item }
  | { readonly type: "task"; readonly run: () => Promise<void> };

/**
 * Does one thing at a time, in order. Items that wait while something is under way are handled together; that is how
 * appends share a transaction although each continues the numbers of the one before. The first item is handled
 * synchronously when nothing is under way. Neither `handle` nor a task may reject.
 */
export class JournalQueue<Item> {
  readonly #handle: (items: readonly Item[]) => Promise<void>;
  readonly #onIdle: () => void;
  readonly #waiting: Work<Item>[] = [];
  #state: "idle" | "working" = "idle";

  constructor(handle: (items: readonly Item[]) => Promise<void>, onIdle: () => void) {
    this.#handle = handle;
    this.#onIdle = onIdle;
  }

  submit(work: Work<Item>): void {
    this.#waiting.push(work);
    if (this.#state === "idle") void this.#work();
  }

  /** Runs the task while nothing else does; resolves and rejects with it. */
  alone(task: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.submit({ type: "task", run: () => task().then(resolve, reject) });
    });
  }

  async #work(): Promise<void> {
    this.#state = "working";
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.type === "task") await next.run();
      else await this.#handle([next.item, ...this.#takeItems()]);
    }
    this.#state = "idle";
    this.#onIdle();
  }

  #takeItems(): Item[] {
    const items: Item[] = [];
    for (let next = this.#waiting[0]; next?.type === "item"; next = this.#waiting[0]) {
      items.push(next.item);
      this.#waiting.shift();
    }
    return items;
  }
}
