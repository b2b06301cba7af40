import type { CleaningHead, CleaningPart, DigitalIo } from "./driver.ts";

/** Names of the outputs of each part, in the order in which they are switched on; a part without outputs is not there. */
export type CleaningOutputs = Readonly<Partial<Record<CleaningPart, readonly string[]>>>;

/** Brushes, pumps and suction on the named outputs of a board: off in the opposite order, and before others are switched on. */
export function createCleaningHead(io: DigitalIo, outputs: CleaningOutputs): CleaningHead {
  const all = ORDER.flatMap((part) => outputs[part] ?? []);
  return {
    name: "cleaning-head",
    open: () => io.open(),
    enable: () => io.enable(),
    disable: () => io.disable(),
    health: () => io.health(),
    async start(parts) {
      const wanted = ORDER.filter((part) => parts.includes(part)).flatMap((part) => outputs[part] ?? []);
      for (const output of all.toReversed()) if (!wanted.includes(output)) await io.set(output, false);
      for (const output of wanted) await io.set(output, true);
    },
    async stop() {
      for (const output of all.toReversed()) await io.set(output, false);
    },
    [Symbol.asyncDispose]: () => io[Symbol.asyncDispose](),
  };
}

/** Suction runs before there is water to be taken up, and the brush on wet floor only. */
const ORDER = ["vacuum", "water", "brush"] as const;
