import { backoff } from "#lib/backoff";
import type { Rng } from "#lib/rng";
import { createTurns } from "#lib/turns";

const BACKOFF = { baseMs: 500, capMs: 60_000 };
/** A missing endpoint or a clock that is off must not turn into a call every millisecond. */
const LEAST_MS = 50;

/**
 * When a planner may be called next. All streams of a sink share it, because a planner that is overloaded is overloaded for
 * all of them: whoever is told to wait makes everybody wait, and delays grow until a call is taken.
 */
export class Pause {
  readonly #rng: Rng;
  #delays: Generator<number, never>;
  #untilMs = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
    this.#delays = backoff(BACKOFF, rng);
  }

  /** Milliseconds to wait from `nowMs`; 0 when it may be called. */
  remainingMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /** One call at a time: what the first is told holds for the second. */
  readonly inTurn = createTurns();

  /** A call was put off. What the planner asks for is a floor; jitter on top keeps a fleet from coming back as one. */
  putOff(nowMs: number, askedMs: number | undefined): void {
    const ownMs = Math.max(LEAST_MS, this.#delays.next().value);
    this.#untilMs = Math.max(this.#untilMs, nowMs + (askedMs ?? 0) + ownMs);
  }

  /** A call was taken. */
  taken(): void {
    this.#delays = backoff(BACKOFF, this.#rng);
  }
}
