import type { TelemetryBatch } from "#contract/messages";

/** What ThingsBoard stores under a key without turning it into something else. */
export type Scalar = number | string | boolean;

/** Values of one moment: the client-side form of ThingsBoard's telemetry, `ts` in milliseconds since 1970. */
export interface Entry {
  readonly ts: number;
  readonly values: Readonly<Record<string, Scalar>>;
}

/** ThingsBoard stores a number with more than 16 decimals as a string (`JsonConverter`); this is finer than any sensor. */
const DECIMALS = 9;
/** Integers that do not fit int64 become strings too. */
const MAGNITUDE_MAX = 2 ** 63;

/**
 * The samples of a stored block by ascending time, those of one moment together, with the times at which they were taken: the same
 * block gives the same entries whenever it is sent, so that what arrives twice overwrites itself. Of each channel the first sample
 * of every `everyMs` is taken.
 */
export function entriesOf(batches: readonly TelemetryBatch[], everyMs: number): Entry[] {
  const moments = new Map<number, Record<string, Scalar>>();
  const taken = new Set<string>();
  for (const { channel, t0, dt, values } of batches) {
    const columns = Object.entries(values).map(([name, samples]) => [keyOf(channel, name), samples] as const);
    for (const [at, offset] of dt.entries()) {
      const ts = Math.round(Date.parse(t0) + offset);
      const span = `${channel} ${Math.floor(ts / everyMs)}`;
      if (everyMs > 0 && taken.has(span)) continue;
      const known = columns.flatMap(([key, samples]) => {
        const value = storable(samples[at] ?? null);
        return value === undefined ? [] : [[key, value] as const];
      });
      if (known.length === 0) continue;
      taken.add(span);
      moments.set(ts, { ...moments.get(ts), ...Object.fromEntries(known) });
    }
  }
  return [...moments].toSorted(([a], [b]) => a - b).map(([ts, values]) => ({ ts, values }));
}

/** `pose.x` would be a path in ThingsBoard's scripts, so the parts of a key are joined by `_`. */
export function keyOf(channel: string, name: string): string {
  return `${channel}_${name}`.replaceAll(".", "_");
}

/** The value as it is to be written, numbers rounded; undefined for what ThingsBoard has no place for. */
export function storable(value: Scalar | null): Scalar | undefined {
  if (value === null) return undefined;
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value) || Math.abs(value) >= MAGNITUDE_MAX) return undefined;
  return Math.abs(value) >= 1e6 ? Number(value.toPrecision(15)) : Number(value.toFixed(DECIMALS));
}
