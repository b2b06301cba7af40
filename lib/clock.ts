/** How far the wall clock may be trusted: `unsynced` until NTP or the cloud has set it. */
export type ClockState = "synced" | "unsynced";

/** Ends what it was returned for; calling it twice, or too late, does nothing. */
export type Cancel = () => void;

/**
 * The only source of time. Two clocks, because they answer different questions:
 * `nowMs` never steps and runs on in suspend, so durations, leases and timeouts count on it;
 * `wallMs` is what people and other machines call the time, and it may step.
 */
export interface Clock {
  /** Identifies the boot that `nowMs` counts from; times of different boots do not compare. */
  readonly bootId: string;
  /** Milliseconds since the boot, monotonic (CLOCK_BOOTTIME). */
  nowMs(): number;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
  /** Whether `wallMs` is trusted. */
  state(): ClockState;
  /** Runs `run` once, `delayMs` from now (at once, but never synchronously, if that is zero or negative). */
  after(delayMs: number, run: () => void): Cancel;
}

/** Resolves after `delayMs`; rejects with the signal's reason if that comes first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const stop = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      stop();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Runs `run` every `periodMs` on absolute deadlines, first after one period; deadlines that were missed are skipped,
 * not made up. `run` learns how many milliseconds after its deadline it was called.
 */
export function repeat(clock: Clock, periodMs: number, run: (latenessMs: number) => void): Cancel {
  let dueMs = clock.nowMs() + periodMs;
  let stop: Cancel = clock.after(periodMs, tick);
  let isEnded = false;
  function tick(): void {
    const nowMs = clock.nowMs();
    const latenessMs = Math.max(0, nowMs - dueMs);
    dueMs += periodMs * Math.max(1, Math.ceil((nowMs - dueMs + 1) / periodMs));
    stop = clock.after(dueMs - nowMs, tick);
    run(latenessMs);
    if (isEnded) stop();
  }
  return () => {
    isEnded = true;
    stop();
  };
}

/** RFC 3339 UTC with milliseconds, as every time on the wire is written. */
export function timestamp(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** The clock that XState actors take; `after` delays run on the injected clock. */
export function asXStateClock(clock: Clock): {
  setTimeout: (run: (...args: never[]) => void, delayMs: number) => number;
  clearTimeout: (id: number) => void;
} {
  const running = new Map<number, Cancel>();
  let last = 0;
  return {
    setTimeout: (run, delayMs) => {
      const id = ++last;
      running.set(
        id,
        clock.after(delayMs, () => {
          running.delete(id);
          run();
        }),
      );
      return id;
    },
    clearTimeout: (id) => {
      running.get(id)?.();
      running.delete(id);
    },
  };
}
