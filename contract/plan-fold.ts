import { see } from "./contract-fold.ts";
import { readEventData } from "./event-data.ts";
import type { Event } from "./event.ts";
import type { ContractState, DeviceState } from "./state.ts";

/** What becomes of a stage once more is known of it than the intent. */
const OUTCOMES: ReadonlySet<string> = new Set(["stage.completed", "stage.failed", "stage.skipped", "stage.verified"]);
/** Types whose data tell where the robot is. */
const SIGHTINGS = ["stage.started", "stage.progress", "stage.completed"] as const;

/**
 * What an event that belongs to no contract says of a work plan: where the robot is that the `active` contract, which waits
 * for it, will find moved; and the intent of an effect, which its outcome settles. A plan is never resumed; only what it may
 * have done to goods outlives a crash.
 */
export function foldPlanEvent(state: DeviceState, event: Event, active: ContractState | undefined): DeviceState {
  if (event.data["workPlan"] === undefined) return state;
  return foldEffect(active ? seeRobot(state, event, active) : state, event);
}

function seeRobot(state: DeviceState, event: Event, active: ContractState): DeviceState {
  const type = SIGHTINGS.find((sighting) => sighting === event.type);
  const data = type && readEventData(type, event.data);
  if (!data) return state;
  return { ...state, contracts: { ...state.contracts, [active.contractId]: see(active, event, data) } };
}

function foldEffect(state: DeviceState, event: Event): DeviceState {
  const { stageId } = event;
  const { planEffect: open, ...rest } = state;
  if (open && stageId === open.stageId && event.data["workPlan"] === open.planId && OUTCOMES.has(event.type))
    return rest;
  const data = event.type === "stage.attempt" ? readEventData("stage.attempt", event.data) : undefined;
  if (!data?.ofPlan || stageId === undefined) return state;
  const { planId, plan, contractId, action, inputs } = data.ofPlan;
  return { ...rest, planEffect: { planId, plan, contractId, stageId, n: data.n, action, inputs } };
}
