import type { Moment } from "../core/lease.ts";

/** More beats than the cloud ever leaves unanswered and still renews a lease for. */
const REMEMBERED = 256;
/** A program makes fewer beats than this, so no beat number ever comes twice. */
const BEATS_PER_START = 1_000_000_000;

/**
 * Numbers the presences and remembers when each was sent. A number is never used again, not even by a later start of the
 * program: an answer that comes late must not renew a lease from a moment at which something else was sent.
 */
export class BeatCounter {
  #last: number;
  readonly #sentAt = new Map<number, Moment>();

  /** `starts` counts the starts of this program on its store. */
  constructor(starts: number) {
    this.#last = starts * BEATS_PER_START;
  }

  /** The number of a presence that is sent at `moment`. */
  next(moment: Moment): number {
    this.#sentAt.set(++this.#last, moment);
    this.#sentAt.delete(this.#last - REMEMBERED);
    return this.#last;
  }

  /** When the beat was sent, or undefined for one that is too old or not of this program. */
  sentAt(beat: number): Moment | undefined {
    return this.#sentAt.get(beat);
  }
}
