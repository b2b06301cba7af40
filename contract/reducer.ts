import { canonicalJson } from "./canonical.ts";
import { acceptContract, foldContractEvent, forgetBootTimes } from "./contract-fold.ts";
import type { Sha256 } from "./crypto.ts";
import { EVENT_DATA, readEventData, type EventType } from "./event-data.ts";
import type { Event } from "./event.ts";
import { foldPlanEvent } from "./plan-fold.ts";
import type { ContractState, DeviceState, StageState } from "./state.ts";
import { holdsLock } from "./status.ts";

/** A device whose journal of this incarnation has not been read yet. */
export function emptyDevice(incarnation: string): DeviceState {
  return { incarnation, seq: 0, contracts: {}, epochs: {}, lastCommand: 0 };
}

/**
 * What an event of the journal means; the same code on device and cloud. Pure and total: an event that was folded before
 * (`seq` not above the state's) changes nothing; one that is unknown, does not fit its schema or belongs to no known
 * contract only advances `seq`; one whose `epoch` is older than its contract's changes no task state.
 */
export function foldEvent(state: DeviceState, event: Event): DeviceState {
  if (event.seq <= state.seq) return state;
  const next = { ...state, seq: event.seq };
  if (!isEventType(event.type)) return next;
  if (event.type === "command.obeyed") return foldCommand(next, event);
  if (event.type === "boot") return foldBoot(next, event);
  if (event.contractId === undefined) return foldPlanEvent(next, event, activeContract(state));
  const known = ownValue(state.contracts, event.contractId);
  if (!known) return event.type === "contract.accepted" ? foldFirstAcceptance(next, event) : next;
  if (event.epoch !== undefined && event.epoch < known.epoch) return next;
  const contract = foldContractEvent(known, event, event.type);
  return contract ? withContract(next, contract) : next;
}

/** `foldEvent` over a list. */
export function foldEvents(state: DeviceState, events: Iterable<Event>): DeviceState {
  let folded = state;
  for (const event of events) folded = foldEvent(folded, event);
  return folded;
}

/** The contract that locks the device, or undefined; the last accepted one, should there ever be two. */
export function activeContract(state: DeviceState): ContractState | undefined {
  return Object.values(state.contracts).findLast((contract) => holdsLock(contract.status));
}

/** A stage by its id. */
export function stageOf(contract: ContractState, stageId: string): StageState | undefined {
  return contract.stages.find((stage) => stage.stageId === stageId);
}

/**
 * 16 hex digits that agree between two readers of the same events if, and only if, they fold them alike. Covers words and
 * integers only: floats may differ in the last bit between CPU architectures.
 */
export function stateHash(contract: ContractState, sha256: Sha256): string {
  const quantised = {
    contractId: contract.contractId,
    status: contract.status,
    revision: contract.revision,
    localRevision: contract.localRevision,
    epoch: contract.epoch,
    isStarted: contract.isStarted,
    stages: contract.stages.map((stage) => [
      stage.stageId,
      stage.action,
      stage.status,
      stage.attempts,
      stage.retries,
      stage.verified ?? "",
    ]),
    holds: contract.holds.map((hold) => [hold.by, hold.holdId]),
    replans: contract.replans,
    firstSeq: contract.firstSeq,
    lastSeq: contract.lastSeq,
  };
  return sha256(canonicalJson(quantised)).slice(0, 16);
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_DATA, type);
}

function foldCommand(state: DeviceState, event: Event): DeviceState {
  const data = readEventData("command.obeyed", event.data);
  return data && data.n > state.lastCommand ? { ...state, lastCommand: data.n } : state;
}

function foldBoot(state: DeviceState, event: Event): DeviceState {
  if (readEventData("boot", event.data)?.start !== "cold") return state;
  const contracts = Object.entries(state.contracts).map(([id, contract]) => [id, forgetBootTimes(contract)]);
  return { ...state, contracts: Object.fromEntries(contracts) };
}

function foldFirstAcceptance(state: DeviceState, event: Event): DeviceState {
  const contract = acceptContract(event);
  if (!contract || contract.epoch < (ownValue(state.epochs, contract.taskId) ?? 0)) return state;
  return withContract(state, contract);
}

function withContract(state: DeviceState, contract: ContractState): DeviceState {
  const { contractId, taskId, epoch } = contract;
  const contracts = { ...state.contracts, [contractId]: contract };
  if (ownValue(state.epochs, taskId) === epoch) return { ...state, contracts };
  return { ...state, contracts, epochs: { ...state.epochs, [taskId]: epoch } };
}

/** A record's own value: task ids may be spelt like members of `Object.prototype`. */
function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
