import type { Log } from "#lib/log";
import type { Step } from "../core/step.ts";

/** Tells the log that the executor has taken a step; those that happen all the time are for debugging only. */
export function logStep(log: Log, contractId: string, step: Step): void {
  log[CHATTER.has(step.type) ? "debug" : "info"]({ contractId, ...describe(step) }, "step taken");
}

const CHATTER: ReadonlySet<Step["type"]> = new Set(["report-progress", "report-estimate"]);

function describe(step: Step): Record<string, unknown> {
  const stageId = "stageId" in step ? { stageId: step.stageId } : {};
  if (step.type !== "recover") return { step: step.type, ...stageId };
  const { failure, decision } = step;
  return { step: step.type, stageId: failure.stageId, code: failure.code, strategy: decision.strategy };
}
