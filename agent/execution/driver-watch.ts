import { backoff } from "#lib/backoff";
import { repeat, sleep, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Driver, Health, ToolDrivers } from "#drivers/driver";
import type { Control } from "../control/control.ts";
import { senseHealth } from "../core/faults.ts";
import type { NewEvent } from "../core/ports.ts";
import type { DurableJournal } from "../journal/durable-journal.ts";

export interface DriverWatchDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly drivers: ToolDrivers;
  /** Owns the drivers of base and lidar; what it finds of them is journaled here, too. */
  readonly control: Pick<Control, "report">;
  readonly journal: DurableJournal;
}

/** The tools' drivers, reached and kept an eye on. */
export interface DriverWatch extends AsyncDisposable {
  /** Health per tool of the profile: `battery`, `load`, `scanner`. */
  states(): Readonly<Record<string, Health["state"]>>;
}

const LOOK_EVERY_MS = 1000;
const OPEN_BACKOFF = { baseMs: 500, capMs: 10_000 };

/** Opens and enables the drivers, again and again where a device is not there yet, and journals `driver.changed`. */
export function startDriverWatch(deps: DriverWatchDeps): DriverWatch {
  const { clock, log, drivers } = deps;
  const named = Object.entries(drivers).filter((entry): entry is [string, Driver] => entry[1] !== undefined);
  const ended = new AbortController();
  const opening = named.map(([name, driver]) => openDriver(deps, name, driver, ended.signal));
  const known = new Map<string, Health["state"]>();

  async function look(): Promise<void> {
    const tools = named.map(([name, driver]) => [name, driver.health()] as const);
    const senses = Object.entries(senseHealth(deps.control.report()));
    const changed = [...tools, ...senses].flatMap(([name, { state, reason }]): NewEvent[] => {
      if ((known.get(name) ?? "ok") === state) return [];
      known.set(name, state);
      log.info({ driver: name, state, reason }, "driver health changed");
      return [{ type: "driver.changed", data: { driver: name, state, ...(reason === undefined ? {} : { reason }) } }];
    });
    if (changed.length === 0) return;
    try {
      await deps.journal.append(changed);
    } catch (thrown) {
      // A storage in trouble stops the robot by itself; the next change of health is written again.
      if (!(thrown instanceof AgentError)) throw thrown;
      log.warn({ err: thrown }, "driver health could not be journaled");
    }
  }
  const stopLooking = repeat(clock, LOOK_EVERY_MS, () => void look());

  return {
    states: () => Object.fromEntries(named.map(([name, driver]) => [name, driver.health().state])),
    async [Symbol.asyncDispose]() {
      stopLooking();
      ended.abort(new AgentError("cancelled", "the agent ends"));
      await Promise.all(opening);
    },
  };
}

async function openDriver(deps: DriverWatchDeps, name: string, driver: Driver, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  const delays = backoff(OPEN_BACKOFF, deps.rng.fork(name));
  while (!signal.aborted) {
    try {
      await driver.open();
      await driver.enable();
      return;
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      log.warn({ err: thrown, driver: name }, "driver could not be opened, trying again");
      await sleep(clock, delays.next().value, signal).catch(() => undefined);
    }
  }
}
