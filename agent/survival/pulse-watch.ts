import { repeat, type Cancel, type Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Store } from "../store.ts";

/** The parts without which a robot can't be trusted to work. */
export type VitalPart = "motion" | "executor" | "store";

export interface PulseDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, "readReplies">;
  /** When the motion loop last reported; undefined before its first report. */
  readonly motionAtMs: () => number | undefined;
  /** When the executor last came to the end of a turn. */
  readonly executorAtMs: () => number;
  /** Called at each look at which all parts have ticked. */
  readonly onAlive: () => void;
  /** Called once when a part has been silent for `GIVE_UP_MS`: only a new start helps. */
  readonly onDead: (error: AgentError) => void;
}

/** Looked at so often. */
export const LOOK_MS = 1000;
/** Silence for which nothing vouches for the program any more. The executor waits for commits, which may take 5 s. */
export const SILENT_MS: Readonly<Record<VitalPart, number>> = { motion: 2000, executor: 8000, store: 8000 };
/** A disk may be slow for long, a thread is not. */
export const GIVE_UP_MS = 30_000;

/**
 * Watches that motion, executor and store all go on, until it is cancelled. A main thread that hangs looks at nothing, so nobody
 * vouches for it either.
 */
export function watchPulses(deps: PulseDeps): Cancel {
  const { clock, log, store, onAlive, onDead } = deps;
  const startedMs = clock.nowMs();
  let storeAtMs = startedMs;
  let isAsked = false;
  let silentBefore = "";
  const askStore = (): void => {
    if (isAsked) return;
    isAsked = true;
    const answered = (): void => {
      isAsked = false;
      storeAtMs = clock.nowMs();
    };
    // A refusal is an answer, too: the store's own faults stop the robot.
    store.readReplies("").then(answered, answered);
  };
  const stop = repeat(clock, LOOK_MS, () => {
    const nowMs = clock.nowMs();
    askStore();
    const atMs = { motion: deps.motionAtMs() ?? startedMs, executor: deps.executorAtMs(), store: storeAtMs };
    const parts = Object.keys(SILENT_MS) as VitalPart[];
    const silent = parts.filter((part) => nowMs - atMs[part] > SILENT_MS[part]);
    if (silent.length === 0) onAlive();
    if (silent.join() !== silentBefore) log.error({ silent }, "vital parts changed between silent and heard");
    silentBefore = silent.join();
    const dead = silent.find((part) => nowMs - atMs[part] > GIVE_UP_MS);
    if (dead === undefined) return;
    stop();
    const error = new AgentError("control.failed", `the ${dead} has been silent for ${GIVE_UP_MS / 1000} s`);
    log.error({ err: messageOf(error) }, "giving up, so that this program is started anew");
    onDead(error);
  });
  return stop;
}
