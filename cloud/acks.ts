import { type Ack, WIRE_VERSION } from "#contract/messages";
import { topicOf } from "#contract/topics";
import { type Cancel, timestamp } from "#lib/clock";
import { messageOf } from "#lib/errors";
import { type CloudContext, nowText } from "./context.ts";
import { contractUnderWay, type Device, modeOf } from "./fleet.ts";
import { reassignableAtMs } from "./core/lease.ts";

/** Acknowledgements to devices, which renew leases as well. */
export interface Acks {
  /** Answers within 250 ms, or at once when 64 batches wait for an answer. */
  soon(device: Device): void;
  /** Answers at once. */
  now(device: Device, fork?: "forked"): void;
}

const COALESCE_MS = 250;
const COALESCE_BATCHES = 64;

interface Waiting {
  batches: number;
  readonly cancel: Cancel;
}

/** What an acknowledgement says about the telemetry of a device. */
export type TelemetryPart = (deviceId: string) => Pick<Ack, "telemetry" | "accepts">;

/** Every ack tells what is *committed* in this moment, so it may be sent late but never early. */
export function createAcks(context: CloudContext, telemetryOf: TelemetryPart = () => ({})): Acks {
  const waiting = new Map<string, Waiting>();

  function soon(device: Device): void {
    const entry = waiting.get(device.deviceId);
    if (!entry) {
      const cancel = context.clock.after(COALESCE_MS, () => now(device));
      waiting.set(device.deviceId, { batches: 1, cancel });
      return;
    }
    entry.batches += 1;
    if (entry.batches >= COALESCE_BATCHES) now(device);
  }
  function now(device: Device, fork?: "forked"): void {
    waiting.get(device.deviceId)?.cancel();
    waiting.delete(device.deviceId);
    if (!context.link.isConnected()) return;
    const leases = renewals(device);
    if (leases.length > 0) device.leaseCountedMs = context.clock.nowMs();
    const ack: Ack = {
      v: WIRE_VERSION,
      cloudId: context.cloudId,
      incarnation: device.intake.incarnation,
      journalSeq: device.intake.seq,
      leases,
      ...telemetryOf(device.deviceId),
      ...(fork ? { fork: true } : {}),
      at: nowText(context),
    };
    const topic = topicOf(context.config.site, device.deviceId, "ack");
    // An ack that is lost is repeated after the next beat of the device.
    context.link.publish(topic, JSON.stringify(ack)).catch((thrown: unknown) => {
      context.log.debug({ deviceId: device.deviceId, reason: messageOf(thrown) }, "ack not delivered");
    });
  }
  return { soon, now };
}

/** When the device's contract may be given to somebody else without its consent, RFC 3339; absent without one. */
export function leaseEndsAt(context: CloudContext, device: Device): string | undefined {
  const { contract, leaseCountedMs } = device;
  if (!contract || leaseCountedMs === undefined) return undefined;
  const leftMs = reassignableAtMs(contract.contract.lease, leaseCountedMs) - context.clock.nowMs();
  return timestamp(context.clock.wallMs() + Math.max(0, leftMs));
}

/** The lease of the contract under way, renewed by the newest beat of the session. A revoked or forgotten one runs out. */
function renewals(device: Device): Ack["leases"] {
  const state = contractUnderWay(device);
  if (!state || !device.presence || modeOf(device) === "projected") return [];
  if (device.forgetting === state.contractId) return [];
  if (device.commands.some((command) => command.type === "revoke" && command.contractId === state.contractId))
    return [];
  return [{ contractId: state.contractId, epoch: state.epoch, beat: device.presence.beat }];
}
