import { createActor } from "xstate";
import { asXStateClock, repeat, type Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { ToolDrivers } from "#drivers/driver";
import type { Control } from "../control/control.ts";
import { motionFaults, type Fault } from "../core/faults.ts";
import { modeOf, reasonOf, safetyModeMachine } from "../core/safety-mode-machine.ts";
import type { SafetyMode } from "../core/situation.ts";
import type { DurableJournal } from "../journal/durable-journal.ts";

export interface SafetyDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly control: Control;
  readonly drivers: Pick<ToolDrivers, "battery">;
  readonly journal: DurableJournal;
}

/** How far the robot may act now, by its own health. */
export interface SafetyMonitor extends Disposable {
  mode(): SafetyMode;
  /** Why, where the mode is not `normal`. */
  reason(): string | undefined;
  /** What is wrong with the parts now. */
  faults(): readonly Fault[];
  /** Stops the robot until it is released; said by a human or a button, never by a plan. */
  pressEstop(reason: string): void;
  releaseEstop(): void;
  /** Calls `listener` when the mode has changed. */
  onChange(listener: (mode: SafetyMode) => void): void;
}

/** Every change of health is noticed within this time. */
const LOOK_EVERY_MS = 200;

/** Looks at the robot's health on a tick, moves the safety-mode machine, and journals `safety.changed`. */
export function startSafetyMonitor(deps: SafetyDeps): SafetyMonitor {
  const { clock, log, journal } = deps;
  const listeners: ((mode: SafetyMode) => void)[] = [];
  let estop: Fault | undefined;
  let faults: readonly Fault[] = [];
  const actor = createActor(safetyModeMachine, { clock: asXStateClock(clock) });
  let mode: SafetyMode = "starting";

  actor.subscribe(({ value, context }) => {
    const next = modeOf(value, context.before);
    if (next === mode) return;
    const reason = reasonOf(context.faults);
    log.info({ from: mode, to: next, ...(reason === undefined ? {} : { reason }) }, "safety mode changed");
    mode = next;
    for (const listener of listeners) listener(next);
    void record(journal, log, next, reason);
  });
  actor.start();

  function look(): void {
    const storage = journal.fault();
    const found = [...motionFaults(deps.control.report(), clock.nowMs()), ...batteryFaults(deps.drivers.battery)];
    faults = [...(estop ? [estop] : []), ...(storage ? [storage] : []), ...found];
    actor.send({ type: "observed", faults });
  }
  const stopLooking = repeat(clock, LOOK_EVERY_MS, look);

  return {
    mode: () => mode,
    reason: () => reasonOf(faults),
    faults: () => faults,
    pressEstop(reason) {
      estop = { part: "estop", effect: "stop-now", reason };
      deps.control.stop();
      look();
    },
    releaseEstop() {
      estop = undefined;
    },
    onChange: (listener) => void listeners.push(listener),
    [Symbol.dispose]() {
      stopLooking();
      actor.stop();
    },
  };
}

/** A robot that cannot tell how full its battery is cannot keep the first constraint of any contract. */
function batteryFaults(battery: ToolDrivers["battery"]): readonly Fault[] {
  const health = battery.health();
  if (health.state !== "down") return [];
  return [{ part: "battery", effect: "stop", reason: health.reason ?? "the battery does not report" }];
}

async function record(journal: DurableJournal, log: Log, mode: SafetyMode, reason: string | undefined): Promise<void> {
  try {
    await journal.append([{ type: "safety.changed", data: { mode, ...(reason === undefined ? {} : { reason }) } }]);
  } catch (thrown) {
    // The fault of the storage stops the robot by itself; only the record of this change is missing.
    if (!(thrown instanceof AgentError)) throw thrown;
    log.warn({ err: thrown, mode }, "safety mode could not be journaled");
  }
}
