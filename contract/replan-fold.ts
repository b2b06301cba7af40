import type { EventData } from "./event-data.ts";
import type { Event } from "./event.ts";
import { replaceRemaining } from "./stage-fold.ts";
import type { ContractState } from "./state.ts";
import { holdsLock } from "./status.ts";

/** A request for new remaining stages: it counts against the budget when it is made, whatever comes of it. */
export function requestReplan(
  contract: ContractState,
  event: Event,
  data: EventData<"replan.requested">,
): ContractState {
  if (!holdsLock(contract.status)) return contract;
  const { requestId, code, severity = "major", detail = "", assumptions = [] } = data;
  const stageId = event.stageId ?? "";
  const replan = { requestId, stageId, code, severity, detail, assumptions, at: event.at, monoMs: event.monoMs };
  return { ...contract, replans: contract.replans + 1, replan };
}

/** The device's own revision; one that nothing had been asked for counts by itself. */
export function adoptReplan(contract: ContractState, _event: Event, data: EventData<"replan.adopted">): ContractState {
  if (!holdsLock(contract.status)) return contract;
  const { replan, ...rest } = contract;
  return {
    ...rest,
    localRevision: data.localRevision,
    replans: contract.replans + (replan ? 0 : 1),
    stages: replaceRemaining(contract.stages, data.stages),
  };
}

/**
 * The cloud's refusal leaves it to the device to find a way; the device's own ends the request. A refusal that names no
 * request, or another one, is about an answer that came too late.
 */
export function refuseReplan(contract: ContractState, _event: Event, data: EventData<"replan.refused">): ContractState {
  const { replan, ...rest } = contract;
  if (!replan || data.requestId !== replan.requestId) return contract;
  return data.by === "cloud" ? { ...contract, replan: { ...replan, refusal: data.reason } } : rest;
}
