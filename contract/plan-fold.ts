import { readEventData } from "./event-data.ts";
import type { Event } from "./event.ts";
import type { DeviceState } from "./state.ts";

/** What becomes of a stage once more is known of it than the intent. */
const OUTCOMES: ReadonlySet<string> = new Set(["stage.completed", "stage.failed", "stage.skipped", "stage.verified"]);

/**
 * What an event that belongs to no contract says of a work plan: the intent of an effect opens it, its outcome closes it.
 * A plan is never resumed; only what it may have done to goods outlives a crash.
 */
export function foldPlanEvent(state: DeviceState, event: Event): DeviceState {
  const { stageId } = event;
  const { planEffect: open, ...rest } = state;
  if (open && stageId === open.stageId && event.data["workPlan"] === open.planId && OUTCOMES.has(event.type))
    return rest;
  const data = event.type === "stage.attempt" ? readEventData("stage.attempt", event.data) : undefined;
  if (!data?.ofPlan || stageId === undefined) return state;
  const { planId, plan, contractId, action, inputs } = data.ofPlan;
  return { ...rest, planEffect: { planId, plan, contractId, stageId, n: data.n, action, inputs } };
}
