import { backoff } from "#lib/backoff";
import type { Rng } from "#lib/rng";

/** Batches that may be on their way unanswered. */
const IN_FLIGHT_MAX = 4;
/** No progress for this long means that something was lost, so everything after the last ack is sent again. */
const NO_PROGRESS_MS = 5000;
const RESEND_JITTER = { baseMs: 5000, capMs: 60_000 };
/** A grant below this is taken for this: an ack that lifts a grant of 0 might never come. */
const GRANT_MIN_BYTES_PER_SECOND = 256;

/** What to do next: read and send from a number, or nothing before a moment or an ack. */
export type OutboxStep =
  | { readonly kind: "send"; readonly fromSeq: number }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "done" };

/**
 * Which events are on their way (wire format, section 3.3): a cursor over the journal, moved by the cloud's acks only.
 * Pure; all times are monotonic milliseconds.
 */
export class Outbox {
  readonly #rng: Rng;
  #ackedSeq: number;
  #nextSeq: number;
  /** Last numbers of the batches in flight, ascending. */
  #inFlight: number[] = [];
  #progressAtMs: number;
  #patienceMs = NO_PROGRESS_MS;
  #resendJitter: Generator<number, never>;
  #grantBytesPerSecond = Infinity;
  #freeAtMs = 0;

  /** Everything after `ackedSeq` is to be sent. */
  constructor(ackedSeq: number, nowMs: number, rng: Rng) {
    this.#rng = rng;
    this.#ackedSeq = ackedSeq;
    this.#nextSeq = ackedSeq + 1;
    this.#progressAtMs = nowMs;
    this.#resendJitter = backoff(RESEND_JITTER, rng);
  }

  /** The step of this moment for a journal that ends with `lastSeq`; going back to resend happens here. */
  next(lastSeq: number, nowMs: number): OutboxStep {
    if (this.#inFlight.length > 0 && nowMs >= this.#resendAtMs()) this.#goBack(nowMs);
    if (this.#nextSeq > lastSeq || this.#inFlight.length >= IN_FLIGHT_MAX) {
      return this.#inFlight.length > 0 ? { kind: "wait", untilMs: this.#resendAtMs() } : { kind: "done" };
    }
    if (nowMs < this.#freeAtMs) return { kind: "wait", untilMs: this.#freeAtMs };
    return { kind: "send", fromSeq: this.#nextSeq };
  }

  /** Whether events of a journal that ends with `lastSeq` have not been handed to the network. */
  hasUnsent(lastSeq: number): boolean {
    return this.#nextSeq <= lastSeq;
  }

  /** A batch up to `lastSeq` of that many bytes was handed to the network. */
  sent(lastSeq: number, bytes: number, nowMs: number): void {
    if (this.#inFlight.length === 0) this.#progressAtMs = nowMs;
    this.#inFlight.push(lastSeq);
    this.#nextSeq = lastSeq + 1;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes / this.#grantBytesPerSecond) * 1000;
  }

  /** The cloud has committed everything up to `seq`. */
  acked(seq: number, nowMs: number): void {
    if (seq <= this.#ackedSeq) return;
    this.#ackedSeq = seq;
    this.#nextSeq = Math.max(this.#nextSeq, seq + 1);
    this.#inFlight = this.#inFlight.filter((last) => last > seq);
    this.#progressAtMs = nowMs;
    this.#patienceMs = NO_PROGRESS_MS;
    this.#resendJitter = backoff(RESEND_JITTER, this.#rng);
  }

  /** How fast the cloud wants it; undefined is as fast as it goes. */
  grant(bytesPerSecond: number | undefined): void {
    this.#grantBytesPerSecond =
      bytesPerSecond === undefined ? Infinity : Math.max(GRANT_MIN_BYTES_PER_SECOND, bytesPerSecond);
  }

  #resendAtMs(): number {
    return this.#progressAtMs + this.#patienceMs;
  }

  #goBack(nowMs: number): void {
    this.#nextSeq = this.#ackedSeq + 1;
    this.#inFlight = [];
    this.#progressAtMs = nowMs;
    this.#patienceMs = NO_PROGRESS_MS + this.#resendJitter.next().value;
  }
}
