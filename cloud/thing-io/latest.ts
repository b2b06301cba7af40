import type { TelemetryBatch } from "#contract/messages";

export type TelemetryValue = number | string | boolean | null;

/** The newest sample of a channel. */
export interface LatestSample {
  readonly channel: string;
  /** Milliseconds of the device's wall clock. */
  readonly atMs: number;
  readonly clock: "synced" | "unsynced";
  readonly values: Readonly<Record<string, TelemetryValue>>;
}

/** The newest sample of every channel of every device, since this cloud runs. */
export interface LatestValues {
  take(deviceId: string, batches: readonly TelemetryBatch[]): void;
  of(deviceId: string): readonly LatestSample[];
}

export function createLatestValues(): LatestValues {
  const devices = new Map<string, Map<string, LatestSample>>();
  return {
    take(deviceId, batches) {
      const known = devices.get(deviceId) ?? new Map<string, LatestSample>();
      devices.set(deviceId, known);
      for (const { channel, t0, clock, dt, values } of batches) {
        const atMs = Date.parse(t0) + (dt.at(-1) ?? 0);
        const before = known.get(channel);
        if (before && before.atMs > atMs) continue;
        const newest = Object.entries(values).map(([name, samples]) => [name, samples.at(-1) ?? null]);
        known.set(channel, { channel, atMs, clock, values: Object.fromEntries(newest) as LatestSample["values"] });
      }
    },
    of: (deviceId) => [...(devices.get(deviceId)?.values() ?? [])],
  };
}
