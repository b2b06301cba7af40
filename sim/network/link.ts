import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";

/** A direction: from the client to the broker, or back. */
export type Way = "up" | "down";

/** How a link treats what is sent over it; shares are 0 to 1. */
export interface LinkFaults {
  /** One way, uniform between the two. */
  readonly delayMs: readonly [minimum: number, maximum: number];
  /** Share of the segments that are lost each time they are sent. TCP sends them again, so loss is felt as delay. */
  readonly loss: number;
  /** Share of the QoS-1 messages, in either direction, that the broker passes on twice. */
  readonly duplicate: number;
  /** Whether messages of different topics may overtake each other at the broker. */
  readonly reorder: boolean;
  /** Share of the messages that are held somewhere and come that much later, whatever has come meanwhile. */
  readonly late: { readonly share: number; readonly byMs: readonly [minimum: number, maximum: number] };
}

export const HEALTHY: LinkFaults = {
  delayMs: [2, 8],
  loss: 0,
  duplicate: 0,
  reorder: false,
  late: { share: 0, byMs: [0, 0] },
};
/** How long a message may be held while others overtake it, and how much later its duplicate may come. */
const REORDER_MS_MAX = 500;
const DUPLICATE_MS_MAX = 2000;
const BOTH: readonly Way[] = ["up", "down"];

/** The way between one client and the broker, with its weather. */
export class Link {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #heldUntilMs = new Map<string, number>();
  #faults = HEALTHY;
  readonly #partitioned = new Set<Way>();
  readonly #cuts = { up: 0, down: 0 };
  #passed = 0;

  constructor(clock: Clock, rng: Rng) {
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Counts the partitions so far: a segment that left before the last one was under way when it began. */
  cuts(way: Way): number {
    return this.#cuts[way];
  }

  /** Messages that came to the broker over this link or left it. */
  get passed(): number {
    return this.#passed;
  }

  set(faults: Partial<LinkFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
  }

  /** Nothing passes that way, or neither way. */
  partition(only?: Way): void {
    for (const way of only ? [only] : BOTH) {
      if (!this.#partitioned.has(way)) this.#cuts[way]++;
      this.#partitioned.add(way);
    }
  }

  heal(): void {
    this.#partitioned.clear();
  }

  /** Whether a segment that leaves now is lost. */
  loses(way: Way): boolean {
    return this.#partitioned.has(way) || this.#rng.float() < this.#faults.loss;
  }

  /** Whether a segment that was under way when link or sender failed had already passed the break; even odds. */
  outlivesCut(): boolean {
    return this.#rng.chance(1, 2);
  }

  /** One-way delay of the next segment. */
  delayMs(): number {
    return this.#rng.integer(...this.#faults.delayMs);
  }

  /** The longest one-way delay at present. */
  delayMsMax(): number {
    return this.#faults.delayMs[1];
  }

  /** How much later a second copy of a QoS-1 message follows, or undefined for the many that come once. */
  duplicateAfterMs(): number | undefined {
    if (this.#rng.float() >= this.#faults.duplicate) return undefined;
    return this.#rng.integer(0, DUPLICATE_MS_MAX);
  }

  /** Runs `pass` when the broker gets round to a message: in order for each topic, in any order across topics while `reorder` is on. */
  schedule(topic: string, pass: () => void): void {
    this.#passed++;
    const nowMs = this.#clock.nowMs();
    const { late } = this.#faults;
    if (late.share > 0 && this.#rng.float() < late.share) {
      this.#clock.after(this.#rng.integer(...late.byMs), pass);
      return;
    }
    const heldMs = this.#faults.reorder ? this.#rng.integer(0, REORDER_MS_MAX) : 0;
    const dueMs = Math.max(nowMs + heldMs, this.#heldUntilMs.get(topic) ?? nowMs);
    this.#heldUntilMs.set(topic, dueMs);
    this.#clock.after(dueMs - nowMs, pass);
  }
}
