import { join } from "node:path";
import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { AgentConfig } from "../config.ts";
import { stateWord } from "./core/condition.ts";
import type { Schedule } from "./core/command.ts";
import { importanceOf } from "./core/importance.ts";
import { folded, printable } from "./core/text.ts";
import { eventLine } from "./commands/events.ts";
import type { ConsoleParts, ConsoleSession } from "./console-session.ts";
import { createHost } from "./doors/host.ts";
import { openPinKeeper } from "./doors/pin-keeper.ts";
import { openSocketDoor } from "./doors/socket-door.ts";
import type { LogTail } from "./log-tail.ts";
import type { Technician } from "./technician.ts";

export interface ConsoleDeps {
  readonly config: AgentConfig;
  readonly configFile: string;
  readonly technician: Technician;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly tail: LogTail;
}

/** Steps of the wall clock that the doctor is told of, the newest. */
const CLOCK_STEPS = 20;

/** Where the console of an agent listens. */
export function socketPath({ socket, dataDir }: Pick<AgentConfig, "socket" | "dataDir">): string {
  return socket ?? join(dataDir, "console.sock");
}

/** Where its PINs are kept. */
export function pinPath({ console: { pins }, dataDir }: Pick<AgentConfig, "console" | "dataDir">): string {
  return pins ?? join(dataDir, "pins.json");
}

/** What the doors of a console share, and who is there. */
export interface ConsoleCore {
  readonly parts: ConsoleParts;
  readonly visits: Set<ConsoleSession>;
}

/** The commands of an agent's console, without any door. */
export function createConsole(deps: ConsoleDeps): ConsoleCore {
  const visits = new Set<ConsoleSession>();
  return { parts: partsOf(deps, visits), visits };
}

/** Opens the doors of the console until it is disposed of. Rejects `config.*` when one can't be opened. */
export async function openDoors({ parts, visits }: ConsoleCore, deps: ConsoleDeps): Promise<AsyncDisposable> {
  const { config, clock, log, technician } = deps;
  await using starting = new AsyncDisposableStack();
  const greeting = await greetingOf(technician);
  const shared = { parts, clock, log: log.child({ module: "console" }), visits, greeting: () => greeting() };
  const { socketRole: role, serial } = config.console;
  starting.use(await openSocketDoor({ ...shared, path: socketPath(config), role }));
  if (serial) {
    const { openSerialDoor } = await import("./doors/serial-door.ts");
    starting.use(openSerialDoor({ ...shared, ...serial }));
  }
  const started = starting.move();
  return { [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function partsOf(
  { config, configFile, technician, clock, rng, log, tail }: ConsoleDeps,
  visits: Set<ConsoleSession>,
): ConsoleParts {
  const facts = (): ReturnType<Technician["facts"]> => technician.facts();
  const recent: Technician["recent"] = (count) => technician.recent(count);
  const clockStepsMs: number[] = [];
  technician.onEvents((events) => {
    for (const { type, data } of events) if (type === "clock.synced") clockStepsMs.push(Number(data["stepMs"]));
    clockStepsMs.splice(0, Math.max(0, clockStepsMs.length - CLOCK_STEPS));
  });
  const host = createHost({ configFile, clock, facts, recent, log: tail, clockStepsMs });
  return {
    clock,
    rng: rng.fork("console"),
    facts,
    technician,
    recent,
    host,
    gatekeeper: openPinKeeper({ path: pinPath(config), clock, log }),
    schedule: createSchedule(clock, async (actor) => {
      await technician.record({ actor, command: "reboot", result: "ordered" });
      const why = await host.reboot();
      if (why === undefined) return;
      log.error({ err: why }, "planned reboot failed");
      await technician.record({ actor, command: "reboot", result: "failed" });
    }),
    visits: () => [...visits].map((session) => session.visit()),
  };
}

/** One reboot that is planned, at most. */
function createSchedule(clock: Clock, reboot: (actor: string) => Promise<void>): Schedule {
  let stop: (() => void) | undefined;
  const cancel = (): boolean => {
    stop?.();
    const wasPlanned = stop !== undefined;
    stop = undefined;
    return wasPlanned;
  };
  return {
    plan(seconds, actor) {
      cancel();
      stop = clock.after(seconds * 1000, () => {
        stop = undefined;
        void reboot(actor);
      });
    },
    cancel,
  };
}

const NOTES = 3;
const LOOK_BACK = 200;

/** Who this is, how it is, and what was last bad: the first thing that somebody with a cable wants to know. */
async function greetingOf(technician: Technician): Promise<() => readonly string[]> {
  const bad = (await technician.recent(LOOK_BACK)).filter((event) => importanceOf(event) === "error");
  technician.onEvents((events) => {
    bad.push(...events.filter((event) => importanceOf(event) === "error"));
    bad.splice(0, Math.max(0, bad.length - NOTES));
  });
  return () => {
    const facts = technician.facts();
    const { deviceId, kind, software } = facts.identity;
    const first = `${deviceId}, ${kind}, ${software}, ${stateWord(facts)}; help lists commands`;
    const notes = bad.slice(-NOTES).map((event) => `! ${event.at.slice(0, 10)} ${eventLine(event)}`);
    return [first, ...notes].flatMap((line) => folded(printable(line)));
  };
}
