import { statSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "../figure.ts";
import { openBench, recordingOf } from "./workbench.ts";

const BUDGET_BYTES = 2_000_000;
const RECORDINGS = 600;
const SAMPLES = 400;
/** Of the lane `logs` in `openBench`, and what pages that are never full may take (`TelemetryDatabase`). */
const CAP_BYTES = (BUDGET_BYTES + 1_000_000) * 1.4;

/** How far the file of a lane that overflows many times outgrows its cap. */
export async function ringFigure(): Promise<Figure> {
  await using bench = await openBench({ backfillBytes: BUDGET_BYTES });
  const bytesOf = (suffix: string): number => statSync(join(bench.folder, `telemetry.db${suffix}`)).size;
  const above: number[] = [];
  for (let at = 0; at < RECORDINGS; at++) {
    await bench.store.telemetry!.record([recordingOf(at, SAMPLES)]);
    above.push(Math.max(0, (bytesOf("") + bytesOf("-wal") - CAP_BYTES) / 1e6));
  }
  return {
    what: "goal 14: file and log above the cap of a full lane",
    unit: "MB",
    better: "lower",
    samples: [Math.max(...above)],
    goal: { of: "median", limit: 4 },
    how: `the most of ${RECORDINGS} commits, ${((RECORDINGS * SAMPLES * 6) / 1e6).toFixed(1)} million values into a lane of ${BUDGET_BYTES / 1e6} MB, nothing acknowledged`,
  };
}
