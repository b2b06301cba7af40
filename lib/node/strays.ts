/** What was thrown where nobody waits for it: by a callback, or by a promise that nobody looks at. */
export interface Strays extends Disposable {
  /** Throws the first of them, if there is any. */
  throwFirst(): void;
}

const EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** Catches strays of this process until disposed; without anybody who does, they end it. */
export function catchStrays(): Strays {
  let first: { readonly thrown: unknown } | undefined;
  const note = (thrown: unknown): void => {
    first ??= { thrown };
  };
  for (const event of EVENTS) process.on(event, note);
  return {
    throwFirst() {
      if (first) throw first.thrown;
    },
    [Symbol.dispose]() {
      for (const event of EVENTS) process.off(event, note);
    },
  };
}
