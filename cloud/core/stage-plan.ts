import type { Event } from "#contract/event";
import { readEventData } from "#contract/event-data";

/** When a stage was planned to begin and end, milliseconds of the wall clock. */
export interface PlannedTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The plan of a contract as its device first told it: the first estimate that speaks of the stage. Empty before the
 * first estimate.
 */
export function plannedTimes(events: readonly Event[]): ReadonlyMap<string, PlannedTimes> {
  const planned = new Map<string, PlannedTimes>();
  for (const event of events) {
    const data = event.type === "estimate" ? readEventData("estimate", event.data) : undefined;
    if (!data) continue;
    const legs = [{ stageId: data.stageId, seconds: data.stageSecondsRemaining }, ...data.nextStages];
    let startMs = Date.parse(event.at);
    for (const { stageId, seconds } of legs) {
      const endMs = startMs + seconds * 1000;
      if (stageId !== undefined && !planned.has(stageId)) planned.set(stageId, { startMs, endMs });
      startMs = endMs;
    }
  }
  return planned;
}
