import type { Recording } from "#agent/telemetry/store";
import { seriesOf } from "#contract/telemetry-block";

/** Room for everything that a test writes, so that nothing is thinned. */
export const TELEMETRY = {
  newStore: "power-cut",
  budgets: { backfill: 4_000_000, logs: 100_000 },
  retainMs: 0,
} as const;

/** Samples of a second. */
export const SAMPLES_A_SECOND = 10;

/** The telemetry of a second, or of some; always the same for one boot. */
export function recordingOf(bootId: string, second: number, seconds = 1): Recording {
  const samples = Array.from({ length: SAMPLES_A_SECOND * seconds }, (_, at) => {
    const atMs = second * 1000 + at * 100;
    return { atMs, values: { linear: Math.sin(atMs * atMs), angular: Math.cos(atMs * atMs) } };
  });
  const series = [seriesOf("speed", { linear: 0.001, angular: 0.001 }, samples)];
  const base = { bootId, wallAtZeroMs: 1_767_600_000_000, clock: "synced" } as const;
  return { lane: "backfill", base, content: { kind: "series", series } };
}
