import { timestamp } from "#lib/clock";
import type { TelemetryBatch } from "#contract/messages";
import type { TelemetryArchive } from "./archive.ts";
import { batchesIn } from "./block-reading.ts";
import type { LatestValues, TelemetryValue } from "./latest.ts";

/** A sample as readers get it. */
export interface SampleView {
  readonly at: string;
  readonly values: Readonly<Record<string, TelemetryValue>>;
}

export interface ChannelQuery {
  readonly deviceId: string;
  readonly channel: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Samples at most. */
  readonly limit: number;
}

/** What readers may ask of the telemetry: documents 1 and 2 call this neighbour ThingIO. */
export interface ThingIo {
  latest(
    deviceId: string,
  ): readonly { readonly channel: string; readonly at: string; readonly values: SampleView["values"] }[];
  /** Samples of a channel by ascending time; `next` is where to read on when there are more. */
  history(query: ChannelQuery): Promise<{ readonly samples: readonly SampleView[]; readonly next?: string }>;
}

/** A block holds seconds to hours of all channels; so many hold more samples than anybody may ask for. */
const BLOCKS_MAX = 500;
const LOG_CHANNEL = "log";

export function createThingIo(archive: TelemetryArchive, latest: LatestValues): ThingIo {
  return {
    latest: (deviceId) =>
      latest.of(deviceId).map(({ channel, atMs, values }) => ({ channel, at: timestamp(atMs), values })),
    async history({ deviceId, channel, fromMs, toMs, limit }) {
      const lane = channel === LOG_CHANNEL ? "logs" : "backfill";
      const blocks = await archive.history({ deviceId, lane, fromMs, toMs, limit: BLOCKS_MAX });
      const known = blocks.flatMap((block) => samplesOf(batchesIn(block), channel));
      const wanted = known.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).toSorted((a, b) => a.atMs - b.atMs);
      const samples = wanted.slice(0, limit).map(({ atMs, values }) => ({ at: timestamp(atMs), values }));
      const lastMs = wanted[limit]?.atMs ?? (blocks.length === BLOCKS_MAX ? wanted.at(-1)?.atMs : undefined);
      return { samples, ...(lastMs === undefined ? {} : { next: timestamp(lastMs) }) };
    },
  };
}

interface Sample {
  readonly atMs: number;
  readonly values: SampleView["values"];
}

function samplesOf(batches: readonly TelemetryBatch[], channel: string): Sample[] {
  return batches
    .filter((batch) => batch.channel === channel)
    .flatMap(({ t0, dt, values }) => {
      const columns = Object.entries(values);
      return dt.map((offset, at) => ({
        atMs: Date.parse(t0) + offset,
        values: Object.fromEntries(columns.map(([name, samples]) => [name, samples[at] ?? null])),
      }));
    });
}
