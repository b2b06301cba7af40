import { setTimeout as sleep } from "node:timers/promises";
import { AgentError, messageOf } from "#lib/errors";
import { runRecorded } from "#sim/recorded-run";
import { writeReport } from "#sim/report-files";
import type { Observer } from "#sim/observer";
import type { SimulationResult } from "#sim/result";
import { loadScenario } from "#sim/scenario-file";
import { simulate } from "#sim/simulate";
import type { PlannedRun } from "./run-plan.ts";

/** What to do with a run besides running it; plain data, because it crosses processes. */
export interface RunOptions {
  /** Folder for its report; none is made if absent. */
  readonly report?: string | undefined;
  /** `real`: simulated time is kept from running ahead of the clock on the wall. */
  readonly pace: "free" | "real";
}

/** What became of a run. */
export type RunOutcome =
  /** `page` is the file of its report that people open, if one was wanted. */
  | { readonly type: "ran"; readonly result: SimulationResult; readonly page?: string }
  /** The scenario cannot run, as its files show. */
  | { readonly type: "bad"; readonly message: string }
  /** A bug of ours. */
  | { readonly type: "died"; readonly message: string };

export interface RunWatch {
  /** Told every now and then how far it is, in simulated seconds. */
  readonly onTime?: (seconds: number) => void;
  readonly observer?: Observer;
}

/** Runs a scenario to its end in this process. Never rejects: what goes wrong is an outcome. */
export async function runOnce(run: PlannedRun, options: RunOptions, watch: RunWatch = {}): Promise<RunOutcome> {
  try {
    return { type: "ran", ...(await attempt(run, options, watch)) };
  } catch (thrown) {
    if (thrown instanceof AgentError && thrown.code.startsWith("config.")) {
      return { type: "bad", message: thrown.message };
    }
    return { type: "died", message: (thrown instanceof Error && thrown.stack) || messageOf(thrown) };
  }
}

type Ran = Omit<Extract<RunOutcome, { type: "ran" }>, "type">;

async function attempt(run: PlannedRun, { report, pace }: RunOptions, watch: RunWatch): Promise<Ran> {
  const loaded = loadScenario(run.file, run.parameters);
  const startedMs = performance.now();
  const onSlice = async (virtualMs: number): Promise<void> => {
    watch.onTime?.(virtualMs / 1000);
    const aheadMs = startedMs + virtualMs - performance.now();
    if (pace === "real" && aheadMs > 0) await sleep(aheadMs);
  };
  const common = { seed: run.seed, realMs: () => performance.now(), onSlice, observer: watch.observer };
  if (report === undefined) return { result: (await simulate(loaded, common)).result };
  const { simulation, record } = await runRecorded(loaded, common);
  return { result: simulation.result, page: writeReport(report, record) };
}
