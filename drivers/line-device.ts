import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { Driver, Health } from "./driver.ts";
import type { FrameFormat } from "./framing/frame-decoder.ts";
import type { Dial, Line } from "./line.ts";
import { connectLine, type LineConnection, type LineConnectionOptions } from "./line-connection.ts";
import { createReconnection, type Reconnection } from "./reconnection.ts";

export interface LineDeviceOptions<Frame> {
  readonly name: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly dial: Dial;
  /** Made anew for each connection. */
  readonly format: () => FrameFormat<Frame>;
  /** So long without a good frame means that the device is lost; Infinity for devices that speak when they have something to say. */
  readonly silentMs: number;
  /** Takes a good frame that came at `atMs`. */
  readonly onFrame: (frame: Frame, atMs: number) => void;
  /** Says hello on a new connection; must move nothing. */
  readonly greet?: (line: Line) => void;
  /** Asks on and on, where a device speaks only when it is spoken to. */
  readonly poll?: LineConnectionOptions<Frame>["poll"];
  /** Lets the device act; called again after a reconnection. */
  readonly onEnable?: (line: Line) => void;
  /** Ends acting: brakes, switches off. */
  readonly onDisable?: (line: Line) => void;
  /** Called when the connection is lost. */
  readonly onLost?: () => void;
  /** Why the device can't be trusted although it speaks. */
  readonly fault?: () => Pick<Health, "state" | "reason"> | undefined;
}

/** A device behind a line: the lifecycle of a driver, kept connected by itself from `open` to disposal. */
export interface LineDevice extends Driver {
  readonly isEnabled: () => boolean;
  /** Throws `driver.down` with the reason unless the device is open and reachable. */
  readonly assertReachable: () => void;
  /** The connection of this moment. */
  readonly line: () => Line | undefined;
  /** Counts something that failed. */
  readonly countError: () => void;
}

/** A device that was only just connected, or a board that only just started, may take so long. */
const FIRST_FRAME_MS = 5000;
/** Silence is looked for so often in its own length. */
const LOOKS_PER_SILENCE = 4;
/** Above this share of garbage a line is not to be relied on. */
const GARBAGE_SHARE_MAX = 0.1;

/** The driver's side of a device that is reached by `dial`. */
export function createLineDevice<Frame>(options: LineDeviceOptions<Frame>): LineDevice {
  const supervised = new Supervised(options);
  return {
    name: options.name,
    open: () => supervised.open(),
    enable: () => supervised.enable(),
    disable: () => supervised.disable(),
    health: () => supervised.health(),
    isEnabled: () => supervised.isEnabled(),
    assertReachable: () => supervised.assertReachable(),
    line: () => supervised.line(),
    countError: () => supervised.countError(),
    [Symbol.asyncDispose]: () => supervised.dispose(),
  };
}

class Supervised<Frame> {
  readonly #options: LineDeviceOptions<Frame>;
  readonly #reconnection: Reconnection;
  #state: "closed" | "open" | "enabled" | "disposed" = "closed";
  #connection: LineConnection | undefined;
  #lostReason = "";
  #lastFrameMs: number | undefined;
  #errors = 0;
  /** Of the connections before this one. */
  #past = { frames: 0, garbageBytes: 0 };
  #stopWatching: Cancel = () => undefined;
  #onFirstFrame: (() => void) | undefined;

  constructor(options: LineDeviceOptions<Frame>) {
    this.#options = options;
    this.#reconnection = createReconnection(options.clock, options.rng, () => this.#connect());
  }

  async open(): Promise<void> {
    if (this.#state === "disposed") this.assertReachable();
    if (this.#state !== "closed") return;
    await this.#connect();
    try {
      await this.#hearFirst();
    } catch (thrown) {
      await this.#drop();
      throw thrown;
    }
    if (this.#state !== "closed") return;
    this.#state = "open";
    if (!this.#connection) this.#reconnection.lost("silent");
    if (this.#speaks()) {
      const everyMs = this.#options.silentMs / LOOKS_PER_SILENCE;
      this.#stopWatching = repeat(this.#options.clock, everyMs, () => this.#look());
    }
  }

  async enable(): Promise<void> {
    this.assertReachable();
    if (this.#state === "enabled") return;
    this.#state = "enabled";
    assert(this.#connection, "what is reachable is connected");
    this.#options.onEnable?.(this.#connection.line);
  }

  async disable(): Promise<void> {
    if (this.#state !== "enabled") return;
    this.#state = "open";
    if (this.#connection) this.#options.onDisable?.(this.#connection.line);
  }

  async dispose(): Promise<void> {
    await this.disable();
    this.#state = "disposed";
    this.#stopWatching();
    this.#reconnection.stop();
    await this.#drop();
  }

  health(): Health {
    const { frames, garbageBytes } = this.#connection?.counts() ?? { frames: 0, garbageBytes: 0 };
    const known = {
      errors: this.#errors,
      counters: {
        frames: this.#past.frames + frames,
        garbageBytes: this.#past.garbageBytes + garbageBytes,
        reconnections: this.#reconnection.count(),
      },
      ...(this.#lastFrameMs === undefined ? {} : { lastSampleMs: this.#lastFrameMs }),
    };
    const reason = this.#downReason();
    if (reason !== undefined) return { state: "down", reason, ...known };
    return { ...(this.#options.fault?.() ?? this.#noise() ?? { state: "ok" }), ...known };
  }

  isEnabled(): boolean {
    return this.#state === "enabled";
  }

  assertReachable(): void {
    const reason = this.#downReason();
    if (reason === undefined) return;
    throw new AgentError("driver.down", reason, { retryable: this.#state !== "disposed" });
  }

  line(): Line | undefined {
    return this.#connection?.line;
  }

  countError(): void {
    this.#errors++;
  }

  /** One attempt; rejects when the device can't be reached. */
  async #connect(): Promise<void> {
    const { clock, dial, poll, greet, onEnable } = this.#options;
    const connection = await connectLine({
      clock,
      dial,
      format: this.#options.format(),
      poll,
      onFrame: (frame) => this.#take(frame),
      onEnd: (reason) => this.#lose(reason),
    });
    if (this.#state === "disposed") {
      await connection.close();
      return;
    }
    this.#connection = connection;
    greet?.(connection.line);
    if (this.#state === "enabled") onEnable?.(connection.line);
  }

  #take(frame: Frame): void {
    this.#lastFrameMs = this.#options.clock.nowMs();
    this.#onFirstFrame?.();
    this.#options.onFrame(frame, this.#lastFrameMs);
  }

  #lose(reason: string): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#errors++;
    this.#lostReason = `${this.#options.name}: ${reason}`;
    // Closing may fail as the line did; the next attempt uses a new one in any case.
    this.#drop().catch(() => this.countError());
    this.#options.onLost?.();
    const wasHeard = connection.hasSpoken() || !this.#speaks();
    if (this.#state === "open" || this.#state === "enabled") this.#reconnection.lost(wasHeard ? "heard" : "silent");
  }

  #drop(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return Promise.resolve();
    this.#connection = undefined;
    const { frames, garbageBytes } = connection.counts();
    this.#past = { frames: this.#past.frames + frames, garbageBytes: this.#past.garbageBytes + garbageBytes };
    return connection.close();
  }

  #look(): void {
    if (!this.#connection) return;
    const silenceMs = this.#options.clock.nowMs() - this.#connection.silentSinceMs();
    if (silenceMs > this.#options.silentMs) this.#lose(`nothing that makes sense came for ${Math.round(silenceMs)} ms`);
  }

  /** Resolves with the first good frame; rejects `driver.timeout`. */
  async #hearFirst(): Promise<void> {
    const { name, clock, silentMs } = this.#options;
    if (!this.#speaks() || this.#connection?.hasSpoken()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = clock.after(Math.max(silentMs, FIRST_FRAME_MS), () => {
      reject(new AgentError("driver.timeout", `${name} says nothing that makes sense`, { retryable: true }));
    });
    this.#onFirstFrame = resolve;
    try {
      await promise;
    } finally {
      stop();
      this.#onFirstFrame = undefined;
    }
  }

  /** Whether the device speaks without having anything to say, so that silence tells of its loss. */
  #speaks(): boolean {
    return this.#options.silentMs !== Infinity;
  }

  #downReason(): string | undefined {
    const { name } = this.#options;
    if (this.#state === "disposed") return `${name} is disposed`;
    if (this.#state === "closed") return `${name} is not open`;
    if (!this.#connection) return `${this.#lostReason}${this.#reconnection.note()}`;
    const isWaiting = this.#speaks() && !this.#connection.hasSpoken();
    return isWaiting ? `${this.#lostReason}; its line is back, but it has said nothing yet` : undefined;
  }

  #noise(): Pick<Health, "state" | "reason"> | undefined {
    const share = this.#connection?.garbageShare() ?? 0;
    if (share <= GARBAGE_SHARE_MAX) return undefined;
    return {
      state: "degraded",
      reason: `${this.#options.name}: ${Math.round(100 * share)} % of what comes makes no sense`,
    };
  }
}
