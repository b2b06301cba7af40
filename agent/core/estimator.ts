import type { ProgressSnapshot } from "#contract/progress-snapshot";
import { confidenceOf, type Forecast } from "./forecast.ts";
import type { UpdatedEstimate } from "./ports.ts";

/** Document 4's `UpdateProgress(snapshot) -> UpdatedEstimate`: from how far the work has come and the time that is left. */
export function updateProgress(snapshot: ProgressSnapshot, left: Forecast): UpdatedEstimate {
  return {
    secondsRemaining: rounded(left.seconds),
    sigmaSeconds: rounded(left.sigmaSeconds),
    confidence: rounded(confidenceOf(left)),
    progress: snapshot,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
