import { readEventData, type EventData, type EventType } from "./event-data.ts";
import type { Event } from "./event.ts";
import { foldCoverage, foldFix, foldProgress } from "./fix-fold.ts";
import { adoptReplan, refuseReplan, requestReplan } from "./replan-fold.ts";
import { foldStage, pendingStage, replaceRemaining } from "./stage-fold.ts";
import type { StageEventType } from "./stage-status.ts";
import type { ContractState, Hold, StageState } from "./state.ts";
import { moveStatus } from "./contract-machine.ts";
import { holdsLock, isFinal, type ContractStatus, type StatusEvent } from "./status.ts";

/** The state that a contract's first `contract.accepted` makes, or undefined when the event does not fit. */
export function acceptContract(event: Event): ContractState | undefined {
  const data = readEventData("contract.accepted", event.data);
  const { contractId, revision, epoch } = event;
  const status = moveStatus("pushed", "not-begun", "contract.accepted");
  if (!data || !status || contractId === undefined || revision === undefined || epoch === undefined) return undefined;
  return {
    contractId,
    ...(data.name === undefined ? {} : { name: data.name }),
    taskId: data.taskId,
    revision,
    localRevision: 0,
    epoch,
    status,
    offline: data.offline,
    isStarted: false,
    stages: data.stages.map(pendingStage),
    holds: [],
    load: {},
    replans: 0,
    drift: [],
    distance: 0,
    batteryUsed: 0,
    firstSeq: event.seq,
    lastSeq: event.seq,
    acceptedAt: event.at,
  };
}

/**
 * What an event of a known contract makes of it; undefined when the event's data does not fit its type. An event that
 * fits advances `lastSeq` even where it changes nothing else.
 */
export function foldContractEvent<Type extends EventType>(
  contract: ContractState,
  event: Event,
  type: Type,
): ContractState | undefined {
  const data = readEventData(type, event.data);
  if (!data) return undefined;
  const fold: Fold<Type> | undefined = FOLDS[type];
  const folded = fold ? fold(contract, event, data) : contract;
  return { ...folded, lastSeq: event.seq };
}

/** The contract after a reboot of the device: what began before it has no time on the new boot's clock. */
export function forgetBootTimes(contract: ContractState): ContractState {
  const { startedMonoMs: _started, replan, ...others } = contract;
  const stages = contract.stages.map(({ startedMonoMs: _begun, ...stage }) => stage);
  const holds = contract.holds.map(({ monoMs: _placed, ...placed }) => placed);
  const rest = { ...others, stages, holds };
  if (!replan) return rest;
  const { monoMs: _asked, ...asked } = replan;
  return { ...rest, replan: asked };
}

type Fold<Type extends EventType> = (contract: ContractState, event: Event, data: EventData<Type>) => ContractState;

interface Sighting {
  readonly pose?: [number, number, number] | undefined;
  readonly battery?: number | undefined;
}

/** Types that are not listed say nothing about a contract's state. */
const FOLDS: { readonly [Type in EventType]?: Fold<Type> } = {
  "contract.accepted": adoptRevision,
  "contract.started": start,
  "contract.held": hold,
  "contract.resumed": resume,
  "contract.completed": (contract, event) => end(contract, event, "contract.completed"),
  "contract.failed": (contract, event, data) => end(contract, event, "contract.failed", data.reason),
  "contract.aborted": (contract, event, data) => end(contract, event, "contract.aborted", data.reason),
  "contract.cancelled": (contract, event, data) => end(contract, event, "contract.cancelled", data.reason),
  "contract.expired": (contract, event, data) => end(contract, event, "contract.expired", data.reason),
  "contract.released": (contract, event, data) => end(contract, event, "contract.released", data.reason),
  "contract.revoked": (contract, event, data) => end(contract, event, "contract.revoked", data.reason),
  "replan.requested": requestReplan,
  "replan.adopted": adoptReplan,
  "replan.refused": refuseReplan,
  "fix.attempted": (contract, event, data) => mapStage(contract, event, (stage) => foldFix(stage, data)),
  "assumption.drifted": (contract, _event, { assumptionId }) => ({
    ...contract,
    drift: [...new Set([...contract.drift, assumptionId])],
  }),
  "stage.started": (contract, event, data) =>
    see(onStage({ ...contract, drift: [] }, event, "stage.started", data), event, data),
  "stage.attempt": (contract, event, data) => onStage(contract, event, "stage.attempt", data),
  "stage.verified": (contract, event, data) => onStage(contract, event, "stage.verified", data),
  "stage.progress": (contract, event, data) =>
    see(
      mapStage(contract, event, (stage) => foldProgress(stage, data)),
      event,
      data,
    ),
  "stage.completed": (contract, event, data) =>
    see(completeStage({ ...contract, drift: [] }, event, data), event, data),
  "stage.failed": (contract, event, data) => onStage(contract, event, "stage.failed", data),
  "stage.skipped": (contract, event, data) => onStage(contract, event, "stage.skipped", data),
  coverage: (contract, event, data) => mapStage(contract, event, (stage) => foldCoverage(stage, data)),
  estimate: see,
  movement: foldMovement,
};

/** A new revision from the cloud: its stages take the place of what was not begun. A contract that ended takes none. */
function adoptRevision(contract: ContractState, event: Event, data: EventData<"contract.accepted">): ContractState {
  const { revision, epoch } = event;
  if (revision === undefined || revision <= contract.revision || data.taskId !== contract.taskId) return contract;
  if (!holdsLock(contract.status)) return contract;
  const { replan: _answered, ...rest } = contract;
  return {
    ...rest,
    revision,
    localRevision: 0,
    offline: data.offline,
    epoch: epoch ?? contract.epoch,
    stages: replaceRemaining(contract.stages, data.stages),
  };
}

function start(contract: ContractState, event: Event): ContractState {
  const status = move(contract, "contract.started");
  if (!status) return contract;
  return { ...contract, status, isStarted: true, startedAt: event.at, startedMonoMs: event.monoMs };
}

function hold(contract: ContractState, event: Event, data: EventData<"contract.held">): ContractState {
  if (isFinal(contract.status)) return contract;
  const { holdId, by, reason = "" } = data;
  const placed: Hold = { holdId, by, reason, at: event.at, monoMs: event.monoMs };
  const holds = [...contract.holds.filter((other) => !isSameHold(other, placed)), placed];
  return { ...contract, status: move(contract, "contract.held") ?? contract.status, holds };
}

/** Each owner clears only its own hold; the status moves when none is left. */
function resume(contract: ContractState, _event: Event, data: EventData<"contract.resumed">): ContractState {
  const holds = contract.holds.filter((other) => !isSameHold(other, data));
  if (holds.length > 0 || contract.holds.length === 0) return { ...contract, holds };
  return { ...contract, status: move(contract, "contract.resumed") ?? contract.status, holds };
}

function end(contract: ContractState, event: Event, type: StatusEvent, reason?: string): ContractState {
  const status = move(contract, type);
  if (!status) return contract;
  const { replan: _open, ...rest } = contract;
  return { ...rest, status, holds: [], endedAt: event.at, ...(reason === undefined ? {} : { endReason: reason }) };
}

/** Work is folded whatever the status: what a device finished while it wound down, it finished. */
function onStage<Type extends StageEventType>(
  contract: ContractState,
  event: Event,
  type: Type,
  data: EventData<Type>,
): ContractState {
  return mapStage(contract, event, (stage) => foldStage(stage, event, type, data));
}

function mapStage(contract: ContractState, event: Event, change: (stage: StageState) => StageState): ContractState {
  const stages = contract.stages.map((stage) => (stage.stageId === event.stageId ? change(stage) : stage));
  return { ...contract, stages };
}

/** Adds up what the work took, once a stage: an event that completes nothing, such as a second one, was no work. */
function completeStage(contract: ContractState, event: Event, data: EventData<"stage.completed">): ContractState {
  const folded = onStage(contract, event, "stage.completed", data);
  const isDone = ({ stages }: ContractState): boolean =>
    stages.some((stage) => stage.stageId === event.stageId && stage.status === "completed");
  if (isDone(contract) || !isDone(folded)) return folded;
  const { distance, batteryUsed } = contract;
  return { ...folded, distance: distance + data.distance, batteryUsed: batteryUsed + data.batteryUsed };
}

/** Loads and unloads; quantities that cancel out leave no dust of rounding behind. */
function foldMovement(contract: ContractState, _event: Event, data: EventData<"movement">): ContractState {
  const sign = data.kind === "PICK" ? 1 : data.kind === "PUT" ? -1 : 0;
  if (sign === 0) return contract;
  const carried = Object.hasOwn(contract.load, data.sku) ? contract.load[data.sku]! : 0;
  const quantity = carried + sign * data.qty;
  const others = Object.entries(contract.load).filter(([sku]) => sku !== data.sku);
  return { ...contract, load: Object.fromEntries(quantity > 1e-9 ? [...others, [data.sku, quantity]] : others) };
}

/** Keeps the newest position and battery that came along. */
export function see(contract: ContractState, event: Event, data: Sighting): ContractState {
  const { pose, battery } = data;
  if (pose === undefined && battery === undefined) return contract;
  return {
    ...contract,
    lastSeen: {
      ...contract.lastSeen,
      at: event.at,
      ...(pose === undefined ? {} : { pose }),
      ...(battery === undefined ? {} : { battery }),
    },
  };
}

function move(contract: ContractState, event: StatusEvent): ContractStatus | undefined {
  return moveStatus(contract.status, contract.isStarted ? "begun" : "not-begun", event);
}

function isSameHold(a: Pick<Hold, "holdId" | "by">, b: Pick<Hold, "holdId" | "by">): boolean {
  return a.holdId === b.holdId && a.by === b.by;
}
