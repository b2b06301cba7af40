import type { ProgressSnapshot } from "#contract/progress-snapshot";
import { confidenceOf, sumOf, type Forecast } from "./forecast.ts";
import type { UpdatedEstimate } from "./ports.ts";

/** Document 4's `UpdateProgress(snapshot) -> UpdatedEstimate`: from how far the work has come and what is left of it. */
export function updateProgress(snapshot: ProgressSnapshot, left: readonly Forecast[]): UpdatedEstimate {
  const total = sumOf(left);
  return {
    secondsRemaining: rounded(total.seconds),
    sigmaSeconds: rounded(total.sigmaSeconds),
    confidence: rounded(confidenceOf(total)),
    progress: snapshot,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
