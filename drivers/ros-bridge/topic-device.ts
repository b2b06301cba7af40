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
  const { name, clock, bridge, topic, silentMs } = options;
  let state: "closed" | "opening" | "open" | "enabled" | "disposed" = "closed";
  let listening: Listening | undefined;
  let stopRenewing: Cancel = () => undefined;
  let newest: Sample | undefined;
  let [frames, errors, sinceMs] = [0, 0, 0];
  let refused: { readonly atMs: number; readonly reason: string } | undefined;
  let onFirst: () => void = () => undefined;

  function take(message: unknown): void {
    const nowMs = clock.nowMs();
    const reading = options.read(message);
    if (!reading.ok) {
      errors++;
      refused = { atMs: nowMs, reason: reading.reason };
      return;
    }
    frames++;
    sinceMs = nowMs;
    const atMs = bridge.stamps.capturedMs(reading.stampMs, nowMs);
    // Messages of one topic come in order; a stamp that goes back must not bring an old sample back.
    newest = { ...(reading.sample as Sample), atMs: Math.max(atMs, newest?.atMs ?? atMs) };
    onFirst();
  }
  async function hearFirst(): Promise<void> {
    if (silentMs === Infinity || newest) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = clock.after(FIRST_MESSAGE_MS, () => {
      const why = refused?.reason ?? "is its node running, and is this the topic's name?";
      const message = `${name}: nothing to use came on ${topic.name} (${topic.type}) in ${FIRST_MESSAGE_MS} ms: ${why}`;
      reject(new AgentError("driver.timeout", message, { retryable: true }));
    });
    onFirst = resolve;
    await promise.finally(stop);
  }
  function downReason(): string | undefined {
    if (state === "disposed") return `${name} is disposed`;
    if (state === "closed" || state === "opening") return `${name} is not open`;
    const reason = bridge.downReason();
    if (reason !== undefined) return `${name}: ${reason}`;
    const silence = clock.nowMs() - sinceMs;
    if (silence <= silentMs) return undefined;
    const why = refused && refused.atMs > sinceMs ? `; what comes can't be used: ${refused.reason}` : "";
    return `${name}: ${topic.name} has been silent for ${Math.round(silence)} ms${why}`;
  }
  function health(): Health {
    const counters = { frames, unreadable: errors + bridge.unreadable(), reconnections: bridge.reconnections() };
    const known = { errors, counters, ...(newest ? { lastSampleMs: newest.atMs } : {}) };
    const reason = downReason();
    if (reason !== undefined) return { state: "down", reason, ...known };
    if (refused && clock.nowMs() - refused.atMs < GRUDGE_MS) {
      return { state: "degraded", reason: `${name}: ${refused.reason}`, ...known };
    }
    return { state: "ok", ...known };
  }
  function assertReachable(): void {
    const reason = downReason();
    if (reason !== undefined) throw new AgentError("driver.down", reason, { retryable: state !== "disposed" });
  }
  function leave(): void {
    stopRenewing();
    listening?.end();
    listening = undefined;
  }
  /** Runs from its own start to the first message; closes again what it began when that fails. */
  async function open(): Promise<void> {
    state = "opening";
    try {
      await bridge.open();
      listening = bridge.listen(topic, take, silentMs === Infinity ? "rare" : "regular");
      await hearFirst();
    } catch (thrown) {
      leave();
      if (!isGone()) state = "closed";
      throw thrown;
    }
    if (isGone()) return leave();
    state = "open";
    sinceMs = clock.nowMs();
    stopRenewing = repeat(clock, RENEW_EVERY_MS, () => {
      if (bridge.downReason() === undefined && clock.nowMs() - sinceMs > silentMs) listening?.renew();
    });
    return undefined;
  }
  const isGone = (): boolean => state === "disposed";

  return {
    name,
    async open() {
      if (state === "disposed") assertReachable();
      if (state === "closed") await open();
    },
    async enable() {
      assertReachable();
      state = "enabled";
    },
    async disable() {
      if (state === "enabled") state = "open";
    },
    health,
    latest: () => newest,
    isEnabled: () => state === "enabled",
    assertReachable,
    async [Symbol.asyncDispose]() {
      if (state === "disposed") return;
      state = "disposed";
      leave();
      await bridge.release();
    },
  };
}
