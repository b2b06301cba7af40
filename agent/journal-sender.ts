import type { Cancel, Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { WIRE_VERSION, type JournalBatch } from "#contract/messages";
import { Outbox } from "./core/outbox.ts";
import type { JournalPart } from "./journal.ts";
import type { JournalSlice } from "./store.ts";

export interface JournalSenderDeps {
  readonly journal: JournalPart;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly deviceId: string;
  readonly publish: (payload: string) => void;
}

const BATCH_EVENTS = 200;
const BATCH_BYTES = 64_000;

/** Sends the journal of one session from the last acknowledged event on, as far as the outbox lets it. */
export class JournalSender {
  readonly #deps: JournalSenderDeps;
  #outbox: Outbox;
  #state: "idle" | "sending" | "ended" = "idle";
  #stopTimer: Cancel | undefined;

  constructor(deps: JournalSenderDeps) {
    this.#deps = deps;
    this.#outbox = this.#newOutbox();
  }

  /** Sends what there is to send; to be called whenever something may have changed. */
  wake(): void {
    if (this.#state !== "idle") return;
    this.#state = "sending";
    this.#send()
      .catch((thrown: unknown) => this.#deps.log.warn({ err: thrown }, "journal could not be read for sending"))
      .finally(() => {
        if (this.#state === "sending") this.#state = "idle";
      });
  }

  /** The cloud has committed everything up to `seq` and wants the rest this fast. */
  acked(seq: number, grantBytesPerSecond: number | undefined): void {
    this.#outbox.grant(grantBytesPerSecond);
    this.#outbox.acked(seq, this.#deps.clock.nowMs());
    this.wake();
  }

  /** Begins again after the last acknowledged event, whatever is on its way. */
  restart(): void {
    this.#outbox = this.#newOutbox();
    this.wake();
  }

  end(): void {
    this.#state = "ended";
    this.#stopTimer?.();
  }

  #newOutbox(): Outbox {
    const { journal, clock, rng } = this.#deps;
    return new Outbox(journal.range().ackedSeq, clock.nowMs(), rng);
  }

  async #send(): Promise<void> {
    const { journal, clock } = this.#deps;
    while (this.#state === "sending") {
      const outbox = this.#outbox;
      const step = outbox.next(journal.range().lastSeq, clock.nowMs());
      if (step.kind !== "send") return this.#wakeAt(step.kind === "wait" ? step.untilMs : undefined);
      const slice = await journal.read(step.fromSeq, BATCH_EVENTS, BATCH_BYTES);
      // While the batch was read, an ack may have overtaken it, or a fork renumbered it.
      if (outbox !== this.#outbox || this.#state !== "sending") continue;
      if (!slice) return;
      this.#publish(slice);
    }
  }

  #publish({ bootId, prevHash, events }: JournalSlice): void {
    const { journal, clock, deviceId, publish } = this.#deps;
    const batch: JournalBatch = {
      v: WIRE_VERSION,
      deviceId,
      incarnation: journal.incarnation(),
      bootId,
      prevHash,
      events: [...events],
    };
    const payload = JSON.stringify(batch);
    publish(payload);
    this.#outbox.sent(events.at(-1)!.seq, payload.length, clock.nowMs());
  }

  #wakeAt(dueMs: number | undefined): void {
    this.#stopTimer?.();
    const { clock } = this.#deps;
    this.#stopTimer = dueMs === undefined ? undefined : clock.after(dueMs - clock.nowMs(), () => this.wake());
  }
}
