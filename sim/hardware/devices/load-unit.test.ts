import { createMemoryLines } from "#drivers/bench/memory-lines";
import type { LoadRig } from "#drivers/conformance-rig";
import { describeLoadHandler } from "#drivers/conformance-tools";
import type { LoadHandler } from "#drivers/driver";
import { createModbusLoad, ModbusLoadOptions } from "#drivers/modbus/load-driver";
import { createRng } from "#lib/rng";
import { setUp, tools } from "../../world/bench.ts";
import { emulateLoadUnit } from "./load-unit.ts";

const options = ModbusLoadOptions.parse({ driver: "modbus-load", path: "/dev/serial/by-id/gripper" });

describeLoadHandler("a load unit on Modbus", async (): Promise<LoadRig> => {
  const setup = setUp({
    sites: [
      { id: "shelf", kind: "rack", pose: [0.9, 0.1, Math.PI], stock: { "SKU-1": 3 } },
      { id: "belt", kind: "conveyor", pose: [0.9, -0.3, Math.PI] },
    ],
    robots: [{ id: "r", pose: [0, 0, 0], load: {} }],
  });
  const { clock, world } = setup;
  const { load } = await tools(setup);
  const { lines, unplug } = createMemoryLines(emulateLoadUnit(options, load!));
  const make = (): LoadHandler => createModbusLoad(options, { clock, rng: createRng(1), lines });
  const driver = make();
  return {
    driver,
    clock,
    sku: "SKU-1",
    from: "shelf",
    to: "belt",
    pass: (durationMs) => clock.advance(durationMs),
    unplug: () => Promise.resolve(unplug()),
    again: () => Promise.resolve(make()),
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      world[Symbol.dispose]();
    },
  };
});
