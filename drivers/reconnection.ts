import { backoff } from "#lib/backoff";
import type { Cancel, Clock } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Rng } from "#lib/rng";

/** Tries to get a device back, ever more slowly, and leaves one alone for a while that comes and goes. */
export interface Reconnection {
  /** The connection is lost, on which the device was heard or stayed silent. */
  lost(device: "heard" | "silent"): void;
  /** How often the device came back. */
  count(): number;
  /** What is to be said besides why the device is lost: that it is quarantined, or why it could not be reached again. */
  note(): string;
  stop(): void;
}

const BACKOFF = { baseMs: 200, capMs: 5000 };
/** A device that was lost so often within the time is left alone for as long. */
const FLAPS = 5;
const FLAP_WINDOW_MS = 60_000;
const QUARANTINE_MS = 60_000;

/** Calls `connect` until it succeeds, from each loss on. */
export function createReconnection(clock: Clock, rng: Rng, connect: () => Promise<void>): Reconnection {
  const losses: number[] = [];
  let delays = backoff(BACKOFF, rng);
  let stopWaiting: Cancel = () => undefined;
  let state: "idle" | "trying" | "stopped" = "idle";
  let [count, note] = [0, ""];

  async function attempt(): Promise<void> {
    try {
      await connect();
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      note = `; trying again: ${messageOf(thrown)}`;
      if (state === "trying") wait(delays.next().value);
      return;
    }
    if (state === "trying") state = "idle";
    note = "";
    count++;
  }
  function wait(delayMs: number): void {
    stopWaiting = clock.after(delayMs, () => void attempt());
  }

  return {
    lost(device) {
      if (state === "stopped") return;
      if (device === "heard") {
        const nowMs = clock.nowMs();
        losses.push(nowMs);
        while (losses[0]! < nowMs - FLAP_WINDOW_MS) losses.shift();
        delays = backoff(BACKOFF, rng);
      }
      state = "trying";
      if (losses.length >= FLAPS) {
        losses.length = 0;
        note = `; lost ${FLAPS} times in a minute, left alone for ${QUARANTINE_MS / 1000} s`;
        wait(QUARANTINE_MS);
      } else wait(delays.next().value);
    },
    count: () => count,
    note: () => note,
    stop() {
      state = "stopped";
      stopWaiting();
    },
  };
}
