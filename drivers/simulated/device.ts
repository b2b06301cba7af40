import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Driver, Health, Source } from "../driver.ts";
import type { DeviceName, SampleMessage } from "./channel.ts";
import type { DeviceLink } from "./device-link.ts";

/** How long opening and switching may take. */
const SWITCH_TIMEOUT_MS = 10_000;

/** What all simulated drivers share: the lifecycle, and health from what the link tells. */
export interface Device extends Driver {
  /** True between `enable` and `disable`, as far as this side knows. */
  isEnabled(): boolean;
  /** Throws `driver.down` with the reason unless the device is open and reachable. */
  assertReachable(): void;
  /** Runs a request against the device and counts its failure. */
  attempt<T>(run: () => Promise<T>): Promise<T>;
}

/** The driver of the device `name`. Disposing it gives up one user of the link. */
export function createDevice(name: DeviceName, link: DeviceLink): Device {
  let state: "closed" | "open" | "enabled" | "disposed" = "closed";
  // Counts switches, so that an answer to an older one cannot undo a newer one.
  let switches = 0;
  let errors = 0;

  function downReason(): string | undefined {
    if (state === "closed") return `${name} is not open`;
    if (state === "disposed") return `${name} is disposed`;
    return link.downReason(name);
  }
  function assertReachable(): void {
    const reason = downReason();
    if (reason !== undefined) throw new AgentError("driver.down", reason, { retryable: state !== "disposed" });
  }
  async function attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      errors++;
      throw thrown;
    }
  }
  const ask = (type: "open" | "enable" | "disable"): Promise<unknown> =>
    attempt(() => link.request(name, { type, device: name }, "done", SWITCH_TIMEOUT_MS));

  return {
    name: `simulated ${name}`,
    async open() {
      if (state === "disposed") assertReachable();
      if (state !== "closed") return;
      await ask("open");
      if (state === "closed") state = "open";
    },
    async enable() {
      assertReachable();
      if (state === "enabled") return;
      const own = ++switches;
      await ask("enable");
      if (own === switches && state === "open") state = "enabled";
    },
    async disable() {
      switches++;
      if (state === "closed" || state === "disposed") return;
      // Before the answer: from here on nothing of ours may pass, whatever becomes of the request.
      state = "open";
      if (link.downReason(name) === undefined) await ask("disable");
    },
    health() {
      const reason = downReason();
      return reason === undefined ? { state: "ok", errors } : { state: "down", reason, errors };
    },
    isEnabled: () => state === "enabled",
    assertReachable,
    attempt,
    async [Symbol.asyncDispose]() {
      if (state === "disposed") return;
      const wasOpen = state !== "closed";
      state = "disposed";
      if (wasOpen) link.post({ type: "close", device: name });
      link.release(name);
    },
  };
}

/** A device that streams samples of one message type; it is down when they stop for `staleMs`. */
export function createSource<Type extends SampleMessage["type"]>(
  name: DeviceName,
  type: Type,
  staleMs: number,
  link: DeviceLink,
  clock: Clock,
): Device & Source<Extract<SampleMessage, { type: Type }>> {
  type Sample = Extract<SampleMessage, { type: Type }>;
  const device = createDevice(name, link);
  let newest: SampleMessage | undefined;
  let openedMs = 0;
  link.onSample(type, (sample) => {
    // Two processes read the shared clock a few milliseconds apart; a sample is never from the future.
    newest = { ...sample, atMs: Math.min(sample.atMs, clock.nowMs()) };
  });

  function health(): Health {
    const own = device.health();
    const known = newest === undefined ? own : { ...own, lastSampleMs: newest.atMs };
    if (own.state === "down") return known;
    const silentMs = clock.nowMs() - (newest?.atMs ?? openedMs);
    if (silentMs <= staleMs) return known;
    return { ...known, state: "down", reason: `${name} has sent no sample for ${Math.round(silentMs)} ms` };
  }
  return {
    ...device,
    async open() {
      if (device.health().state === "down") openedMs = clock.nowMs();
      await device.open();
    },
    health,
    // The link hands over samples of `type` only.
    latest: () => newest as Sample | undefined,
  };
}
