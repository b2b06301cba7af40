/** Bytes that may wait in the network beyond what it carries: as much delay as this, which a live message then waits as well. */
const QUEUE_MS_MAX = 80;
const WINDOW_MIN = 4096;
const WINDOW_MAX = 1_048_576;
/** Grown by this in a round trip. */
const STEP_BYTES = 4096;
/** The least delay seen is forgotten after twice this: the route may have changed. */
const BASE_SPAN_MS = 300_000;

/**
 * How many bytes of backlog may be on their way: grows while acknowledgements come about as soon as they ever did, and is halved
 * when they come later, because then messages queue somewhere, live ones behind them. After LEDBAT (RFC 6817), with halving as in TCP. Pure;
 * times are monotonic milliseconds.
 */
export class DelayWindow {
  #bytes = WINDOW_MIN;
  #inFlight = 0;
  #leastMs = Infinity;
  #leastBeforeMs = Infinity;
  #spanEndMs = -Infinity;
  #halvedAtMs = -Infinity;

  /** Bytes on their way, and how many there may be. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether another message fits; the first always does. */
  hasRoom(bytes: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + bytes <= this.#bytes;
  }

  sent(bytes: number): void {
    this.#inFlight += bytes;
  }

  /** A message of that size was acknowledged by the broker. */
  acknowledged(bytes: number, sentAtMs: number, nowMs: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - bytes);
    const delayMs = nowMs - sentAtMs;
    this.#noteDelay(delayMs, nowMs);
    if (delayMs <= Math.min(this.#leastMs, this.#leastBeforeMs) + QUEUE_MS_MAX) {
      this.#bytes = Math.min(WINDOW_MAX, this.#bytes + (STEP_BYTES * bytes) / this.#bytes);
    } else if (sentAtMs >= this.#halvedAtMs) {
      this.#bytes = Math.max(WINDOW_MIN, this.#bytes / 2);
      this.#halvedAtMs = nowMs;
    }
  }

  /** A message was lost with its connection. */
  lost(bytes: number): void {
    this.#inFlight = Math.max(0, this.#inFlight - bytes);
  }

  #noteDelay(delayMs: number, nowMs: number): void {
    if (nowMs >= this.#spanEndMs) {
      this.#leastBeforeMs = this.#leastMs;
      this.#leastMs = Infinity;
      this.#spanEndMs = nowMs + BASE_SPAN_MS;
    }
    this.#leastMs = Math.min(this.#leastMs, delayMs);
  }
}
