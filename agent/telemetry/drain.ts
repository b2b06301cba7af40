import { backoff } from "#lib/backoff";
import { repeat, timestamp, type Cancel, type Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { batchesOf, unpackBlock } from "#contract/io/block-codec";
import { WIRE_VERSION, type Ack, type Telemetry } from "#contract/messages";
import { COLUMNS_ENCODING } from "#contract/telemetry-columns";
import { DelayWindow } from "./delay-window.ts";
import type { StoredBlock, StoredLane, TelemetryFill, TelemetryStore } from "./store.ts";

export interface DrainDeps {
  readonly store: TelemetryStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly deviceId: string;
  /** Resolves when the broker has the message; rejects when the connection ends first. */
  readonly publish: (payload: string) => Promise<void>;
  /** Whether events wait to be sent: they go first. */
  readonly isJournalWaiting: () => boolean;
  readonly limits: DrainLimits;
}

/** What a link may be used for. */
export interface DrainLimits {
  /** Where the link costs: backlog beyond this waits. No limit unless given. */
  readonly bytesPerSecond?: number;
  /** A backlog begins so late at most after each connect, so that a fleet that returns together does not send together. */
  readonly startJitterMs: number;
}

/** How far the drain of this connection has come. */
export interface DrainProgress {
  readonly inFlightBytes: number;
  readonly windowBytes: number;
  readonly sentBlocks: number;
  readonly sentBytes: number;
}

/** In the order in which they are sent. */
const LANES: readonly StoredLane[] = ["backfill", "logs"];
const LOOK_MS = 1000;
const READ_BYTES = 131_072;
/** Sent and not committed by the cloud yet; more is not sent. */
const UNCOMMITTED_MAX = 512;
const NO_PROGRESS_MS = 10_000;
const RESEND = { baseMs: 10_000, capMs: 120_000 };
/** A grant below this is taken for this: an ack that lifts a grant of 0 might never come. */
const GRANT_MIN_BYTES_PER_SECOND = 256;
/** So much is a backlog; less is sent at once. */
const BACKLOG_BLOCKS = 8;

interface Cursor {
  /** Newest sent, newest committed by the cloud. */
  sent: number;
  committed: number;
  /** Read and not sent yet. */
  queue: StoredBlock[];
}

/**
 * Sends what is stored, of one connection: oldest first, behind the journal, never more at once than the network carries
 * without queueing. Begins when the cloud has said how far it is.
 */
export class Drain {
  readonly #deps: DrainDeps;
  readonly #window = new DelayWindow();
  readonly #cursors = new Map<StoredLane, Cursor>();
  readonly #stopLooking: Cancel;
  #state: "unacquainted" | "idle" | "sending" | "ended" = "unacquainted";
  #storeName = "";
  #isPacking = false;
  #grant = Infinity;
  #freeAtMs = 0;
  #progressAtMs: number;
  #patienceMs = NO_PROGRESS_MS;
  #resends: Generator<number, never>;
  #sent = { blocks: 0, bytes: 0 };

  constructor(deps: DrainDeps) {
    this.#deps = deps;
    this.#progressAtMs = deps.clock.nowMs();
    this.#resends = backoff(RESEND, deps.rng);
    this.#stopLooking = repeat(deps.clock, LOOK_MS, () => this.wake());
  }

  /** What the cloud has committed and takes; the first one of a connection starts the drain. */
  async acked(ack: Pick<Ack, "telemetry" | "accepts" | "grantBytesPerSecond">): Promise<void> {
    this.#isPacking = ack.accepts?.includes(COLUMNS_ENCODING) ?? false;
    const grant = ack.grantBytesPerSecond;
    this.#grant = grant === undefined ? Infinity : Math.max(GRANT_MIN_BYTES_PER_SECOND, grant);
    if (this.#state === "unacquainted") await this.#begin();
    for (const lane of LANES) {
      const entry = ack.telemetry?.find((known) => known.lane === lane && known.store === this.#storeName);
      if (entry) await this.#commit(lane, entry.blockSeq);
    }
    this.wake();
  }

  /** Sends what there is to send; to be called whenever something may have changed. */
  wake(): void {
    if (this.#state !== "idle") return;
    this.#state = "sending";
    void this.#send();
  }

  end(): void {
    this.#state = "ended";
    this.#stopLooking();
  }

  progress(): DrainProgress {
    return {
      inFlightBytes: this.#window.inFlight,
      windowBytes: Math.round(this.#window.bytes),
      sentBlocks: this.#sent.blocks,
      sentBytes: this.#sent.bytes,
    };
  }

  async #begin(): Promise<void> {
    const { store, clock, rng, limits } = this.#deps;
    const fill: TelemetryFill = await store.fill();
    if (this.#state !== "unacquainted") return;
    this.#storeName = fill.store;
    for (const { lane, ackedSeq } of fill.lanes) {
      this.#cursors.set(lane, { sent: ackedSeq, committed: ackedSeq, queue: [] });
    }
    const backlog = fill.lanes.reduce((sum, { waiting }) => sum + waiting, 0);
    if (backlog > BACKLOG_BLOCKS) this.#freeAtMs = clock.nowMs() + rng.float() * limits.startJitterMs;
    this.#state = "idle";
  }

  async #commit(lane: StoredLane, seq: number): Promise<void> {
    const cursor = this.#cursors.get(lane);
    if (!cursor) return;
    if (seq < cursor.committed) {
      // The cloud lacks what it once had: what is still kept is sent again, as the continuation of what it has.
      this.#deps.log.warn({ lane, seq, committed: cursor.committed }, "cloud has less telemetry than it had");
      this.#cursors.set(lane, { sent: seq, committed: seq, queue: [] });
      return;
    }
    if (seq === cursor.committed) return;
    this.#noteProgress();
    cursor.committed = seq;
    if (seq > cursor.sent) Object.assign(cursor, { sent: seq, queue: [] });
    await this.#deps.store.acknowledge(lane, seq);
  }

  #noteProgress(): void {
    this.#progressAtMs = this.#deps.clock.nowMs();
    this.#patienceMs = NO_PROGRESS_MS;
    this.#resends = backoff(RESEND, this.#deps.rng);
  }

  /** Falls idle in the same turn in which it finds nothing to do. */
  async #send(): Promise<void> {
    try {
      while (this.#state === "sending") {
        this.#resendIfStuck();
        const block = await this.#next();
        if (!block || this.#isEnded() || !this.#maySend(block)) break;
        this.#take(block);
      }
    } catch (thrown) {
      this.#deps.log.warn({ err: thrown }, "telemetry could not be read, its sending waits");
    }
    if (this.#state === "sending") this.#state = "idle";
  }

  #isEnded(): boolean {
    return this.#state === "ended";
  }

  /** The block that is to be sent next; it stays in its queue. */
  async #next(): Promise<StoredBlock | undefined> {
    for (const lane of LANES) {
      const cursor = this.#cursors.get(lane);
      if (!cursor) continue;
      if (cursor.queue.length === 0) {
        const blocks = await this.#deps.store.read(lane, cursor.sent, READ_BYTES);
        // An answer of the cloud may have moved the cursor meanwhile.
        if (this.#cursors.get(lane) !== cursor || blocks[0]?.after !== cursor.sent) continue;
        if (blocks[0].store !== this.#storeName) {
          // The database was begun anew; what the cloud has of it is told by its next answer.
          this.#state = "unacquainted";
          return undefined;
        }
        cursor.queue = [...blocks];
      }
      const [first] = cursor.queue;
      if (first) return first;
    }
    return undefined;
  }

  #maySend({ lane, seq, body }: StoredBlock): boolean {
    const { clock, isJournalWaiting } = this.#deps;
    const cursor = this.#cursors.get(lane)!;
    const isBehind = seq - cursor.committed > UNCOMMITTED_MAX && cursor.sent > cursor.committed;
    return !isJournalWaiting() && !isBehind && clock.nowMs() >= this.#freeAtMs && this.#window.hasRoom(body.length);
  }

  #take(block: StoredBlock): void {
    const { clock, limits } = this.#deps;
    const cursor = this.#cursors.get(block.lane)!;
    if (cursor.sent === cursor.committed) this.#progressAtMs = clock.nowMs();
    cursor.queue.shift();
    cursor.sent = block.seq;
    const payload = this.#payloadOf(block);
    const bytesPerSecond = Math.min(this.#grant, limits.bytesPerSecond ?? Infinity);
    const nowMs = clock.nowMs();
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (payload.length / bytesPerSecond) * 1000;
    this.#sent = { blocks: this.#sent.blocks + 1, bytes: this.#sent.bytes + payload.length };
    if (this.#freeAtMs > nowMs) clock.after(this.#freeAtMs - nowMs, () => this.wake());
    void this.#publish(payload, nowMs);
  }

  /** The broker's answer makes room for the next; only the cloud's ack lets anything be forgotten. */
  async #publish(payload: string, sentAtMs: number): Promise<void> {
    this.#window.sent(payload.length);
    try {
      await this.#deps.publish(payload);
      this.#window.acknowledged(payload.length, sentAtMs, this.#deps.clock.nowMs());
    } catch (thrown) {
      this.#window.lost(payload.length);
      this.#deps.log.debug({ err: thrown }, "block ended with its connection");
    }
    this.wake();
  }

  #payloadOf(block: StoredBlock): string {
    const { lane, seq, after, base, level, encoding, body } = block;
    const { deviceId } = this.#deps;
    const head = { v: WIRE_VERSION, deviceId, lane, store: this.#storeName, blockSeq: seq, after } as const;
    const { bootId, clock, wallAtZeroMs } = base;
    const message: Telemetry = this.#isPacking
      ? {
          ...head,
          batches: [],
          packed: {
            encoding,
            bootId,
            clock,
            wallAtZero: timestamp(wallAtZeroMs),
            level,
            body: Buffer.from(body).toString("base64"),
          },
        }
      : { ...head, batches: batchesOf(unpackBlock(block), base) };
    return JSON.stringify(message);
  }

  /** What was sent and never committed was lost on its way. */
  #resendIfStuck(): void {
    const isWaiting = [...this.#cursors.values()].some(({ sent, committed }) => sent > committed);
    if (!isWaiting || this.#deps.clock.nowMs() < this.#progressAtMs + this.#patienceMs) return;
    for (const [lane, { committed }] of this.#cursors) {
      this.#cursors.set(lane, { sent: committed, committed, queue: [] });
    }
    this.#progressAtMs = this.#deps.clock.nowMs();
    this.#patienceMs = NO_PROGRESS_MS + this.#resends.next().value;
  }
}
