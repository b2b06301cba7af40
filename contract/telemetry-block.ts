import { timestamp } from "#lib/clock";
import type { TelemetryBatch } from "./messages.ts";
import { type Series, tickOf, valueOf } from "./telemetry-columns.ts";

/** How the times of a block relate to the world: monotonic milliseconds of one boot, and the wall clock that ran beside. */
export interface TimeBase {
  readonly bootId: string;
  /** What the wall clock showed when the monotonic clock was at zero, whole milliseconds since 1970. */
  readonly wallAtZeroMs: number;
  readonly clock: "synced" | "unsynced";
}

/** A channel's samples as the wire format writes them. */
export function batchOf(series: Series, base: TimeBase): TelemetryBatch {
  const first = series.atMs[0] ?? 0;
  const values = series.columns.map(({ name, resolution, ticks }) => [
    name,
    ticks.map((tick) => (tick === null ? null : valueOf(tick, resolution))),
  ]);
  return {
    channel: series.channel,
    t0: timestamp(base.wallAtZeroMs + first),
    clock: base.clock,
    t0Mono: first,
    bootId: base.bootId,
    dt: series.atMs.map((atMs) => atMs - first),
    values: Object.fromEntries(values) as TelemetryBatch["values"],
  };
}

/** One line of a log, as the lane `logs` carries it. */
export interface LogRecord {
  readonly atMs: number;
  readonly level: string;
  readonly message: string;
  /** Further data as JSON text. */
  readonly data: string;
}

/** Lines of a log as a batch of the channel `log`. */
export function logBatchOf(lines: readonly LogRecord[], base: TimeBase): TelemetryBatch {
  const first = lines[0]?.atMs ?? 0;
  return {
    channel: "log",
    t0: timestamp(base.wallAtZeroMs + first),
    clock: base.clock,
    t0Mono: first,
    bootId: base.bootId,
    dt: lines.map(({ atMs }) => atMs - first),
    values: {
      level: lines.map(({ level }) => level),
      message: lines.map(({ message }) => message),
      data: lines.map(({ data }) => data),
    },
  };
}

/** Samples of one channel from values by name; times ascend. Each quantity keeps its resolution. */
export function seriesOf(
  channel: string,
  resolutions: Readonly<Record<string, number>>,
  samples: readonly { readonly atMs: number; readonly values: Readonly<Record<string, number | undefined>> }[],
): Series {
  return {
    channel,
    atMs: samples.map(({ atMs }) => Math.round(atMs)),
    columns: Object.entries(resolutions).map(([name, resolution]) => ({
      name,
      resolution,
      ticks: samples.map(({ values }) => tickOf(values[name], resolution)),
    })),
  };
}
