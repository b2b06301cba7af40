import type { Clock } from "#lib/clock";
import type { Link, Way } from "./link.ts";

/** What a socket tells its owner, always from the clock. */
export interface SocketHandlers<Received> {
  onPacket(packet: Received): void;
  /** The connection has ended, and not by the owner's wish. */
  onEnd(reason: string): void;
}

/** How long data may stay undelivered until TCP gives the connection up (TCP_USER_TIMEOUT). */
const WRITE_TIMEOUT_MS = 60_000;
const RETRANSMIT_MS_MIN = 200;
const RETRANSMIT_MS_MAX = 15_000;

interface Segment<Sent> {
  readonly content: Sent | typeof FIN;
  readonly sentAtMs: number;
  attempts: number;
  hasArrived: boolean;
}

const FIN = Symbol("FIN");

/**
 * One end of a TCP connection whose segments are packets. What is sent arrives complete and in order or not at all:
 * a lost segment is sent again after a growing pause and holds up what follows it. Neither end knows of the other's
 * fate unless a segment tells it, so half-open connections arise by themselves. As with a real kernel, data that was
 * handed over is sent on after `close`, and a closed end answers data with a reset.
 */
export class SimulatedSocket<Sent, Received> {
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #way: Way;
  #handlers: SocketHandlers<Received> | undefined;
  #peer!: SimulatedSocket<Received, Sent>;
  /** Undelivered segments in sending order; the first holds up the others. */
  readonly #queue: Segment<Sent>[] = [];
  /** `closed` still delivers what it was given, `aborted` does not; `silent` does not even answer. */
  #state: "open" | "closed" | "aborted" | "silent" = "open";

  constructor(clock: Clock, link: Link, way: Way) {
    this.#clock = clock;
    this.#link = link;
    this.#way = way;
  }

  /** Two connected ends with `link` between them, as after a TCP handshake: the client's and the server's. */
  static pair<Up, Down>(clock: Clock, link: Link): [SimulatedSocket<Up, Down>, SimulatedSocket<Down, Up>] {
    const client = new SimulatedSocket<Up, Down>(clock, link, "up");
    const server = new SimulatedSocket<Down, Up>(clock, link, "down");
    client.#peer = server;
    server.#peer = client;
    return [client, server];
  }

  listen(handlers: SocketHandlers<Received>): void {
    this.#handlers = handlers;
  }

  send(packet: Sent): void {
    if (this.#state === "open") this.#enqueue(packet);
  }

  /** Ends this end; what was sent still goes out, then the other end learns of it. Nothing is heard any more. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#enqueue(FIN);
  }

  /** Ends this end and recalls what has not arrived; the other end learns of it when it sends something. */
  abort(): void {
    this.#state = "aborted";
  }

  /** This end loses its power: nothing more leaves it, and the other end is not told. */
  silence(): void {
    this.#state = "silent";
  }

  /** Whatever lies between forgets the connection: nothing passes any more, and neither end is told. */
  forget(): void {
    this.#state = "silent";
    this.#peer.#state = "silent";
  }

  #enqueue(content: Sent | typeof FIN): void {
    const segment: Segment<Sent> = { content, sentAtMs: this.#clock.nowMs(), attempts: 0, hasArrived: false };
    this.#queue.push(segment);
    this.#transmit(segment);
  }

  #transmit(segment: Segment<Sent>): void {
    if (this.#hasStopped()) return;
    if (this.#link.loses(this.#way)) {
      this.#retransmit(segment);
      return;
    }
    const cuts = this.#link.cuts(this.#way);
    this.#clock.after(this.#link.delayMs(), () => {
      const wasCutOff = this.#hasStopped() || cuts !== this.#link.cuts(this.#way);
      if (wasCutOff && !this.#link.outlivesCut()) this.#retransmit(segment);
      else this.#arrive(segment);
    });
  }

  /** Exponential back-off of the retransmission timer: RFC 6298 §5.5. */
  #retransmit(segment: Segment<Sent>): void {
    if (this.#hasStopped()) return;
    const nowMs = this.#clock.nowMs();
    if (nowMs - segment.sentAtMs >= WRITE_TIMEOUT_MS) {
      this.#abandon("no acknowledgement for what was written");
      return;
    }
    const pauseMs = (RETRANSMIT_MS_MIN + 2 * this.#link.delayMsMax()) * 2 ** segment.attempts++;
    this.#clock.after(Math.min(pauseMs, RETRANSMIT_MS_MAX), () => this.#transmit(segment));
  }

  #arrive(segment: Segment<Sent>): void {
    const peer = this.#peer;
    segment.hasArrived = true;
    while (this.#queue[0]?.hasArrived) {
      const { content } = this.#queue.shift()!;
      if (content === FIN) peer.#abandon("the other side closed the connection");
      else peer.#accept(content);
    }
  }

  #accept(packet: Received): void {
    if (this.#state === "open") this.#handlers?.onPacket(packet);
    else if (this.#state !== "silent") this.#reset();
  }

  /** Tells the other end that nobody reads here; such a segment is not repeated when it is lost. */
  #reset(): void {
    const peer = this.#peer;
    if (this.#link.loses(this.#way)) return;
    this.#clock.after(this.#link.delayMs(), () => peer.#abandon("the connection was reset"));
  }

  #abandon(reason: string): void {
    const wasOpen = this.#state === "open";
    if (this.#state !== "silent") this.#state = "aborted";
    if (wasOpen) this.#handlers?.onEnd(reason);
  }

  #hasStopped(): boolean {
    return this.#state === "aborted" || this.#state === "silent";
  }
}
