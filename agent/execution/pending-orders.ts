import type { Clock } from "#lib/clock";
import type { Event } from "#contract/event";

/** An order that has not reached the journal by then never will; the cloud sends it again. */
const PENDING_MS = 10_000;

/** Events after which the folded state says what an order had announced. */
const STOPPING: ReadonlySet<string> = new Set(["contract.held", "contract.cancelled", "contract.revoked"]);

/** Contracts that an order is about to stop: nothing begins for them until the journal has it. */
export class PendingOrders {
  readonly #clock: Clock;
  readonly #sinceMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(contractId: string): void {
    this.#sinceMs.set(contractId, this.#clock.nowMs());
  }

  has(contractId: string): boolean {
    return this.#sinceMs.has(contractId);
  }

  /** The order was refused, or changes nothing. */
  drop(contractId: string): void {
    this.#sinceMs.delete(contractId);
  }

  /** Drops what the journal knows now. */
  hear(events: readonly Event[]): void {
    for (const { type, contractId } of events) {
      if (contractId !== undefined && STOPPING.has(type)) this.drop(contractId);
    }
  }

  /** Drops what never came. */
  look(): void {
    const nowMs = this.#clock.nowMs();
    for (const [contractId, sinceMs] of this.#sinceMs) {
      if (nowMs - sinceMs >= PENDING_MS) this.drop(contractId);
    }
  }
}
