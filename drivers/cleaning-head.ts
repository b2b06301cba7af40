import type { CleaningHead, DigitalIo } from "./driver.ts";

/** Brushes, pumps and suction on the named outputs of a board, on in this order and off in the opposite one. */
export function createCleaningHead(io: DigitalIo, outputs: readonly string[]): CleaningHead {
  return {
    name: "cleaning-head",
    open: () => io.open(),
    enable: () => io.enable(),
    disable: () => io.disable(),
    health: () => io.health(),
    async start() {
      for (const output of outputs) await io.set(output, true);
    },
    async stop() {
      for (const output of outputs.toReversed()) await io.set(output, false);
    },
    [Symbol.asyncDispose]: () => io[Symbol.asyncDispose](),
  };
}
