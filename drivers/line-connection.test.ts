import { expect, it } from "vitest";
import { VirtualClock } from "#lib/virtual-clock";
import { LD19_FORMAT } from "./ld19/codec.ts";
import { connectLine } from "./line-connection.ts";
import type { Line } from "./line.ts";

it("rejects a line that ended before anybody had it, instead of handing out a dead one", async () => {
  const line: Line = { write: () => undefined, drive: () => undefined, close: () => Promise.resolve() };
  const connecting = connectLine({
    clock: new VirtualClock(),
    dial({ onEnd }) {
      const dialled = Promise.resolve(line);
      onEnd("hung up");
      return dialled;
    },
    format: LD19_FORMAT,
    poll: undefined,
    onFrame: () => undefined,
    onEnd: () => undefined,
  });
  await expect(connecting).rejects.toThrow("hung up");
});
