/** Operations under way, so many at once; the first failure is told to whoever adds or waits next. */
export class Flights {
  readonly #max: number;
  readonly #open = new Set<Promise<void>>();
  #failure: { readonly thrown: unknown } | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when there is room for another. */
  async add(operation: Promise<void>): Promise<void> {
    const flight = operation
      .catch((thrown: unknown) => void (this.#failure ??= { thrown }))
      .finally(() => this.#open.delete(flight));
    this.#open.add(flight);
    while (this.#open.size >= this.#max) await Promise.race(this.#open);
    this.#check();
  }

  /** Resolves when all have succeeded. */
  async landed(): Promise<void> {
    await Promise.all(this.#open);
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.thrown;
  }
}
