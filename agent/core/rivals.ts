import type { Presence } from "#contract/messages";

/** Signs within this time count together, and the last of them is remembered for as long. */
const WINDOW_MS = 600_000;
/** A predecessor of this program leaves one session behind, its late will perhaps another; only somebody alive makes more. */
const SIGNS = 3;

/**
 * Whether somebody else lives under this device's name: a second device with the same `deviceId`, or a cloned card. Each takes
 * the connection from the other whenever it connects, so the signs are sessions on the own topic `presence` that this program
 * never had, and brokers (MQTT 5) that say that the session was taken over.
 */
export class Rivals {
  readonly #own = new Set<string>();
  /** Foreign sessions and takeovers, by when they were last noticed. */
  readonly #signs = new Map<string, number>();
  #takeovers = 0;

  /** This program connects under the name of this session. */
  began(session: string): void {
    this.#own.add(session);
    this.#trim(this.#own);
  }

  /** A presence of this device was heard, retained or not. */
  heard({ session }: Presence, nowMs: number): void {
    if (!this.#own.has(session)) this.#sign(session, nowMs);
  }

  /** The broker gave the session to somebody else. */
  takenOver(nowMs: number): void {
    this.#sign(`takeover ${++this.#takeovers}`, nowMs);
  }

  /** Whether the signs of the last ten minutes can't be explained by this program and its predecessor. */
  areThere(nowMs: number): boolean {
    for (const [sign, atMs] of this.#signs) if (nowMs - atMs > WINDOW_MS) this.#signs.delete(sign);
    return this.#signs.size >= SIGNS;
  }

  #sign(sign: string, nowMs: number): void {
    this.#signs.set(sign, nowMs);
    this.#trim(this.#signs);
  }

  /** Keeps the newest. */
  #trim(kept: Set<string> | Map<string, number>): void {
    for (const oldest of kept.keys()) {
      if (kept.size <= REMEMBERED) return;
      kept.delete(oldest);
    }
  }
}

const REMEMBERED = 100;
