import type { Seconds } from "#lib/units";
import type { ProjectionBasis } from "./basis.ts";
import { timelineOf } from "./timeline.ts";

/** When a stage should end, milliseconds of the wall clock, and how uncertain that is (standard deviation). */
export interface ExpectedEnd {
  readonly endsAtMs: number;
  readonly sigmaSeconds: Seconds;
}

/** Of a stage whose device did not say how much its time varies. */
const UNLEARNED_SHARE = 0.2;
/** A moment that a journal tells is never better known than this. */
const LEAST_SECONDS: Seconds = 1;

/** When the stage under way and those after it should end, by what was known last. Errors of stages are independent. */
export function expectedEnds(basis: ProjectionBasis): ReadonlyMap<string, ExpectedEnd> {
  const timeline = timelineOf(basis);
  const ends = new Map<string, ExpectedEnd>();
  let endsAtMs = timeline?.anchorMs ?? 0;
  let variance = LEAST_SECONDS ** 2;
  for (const { stageId, seconds, sigmaSeconds = seconds * UNLEARNED_SHARE } of timeline?.legs ?? []) {
    endsAtMs += seconds * 1000;
    variance += sigmaSeconds ** 2;
    ends.set(stageId, { endsAtMs, sigmaSeconds: Math.sqrt(variance) });
  }
  return ends;
}
