import type { Cancel, Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { WIRE_VERSION, type JournalBatch } from "#contract/messages";
import { Outbox } from "../core/outbox.ts";
import type { JournalPart } from "../journal/journal.ts";
import type { JournalSlice } from "../store.ts";

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
    void this.#send();
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

  /** Whether events wait to be sent. */
  hasUnsent(): boolean {
    return this.#outbox.hasUnsent(this.#deps.journal.range().lastSeq);
  }

  end(): void {
    this.#state = "ended";
    this.#stopTimer?.();
  }

  #newOutbox(): Outbox {
    const { journal, clock, rng } = this.#deps;
    return new Outbox(journal.range().ackedSeq, clock.nowMs(), rng);
  }

  /** Falls idle in the same turn in which it finds nothing to do: a `wake` that comes later is never lost. */
  async #send(): Promise<void> {
    const { journal, clock, log } = this.#deps;
    try {
      while (this.#state === "sending") {
        const outbox = this.#outbox;
        const step = outbox.next(journal.range().lastSeq, clock.nowMs());
        if (step.kind !== "send") return this.#rest(step.kind === "wait" ? step.untilMs : undefined);
        const slice = await journal.read(step.fromSeq, BATCH_EVENTS, BATCH_BYTES);
        // While the batch was read, an ack may have overtaken it, or a fork renumbered it.
        if (this.#isEnded()) return;
        if (outbox !== this.#outbox) continue;
        if (!slice) return this.#rest(undefined);
        this.#publish(slice);
      }
    } catch (thrown) {
      log.warn({ err: thrown }, "journal could not be read, its sending waits for the next beat");
      this.#rest(undefined);
    }
  }

  #isEnded(): boolean {
    return this.#state === "ended";
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

  /** Until something calls `wake`, or until a moment. */
  #rest(untilMs: number | undefined): void {
    if (this.#isEnded()) return;
    this.#state = "idle";
    this.#stopTimer?.();
    const { clock } = this.#deps;
    this.#stopTimer = untilMs === undefined ? undefined : clock.after(untilMs - clock.nowMs(), () => this.wake());
  }
}
