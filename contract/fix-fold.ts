import { mergeCoverage } from "./coverage.ts";
import type { EventData } from "./event-data.ts";
import type { StageState } from "./state.ts";

/** A local fix counts when it is chosen, and holds for the attempts after it until another one changes the same thing. */
export function foldFix(stage: StageState, data: EventData<"fix.attempted">): StageState {
  if (stage.status === "completed" || stage.status === "skipped") return stage;
  const { fix, n, changes } = data;
  const known = Object.hasOwn(stage.fixes, fix) ? stage.fixes[fix]! : 0;
  const fixed = { ...stage, fixes: { ...stage.fixes, [fix]: Math.max(known, n) } };
  if (!changes) return fixed;
  return { ...fixed, action: changes.action ?? stage.action, changes: { ...stage.changes, ...changes } };
}

/** How far a stage under way has got, where it says what resuming it takes, and what it has taken. */
export function foldProgress(stage: StageState, { checkpoint, used }: EventData<"stage.progress">): StageState {
  if (stage.status !== "started") return stage;
  return { ...stage, ...(checkpoint && { checkpoint }), ...usageOf(used) };
}

/** What was covered counts whatever has become of the stage meanwhile: covered floor is covered. */
export function foldCoverage(stage: StageState, { share, area = 0, grid, cells }: EventData<"coverage">): StageState {
  if (!grid || cells === undefined) return stage;
  return { ...stage, coverage: mergeCoverage(stage.coverage, { share, area, grid, cells }) };
}

/** The part of a stage that says what it has taken, where an event says so. */
export function usageOf(used: EventData<"stage.progress">["used"]): Pick<StageState, "used"> {
  return used ? { used: { distance: used.distance, batteryUsed: used.batteryUsed } } : {};
}
