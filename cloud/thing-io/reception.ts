import { repeat } from "#lib/clock";
import { AgentError, messageOf } from "#lib/errors";
import type { Telemetry, TelemetryBatch } from "#contract/messages";
import type { Acks } from "../acks.ts";
import type { CloudContext } from "../context.ts";
import { judgeBlock } from "../core/block-intake.ts";
import { trackTelemetry } from "../core/track.ts";
import type { Device } from "../fleet.ts";
import type { ArchivedBlock, BlockPlace, TelemetryArchive } from "./archive.ts";
import { archivedBlock, readBlock } from "./block-reading.ts";
import type { LatestValues } from "./latest.ts";
import type { Positions } from "./positions.ts";

/** Takes telemetry in: what is live is believed, what was stored is archived first and then acknowledged. */
export interface Reception {
  take(device: Device, message: Telemetry): void;
}

export interface ReceptionParts {
  readonly archive: TelemetryArchive;
  readonly positions: Positions;
  readonly latest: LatestValues;
  readonly acks: Acks;
  readonly retainMs: number;
}

const LIVE = "live";
const FORGET_EVERY_MS = 3_600_000;

interface Arrived {
  readonly device: Device;
  readonly message: Telemetry;
}

export function createReception(context: CloudContext, parts: ReceptionParts): Reception {
  const { archive, positions, latest, acks, retainMs } = parts;
  const log = context.log.child({ module: "thing-io" });
  const arrived: Arrived[] = [];
  let isArchiving = false;

  function believe(device: Device, batches: readonly TelemetryBatch[]): void {
    device.track = trackTelemetry(device.track, batches, context.clock.wallMs());
    latest.take(device.deviceId, batches);
  }
  /** Natural group commit: what arrives while one is written is the next group. */
  async function archiveAll(): Promise<void> {
    isArchiving = true;
    try {
      while (arrived.length > 0) await archiveGroup(arrived.splice(0));
    } finally {
      isArchiving = false;
    }
  }
  async function archiveGroup(group: readonly Arrived[]): Promise<void> {
    const reached = new Map<string, BlockPlace>();
    const blocks: ArchivedBlock[] = [];
    const heard: [Device, readonly TelemetryBatch[]][] = [];
    for (const { device, message } of group) {
      const { lane, store, blockSeq: seq } = message;
      const place = { deviceId: device.deviceId, lane, store, seq };
      const key = JSON.stringify([place.deviceId, store, lane]);
      const committed = reached.get(key)?.seq ?? positions.seqOf(place);
      if (judgeBlock(committed, message) !== "commit") continue;
      const batches = readable(device, message);
      const block = archivedBlock(message, batches);
      // A block that can't be read is passed over, or its device would send it for ever.
      blocks.push(block ?? { ...place, firstMs: 0, lastMs: 0, content: { kind: "batches", batches: [] } });
      heard.push([device, batches]);
      reached.set(key, place);
    }
    if (blocks.length > 0) await archive.put(blocks);
    for (const place of reached.values()) positions.move(place);
    for (const [device, batches] of heard) believe(device, batches);
    for (const device of new Set(group.map((entry) => entry.device))) acks.soon(device);
  }
  function readable(device: Device, message: Telemetry): readonly TelemetryBatch[] {
    try {
      return readBlock(message);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      const { deviceId } = device;
      log.warn({ deviceId, blockSeq: message.blockSeq, reason: messageOf(thrown) }, "block of telemetry can't be read");
      return [];
    }
  }
  repeat(context.clock, FORGET_EVERY_MS, () => {
    context.background("forget telemetry", () => archive.forget(context.clock.wallMs() - retainMs));
  });
  return {
    take(device, message) {
      if (message.lane === LIVE) return believe(device, message.batches);
      arrived.push({ device, message });
      if (!isArchiving) context.background("telemetry", archiveAll);
    },
  };
}
