import type { Cancel, Clock, ClockState } from "./clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
  isLive: boolean;
}

/**
 * Time that moves only when told to: the clock of unit tests and of the simulator. Timers fire in order of
 * their due time, then of their making, so equal programs see equal histories.
 */
export class VirtualClock implements Clock {
  readonly bootId: string;
  readonly #timers: Timer[] = [];
  #nowMs: number;
  #wallOffsetMs: number;
  #order = 0;
  #state: ClockState = "synced";

  /** `wallAtStartMs` is the wall clock at `nowMs` zero; the default is 2026-01-05 08:00 UTC. */
  constructor(options: { bootId?: string; nowMs?: number; wallAtStartMs?: number } = {}) {
    this.bootId = options.bootId ?? "00000000-0000-4000-8000-000000000001";
    this.#nowMs = options.nowMs ?? 0;
    this.#wallOffsetMs = options.wallAtStartMs ?? Date.UTC(2026, 0, 5, 8);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Math.round(this.#wallOffsetMs + this.#nowMs);
  }

  state(): ClockState {
    return this.#state;
  }

  /** Steps the wall clock, as NTP or a technician does; `nowMs` and timers do not notice. */
  stepWall(byMs: number, state: ClockState = this.#state): void {
    this.#wallOffsetMs += byMs;
    this.#state = state;
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run, isLive: true };
    push(this.#timers, timer);
    return () => {
      timer.isLive = false;
    };
  }

  /** Timers that wait, those that were called off and are not forgotten yet included. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** When the next live timer is due, or undefined when none waits. */
  nextDueMs(): number | undefined {
    while (this.#timers[0] && !this.#timers[0].isLive) pop(this.#timers);
    return this.#timers[0]?.dueMs;
  }

  /** Fires the earliest timer if it is due by `untilMs`; says whether one fired. */
  fireNext(untilMs: number): boolean {
    const dueMs = this.nextDueMs();
    if (dueMs === undefined || dueMs > untilMs) return false;
    const timer = pop(this.#timers);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.isLive = false;
    timer.run();
    return true;
  }

  /**
   * Moves to `untilMs` (of `nowMs`), firing what falls due; after each timer `settle` lets promises run on
   * (the simulator passes one that also waits for work in flight).
   */
  async runUntil(untilMs: number, settle: () => Promise<void> = microtasks): Promise<void> {
    await settle();
    while (this.fireNext(untilMs)) await settle();
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Moves on by `byMs`. */
  async advance(byMs: number, settle?: () => Promise<void>): Promise<void> {
    await this.runUntil(this.#nowMs + byMs, settle);
  }
}

const MICROTASK_TURNS = 40;

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < MICROTASK_TURNS; turn++) await Promise.resolve();
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let child = heap.length;
  heap.push(timer);
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isBefore(timer, heap[parent]!)) break;
    heap[child] = heap[parent]!;
    child = parent;
  }
  heap[child] = timer;
}

function pop(heap: Timer[]): Timer {
  const top = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return top;
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[hole] = heap[child]!;
    hole = child;
  }
  heap[hole] = last;
  return top;
}
