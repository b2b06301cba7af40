import type { RunOptions, RunOutcome } from "./run-once.ts";
import { runOnce } from "./run-once.ts";
import type { PlannedRun } from "./run-plan.ts";

/** A process that runs scenarios for `sim run`, one after the other, until the one that started it is gone. */
export type RunRequest = { readonly run: PlannedRun; readonly options: RunOptions };
export type RunNotice = { readonly type: "time"; readonly seconds: number } | RunOutcome;

const TELL_EVERY_MS = 200;

const tell = (notice: RunNotice): void => void process.send?.(notice);

process.on("message", ({ run, options }: RunRequest) => {
  let toldMs = 0;
  const onTime = (seconds: number): void => {
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = performance.now();
    tell({ type: "time", seconds });
  };
  void runOnce(run, options, { onTime }).then(tell);
});
process.once("disconnect", () => process.exit());
