import type { Rng } from "./rng.ts";

export interface BackoffOptions {
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** Upper bound of every delay. */
  readonly capMs: number;
  /** What the bound is multiplied by after each attempt; 2 unless given. */
  readonly factor?: number;
}

/**
 * Delays before the attempts 1, 2, 3, … with full jitter: uniform in [0, min(cap, base * factor^n)].
 * Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function* backoff(options: BackoffOptions, rng: Rng): Generator<number, never> {
  const { baseMs, capMs, factor = 2 } = options;
  for (let bound = baseMs; ; bound = Math.min(capMs, bound * factor)) {
    yield Math.round(rng.float() * Math.min(capMs, bound));
  }
}
