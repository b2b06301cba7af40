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
  const head = createCleaningHead(io, { brush: ["brush"], vacuum: ["suction"], water: ["pump"] });
  await head.start(["brush", "vacuum"]);
  expect(switched.splice(0)).toEqual(["pump false", "suction true", "brush true"]);
  await head.stop();
  expect(switched).toEqual(["brush false", "pump false", "suction false"]);
});
