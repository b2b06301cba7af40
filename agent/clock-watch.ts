import { repeat, timestamp, type Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Journal } from "./core/ports.ts";

const LOOK_MS = 1000;
/** Slewing and rounding stay below this; more is a step. */
const STEP_MS = 500;

/**
 * Writes `clock.synced` when the wall clock is set or steps, so that the times of earlier events can be put right: they
 * carry boot and monotonic time. Ends when it is disposed of.
 */
export function startClockWatch(deps: {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly log: Log;
}): Disposable {
  const { clock, journal, log } = deps;
  let before = { offsetMs: offsetMs(clock), state: clock.state() };
  const stop = repeat(clock, LOOK_MS, () => {
    const now = { offsetMs: offsetMs(clock), state: clock.state() };
    const stepMs = Math.round(now.offsetMs - before.offsetMs);
    const isSet = now.state === "synced" && (before.state === "unsynced" || Math.abs(stepMs) >= STEP_MS);
    before = now;
    if (!isSet) return;
    log.info({ stepMs }, "wall clock was set");
    journal
      .append([{ type: "clock.synced", data: { stepMs, wallAt: timestamp(clock.wallMs()) } }])
      .catch((thrown: unknown) => log.warn({ err: thrown, stepMs }, "step of the wall clock is not stored"));
  });
  return { [Symbol.dispose]: stop };
}

function offsetMs(clock: Clock): number {
  return clock.wallMs() - clock.nowMs();
}
