import { deflateRawSync, inflateRawSync } from "node:zlib";
import { AgentError, messageOf } from "#lib/errors";
import { TelemetryBatch, type PackedBlock } from "../messages.ts";
import { batchOf, logBatchOf, type LogRecord, type TimeBase } from "../telemetry-block.ts";
import { COLUMNS_ENCODING, decodeSeries, encodeSeries, type Series } from "../telemetry-columns.ts";
import { z } from "zod";

/** What a block of telemetry holds: numbers in columns, or lines of a log. */
export type BlockContent =
  | { readonly kind: "series"; readonly series: readonly Series[] }
  | { readonly kind: "log"; readonly lines: readonly LogRecord[] };

/** Bytes of a block as they are stored, sent and stored again. */
export interface PackedBody {
  readonly encoding: PackedBlock["encoding"];
  readonly body: Uint8Array;
}

/** Everything a device packs is far smaller; more than this is a bomb. */
const UNPACKED_BYTES_MAX = 4_194_304;
/** Blocks are a few kilobytes: tables and a window of that size are set up five times as fast and lose nothing. */
const SMALL = { level: 5, memLevel: 5, windowBits: 12, chunkSize: 4096 };
const LOG_ENCODING = "log/1";

/** Packs content: columns or JSON, then raw DEFLATE (RFC 1951). */
export function packBlock(content: BlockContent): PackedBody {
  const isLog = content.kind === "log";
  const bytes = isLog ? Buffer.from(JSON.stringify(content.lines)) : encodeSeries(content.series);
  return {
    encoding: isLog ? LOG_ENCODING : COLUMNS_ENCODING,
    body: deflateRawSync(bytes, SMALL),
  };
}

/** Throws `contract.invalid` for bytes that `packBlock` did not make. */
export function unpackBlock({ encoding, body }: PackedBody): BlockContent {
  try {
    const bytes = inflateRawSync(body, { maxOutputLength: UNPACKED_BYTES_MAX });
    if (encoding === COLUMNS_ENCODING) return { kind: "series", series: decodeSeries(bytes) };
    return { kind: "log", lines: LogRecords.parse(JSON.parse(bytes.toString("utf8"))) };
  } catch (thrown) {
    throw new AgentError("contract.invalid", `a telemetry block can't be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** The same content as the batches of the wire format, for a cloud that does not take packed blocks. */
export function batchesOf(content: BlockContent, base: TimeBase): TelemetryBatch[] {
  if (content.kind === "log") return content.lines.length === 0 ? [] : [logBatchOf(content.lines, base)];
  return content.series.map((series) => batchOf(series, base));
}

const LogRecords = z.array(z.object({ atMs: z.number(), level: z.string(), message: z.string(), data: z.string() }));
