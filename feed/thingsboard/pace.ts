import type { Rate } from "./session-limits.ts";

/** Messages bunch up on their way, so only this share of what is allowed is used. */
const SHARE_USED = 0.8;

/**
 * Keeps within rates: in no window of time is more taken than a share of its count. It remembers what was taken over changes of
 * the rates, as the server does over reconnections.
 */
export class Pace {
  #windows: Window[] = [];

  /** From now on these rates hold. */
  adopt(rates: readonly Rate[]): void {
    this.#windows = rates.map((rate) => {
      const known = this.#windows.find(({ rate: { windowMs } }) => windowMs === rate.windowMs);
      return new Window(rate, known);
    });
  }

  /** The largest amount that may be taken at once. */
  atOnceMax(): number {
    return Math.min(...this.#windows.map(({ allowed }) => allowed));
  }

  /** Milliseconds until `amount`, at most `atOnceMax()`, may be taken; 0 when it may be now. */
  waitMs(amount: number, nowMs: number): number {
    return Math.max(0, ...this.#windows.map((window) => window.waitMs(amount, nowMs)));
  }

  take(amount: number, nowMs: number): void {
    for (const window of this.#windows) window.take(amount, nowMs);
  }
}

interface Taken {
  readonly amount: number;
  readonly atMs: number;
}

class Window {
  readonly rate: Rate;
  readonly allowed: number;
  #taken: Taken[];
  #sum: number;

  constructor(rate: Rate, before: Window | undefined) {
    this.rate = rate;
    this.allowed = Math.max(1, Math.floor(rate.count * SHARE_USED));
    this.#taken = before ? [...before.#taken] : [];
    this.#sum = before ? before.#sum : 0;
  }

  waitMs(amount: number, nowMs: number): number {
    this.#forget(nowMs);
    let excess = this.#sum + amount - this.allowed;
    for (const { amount: old, atMs } of this.#taken) {
      if (excess <= 0) return 0;
      excess -= old;
      if (excess <= 0) return atMs + this.rate.windowMs - nowMs;
    }
    return 0;
  }

  take(amount: number, nowMs: number): void {
    this.#taken.push({ amount, atMs: nowMs });
    this.#sum += amount;
  }

  #forget(nowMs: number): void {
    const first = this.#taken.findIndex(({ atMs }) => atMs + this.rate.windowMs > nowMs);
    const gone = this.#taken.splice(0, first < 0 ? this.#taken.length : first);
    this.#sum -= gone.reduce((sum, { amount }) => sum + amount, 0);
  }
}
