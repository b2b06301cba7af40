import { expect, it } from "vitest";
import { createCleaningHead } from "./cleaning-head.ts";
import type { DigitalIo } from "./driver.ts";

it("switches a cleaning head on in order, and off in the opposite one", async () => {
  const switched: string[] = [];
  const io: DigitalIo = {
    name: "board",
    open: async () => undefined,
    enable: async () => undefined,
    disable: async () => undefined,
    health: () => ({ state: "ok", errors: 0 }),
    latest: () => undefined,
    set: async (output, isOn) => void switched.push(`${output} ${isOn}`),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const head = createCleaningHead(io, ["suction", "brush"]);
  await head.start();
  await head.stop();
  expect(switched).toEqual(["suction true", "brush true", "brush false", "suction false"]);
});
