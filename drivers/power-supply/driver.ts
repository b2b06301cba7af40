import { z } from "zod";
import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { BatteryDriver, BatterySample } from "../driver.ts";
import { readPowerSupply } from "./codec.ts";

/** The battery of the computer itself, as Linux tells it; `mains` for a terminal that hangs on a cable. */
export const PowerSupplyOptions = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("power-supply"),
    path: z
      .string()
      .regex(/^\/\S+$/, "an absolute path")
      .default("/sys/class/power_supply/BAT0/uevent"),
  }),
  z.strictObject({ driver: z.literal("mains") }),
]);
export type PowerSupplyOptions = z.infer<typeof PowerSupplyOptions>;

export interface PowerSupplyDeps {
  readonly clock: Clock;
  /** Reads a file as text. */
  readonly readText: (path: string) => Promise<string>;
}

const READ_EVERY_MS = 5000;
/** So long without a reading means that the battery is lost. */
const STALE_MS = 30_000;

/** The battery driver. There is nothing to enable. */
export function createPowerSupply(options: PowerSupplyOptions, deps: PowerSupplyDeps): BatteryDriver {
  return options.driver === "mains" ? mains(deps.clock) : battery(options.path, deps);
}

function mains(clock: Clock): BatteryDriver {
  return {
    name: "mains",
    open: () => Promise.resolve(),
    enable: () => Promise.resolve(),
    disable: () => Promise.resolve(),
    health: () => ({ state: "ok", lastSampleMs: clock.nowMs(), errors: 0 }),
    latest: () => ({ atMs: clock.nowMs(), charge: 1, isCharging: true }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function battery(path: string, { clock, readText }: PowerSupplyDeps): BatteryDriver {
  let newest: BatterySample | undefined;
  let problem = "it was not read yet";
  let errors = 0;
  let stopReading: Cancel | undefined;

  async function read(): Promise<void> {
    try {
      const told = readPowerSupply(await readText(path));
      if (told) newest = { ...told, atMs: clock.nowMs() };
      else fail(`${path} does not tell the charge`);
    } catch (thrown) {
      fail(messageOf(thrown));
    }
  }
  function fail(reason: string): void {
    problem = reason;
    errors++;
  }
  return {
    name: "power-supply",
    async open() {
      if (stopReading) return;
      await read();
      if (!newest) throw new AgentError("driver.down", `the battery cannot be read: ${problem}`, { retryable: true });
      stopReading = repeat(clock, READ_EVERY_MS, () => void read());
    },
    enable: () => Promise.resolve(),
    disable: () => Promise.resolve(),
    health() {
      const isFresh = newest !== undefined && clock.nowMs() - newest.atMs <= STALE_MS;
      const sample = newest && { lastSampleMs: newest.atMs };
      return isFresh ? { state: "ok", errors, ...sample } : { state: "down", reason: problem, errors, ...sample };
    },
    latest: () => newest,
    [Symbol.asyncDispose]() {
      stopReading?.();
      stopReading = undefined;
      return Promise.resolve();
    },
  };
}
