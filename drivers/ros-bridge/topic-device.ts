import { type Cancel, type Clock, repeat } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Driver, Health, Source } from "../driver.ts";
import type { Listening, RosBridge, TopicName } from "./bridge.ts";
import type { Reading } from "./messages.ts";

export interface TopicDeviceOptions<Sample> {
  readonly name: string;
  readonly clock: Clock;
  readonly bridge: RosBridge;
  readonly topic: TopicName;
  /** So long without a message means that its node is lost; Infinity for topics on which little happens. */
  readonly silentMs: number;
  readonly read: (message: unknown) => Reading<Sample>;
}

/** A device that is a topic. */
export interface TopicDevice<Sample> extends Driver, Source<Sample> {
  readonly isEnabled: () => boolean;
  /** Throws `driver.down` with the reason unless the device is open and reachable. */
  readonly assertReachable: () => void;
}

/** A node may only just have been started. */
const FIRST_MESSAGE_MS = 5000;
/** A silent topic is subscribed to anew so often. */
const RENEW_EVERY_MS = 3000;
/** A message that can't be used counts for so long. */
const GRUDGE_MS = 2000;

/** The driver's side of a topic: lifecycle, freshness, health. Disposing it gives up one user of the bridge. */
export function createTopicDevice<Sample extends { readonly atMs: number }>(
  options: TopicDeviceOptions<Sample>,
): TopicDevice<Sample> {
  const supervised = new SupervisedTopic(options);
  return {
    name: options.name,
    open: () => supervised.open(),
    enable: () => supervised.enable(),
    disable: () => supervised.disable(),
    health: () => supervised.health(),
    latest: () => supervised.latest(),
    isEnabled: () => supervised.isEnabled(),
    assertReachable: () => supervised.assertReachable(),
    [Symbol.asyncDispose]: () => supervised.dispose(),
  };
}

class SupervisedTopic<Sample extends { readonly atMs: number }> {
  readonly #options: TopicDeviceOptions<Sample>;
  #state: "closed" | "opening" | "open" | "enabled" | "disposed" = "closed";
  #listening: Listening | undefined;
  #stopRenewing: Cancel = () => undefined;
  #newest: Sample | undefined;
  #frames = 0;
  #errors = 0;
  /** Since when nothing that can be used has come. */
  #sinceMs = 0;
  #refused: { readonly atMs: number; readonly reason: string } | undefined;
  #onFirst: () => void = () => undefined;

  constructor(options: TopicDeviceOptions<Sample>) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#state === "disposed") this.assertReachable();
    if (this.#state !== "closed") return;
    const { clock, bridge, topic, silentMs } = this.#options;
    this.#state = "opening";
    try {
      await bridge.open();
      this.#listening = bridge.listen(topic, (message) => this.#take(message), this.#speaks() ? "regular" : "rare");
      await this.#hearFirst();
    } catch (thrown) {
      this.#leave();
      if (!this.#isGone()) this.#state = "closed";
      throw thrown;
    }
    if (this.#isGone()) return this.#leave();
    this.#state = "open";
    this.#sinceMs = clock.nowMs();
    this.#stopRenewing = repeat(clock, RENEW_EVERY_MS, () => {
      if (bridge.downReason() === undefined && clock.nowMs() - this.#sinceMs > silentMs) this.#listening?.renew();
    });
    return undefined;
  }

  async enable(): Promise<void> {
    this.assertReachable();
    this.#state = "enabled";
  }

  async disable(): Promise<void> {
    if (this.#state === "enabled") this.#state = "open";
  }

  async dispose(): Promise<void> {
    if (this.#state === "disposed") return;
    this.#state = "disposed";
    this.#leave();
    await this.#options.bridge.release();
  }

  health(): Health {
    const { name, clock, bridge } = this.#options;
    const unreadable = this.#errors + bridge.unreadable();
    const known = {
      errors: this.#errors,
      counters: { frames: this.#frames, unreadable, reconnections: bridge.reconnections() },
      ...(this.#newest ? { lastSampleMs: this.#newest.atMs } : {}),
    };
    const reason = this.#downReason();
    if (reason !== undefined) return { state: "down", reason, ...known };
    if (this.#refused && clock.nowMs() - this.#refused.atMs < GRUDGE_MS) {
      return { state: "degraded", reason: `${name}: ${this.#refused.reason}`, ...known };
    }
    return { state: "ok", ...known };
  }

  latest(): Sample | undefined {
    return this.#newest;
  }

  isEnabled(): boolean {
    return this.#state === "enabled";
  }

  assertReachable(): void {
    const reason = this.#downReason();
    if (reason === undefined) return;
    throw new AgentError("driver.down", reason, { retryable: this.#state !== "disposed" });
  }

  #take(message: unknown): void {
    const { clock, bridge, read } = this.#options;
    const nowMs = clock.nowMs();
    const reading = read(message);
    if (!reading.ok) {
      this.#errors++;
      this.#refused = { atMs: nowMs, reason: reading.reason };
      return;
    }
    this.#frames++;
    this.#sinceMs = nowMs;
    const atMs = bridge.stamps.capturedMs(reading.stampMs, nowMs);
    // Messages of one topic come in order; a stamp that goes back must not bring an old sample back.
    this.#newest = { ...(reading.sample as Sample), atMs: Math.max(atMs, this.#newest?.atMs ?? atMs) };
    this.#onFirst();
  }

  async #hearFirst(): Promise<void> {
    const { name, clock, topic } = this.#options;
    if (!this.#speaks() || this.#newest) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = clock.after(FIRST_MESSAGE_MS, () => {
      const why = this.#refused?.reason ?? "is its node running, and is this the topic's name?";
      const what = `nothing to use came on ${topic.name} (${topic.type}) in ${FIRST_MESSAGE_MS} ms`;
      reject(new AgentError("driver.timeout", `${name}: ${what}: ${why}`, { retryable: true }));
    });
    this.#onFirst = resolve;
    await promise.finally(stop);
  }

  #downReason(): string | undefined {
    const { name, clock, bridge, topic, silentMs } = this.#options;
    if (this.#state === "disposed") return `${name} is disposed`;
    if (this.#state === "closed" || this.#state === "opening") return `${name} is not open`;
    const reason = bridge.downReason();
    if (reason !== undefined) return `${name}: ${reason}`;
    const silence = clock.nowMs() - this.#sinceMs;
    if (silence <= silentMs) return undefined;
    const isUnusable = this.#refused !== undefined && this.#refused.atMs > this.#sinceMs;
    const why = isUnusable ? `; what comes can't be used: ${this.#refused?.reason}` : "";
    return `${name}: ${topic.name} has been silent for ${Math.round(silence)} ms${why}`;
  }

  #leave(): void {
    this.#stopRenewing();
    this.#listening?.end();
    this.#listening = undefined;
  }

  /** Whether silence of the topic tells of a loss. */
  #speaks(): boolean {
    return this.#options.silentMs !== Infinity;
  }

  #isGone(): boolean {
    return this.#state === "disposed";
  }
}
