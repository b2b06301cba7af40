import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceStore } from "#agent/io/sqlite-store";
import { startWorkerStore } from "#agent/io/worker-store";
import type { Recording } from "#agent/telemetry/store";
import { seriesOf } from "#contract/telemetry-block";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";

/** Noisy quantities that are sampled at 10 Hz. */
export const QUANTITIES = ["x", "y", "yaw", "linear", "angular", "battery"] as const;

/** The agent's store in a folder of its own, gone with it. */
export async function openBench({
  below = tmpdir(),
  backfillBytes = 64_000_000,
}: { readonly below?: string; readonly backfillBytes?: number } = {}): Promise<
  { readonly store: DeviceStore; readonly folder: string } & AsyncDisposable
> {
  const folder = mkdtempSync(join(below, "holdfast-bench-"));
  const telemetry = { newStore: "bench", budgets: { backfill: backfillBytes, logs: 1_000_000 }, retainMs: 0 };
  const onFatal = (thrown: Error): never => {
    throw thrown;
  };
  const store = await startWorkerStore({ path: join(folder, "core.db"), telemetry, log: silentLog, onFatal });
  return {
    store,
    folder,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The `at`-th recording of so many samples in a row. */
export function recordingOf(at: number, samplesEach: number): Recording {
  const rng = createRng(at);
  const samples = Array.from({ length: samplesEach }, (_, step) => {
    const atMs = (at * samplesEach + step) * 100;
    const values = QUANTITIES.map((name, place) => [name, Math.sin(atMs / (4000 + 900 * place)) + rng.normal(0.002)]);
    return { atMs, values: Object.fromEntries(values) as Record<string, number> };
  });
  const series = [seriesOf("motion", Object.fromEntries(QUANTITIES.map((name) => [name, 0.001])), samples)];
  const base = { bootId: "bench", wallAtZeroMs: 1_767_600_000_000, clock: "synced" } as const;
  return { lane: "backfill", base, content: { kind: "series", series } };
}

/** What this process had written to disks so far, by the kernel's count. */
export function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}
