import { batchesOf, unpackBlock } from "#contract/io/block-codec";
import type { PackedBlock, Telemetry, TelemetryBatch } from "#contract/messages";
import type { ArchivedBlock } from "./archive.ts";

/** The batches of a block, whichever way they were sent. Throws `contract.invalid` for a packed body that can't be read. */
export function readBlock({ packed, batches }: Pick<Telemetry, "packed" | "batches">): readonly TelemetryBatch[] {
  return packed ? unpack(packed) : batches;
}

/** The block as it is archived; undefined when it holds nothing. */
export function archivedBlock(message: Telemetry, batches: readonly TelemetryBatch[]): ArchivedBlock | undefined {
  const spans = batches.flatMap(({ t0, dt }) => (dt.length === 0 ? [] : dt.map((offset) => Date.parse(t0) + offset)));
  if (spans.length === 0) return undefined;
  const { deviceId, store, lane, blockSeq, packed } = message;
  return {
    deviceId,
    store,
    lane,
    seq: blockSeq,
    firstMs: spans.reduce((least, at) => Math.min(least, at)),
    lastMs: spans.reduce((most, at) => Math.max(most, at)),
    content: packed ? { kind: "packed", packed } : { kind: "batches", batches: message.batches },
  };
}

/** The batches of an archived block. */
export function batchesIn({ content }: ArchivedBlock): readonly TelemetryBatch[] {
  return content.kind === "packed" ? unpack(content.packed) : content.batches;
}

function unpack({ encoding, body, bootId, clock, wallAtZero }: PackedBlock): TelemetryBatch[] {
  const content = unpackBlock({ encoding, body: Buffer.from(body, "base64") });
  return batchesOf(content, { bootId, clock, wallAtZeroMs: Date.parse(wallAtZero) });
}
