import type { Event } from "#contract/event";
import { readEventData } from "#contract/event-data";
import { foldEvent } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { isFinal, nextStatus } from "#contract/status";
import { trackEvent, type Track } from "./core/track.ts";
import { type CloudContext, nowText } from "./context.ts";
import { endingOps } from "./escalation.ts";
import { raise } from "./exceptions.ts";
import type { Device } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { present } from "./present.ts";
import { changeOps, type StatusChange } from "./status-change.ts";

/** What a run of events does to a device and to the database; nothing of it holds until `ops` are committed. */
export interface EventEffects {
  readonly state: DeviceState;
  readonly track: Track;
  readonly changes: readonly StatusChange[];
  readonly ops: readonly StoreOp[];
}

/** Folds new events. Those in `repeated` were committed under another number (a renumbered journal) and only count it. */
export function effectsOf(
  context: CloudContext,
  device: Device,
  events: readonly Event[],
  repeated: ReadonlySet<string>,
): EventEffects {
  const receivedAtMs = context.clock.wallMs();
  let { state, track, contract } = device;
  const changes: StatusChange[] = [];
  const ops: StoreOp[] = [];
  for (const event of events) {
    if (repeated.has(event.id)) {
      state = { ...state, seq: event.seq };
      continue;
    }
    state = foldEvent(state, event);
    track = trackEvent(track, event, receivedAtMs);
    ops.push(...movementOps(context, device, state, event), ...exceptionOps(context, device, event));
    if (contract && isRevision(contract, event)) {
      contract = { ...contract, revision: event.revision! };
      ops.push({ op: "adopt-revision", contractId: contract.contractId, revision: contract.revision });
    }
    const change = contract && statusChange(contract, state, event);
    if (!contract || !change) continue;
    contract = { ...contract, status: change.to };
    changes.push(change);
    const folded = state.contracts[change.contractId];
    ops.push(...changeOps(context, device.deviceId, change));
    if (folded && isFinal(change.to)) ops.push(...endingOps(context, contract, folded, event));
  }
  return { state, track, changes, ops };
}

/**
 * The journal's fold says what the contract has come to, unless the cloud has ended it: an assignment that was given on
 * is not called back by what its old holder still says.
 */
function statusChange(contract: ContractRow, state: DeviceState, event: Event): StatusChange | undefined {
  const { contractId, status: from } = contract;
  if (isFinal(from)) return undefined;
  if (event.type === "contract.rejected") return rejection(contract, event);
  if (event.contractId !== contractId) return undefined;
  const folded = state.contracts[contractId];
  const to = folded?.status ?? nextStatus(from, event.type);
  return to === undefined || to === from ? undefined : { contractId, from, to, reason: folded?.endReason };
}

/** The device works by a new plan: what it was sent becomes its contract. */
function isRevision({ contractId, revision }: ContractRow, event: Event): boolean {
  return event.type === "contract.accepted" && event.contractId === contractId && (event.revision ?? 0) > revision;
}

function rejection(contract: ContractRow, event: Event): StatusChange | undefined {
  const data = readEventData("contract.rejected", event.data);
  const { contractId, revision, status: from } = contract;
  const isOurs = event.contractId === contractId || data?.inReplyTo === `${contractId}/${revision}`;
  const to = nextStatus(from, event.type);
  return isOurs && data && to ? { contractId, from, to, reason: data.reason, problems: data.problems } : undefined;
}

/** What was moved was moved, whoever held the task by then: the store flags it. */
function movementOps(context: CloudContext, device: Device, state: DeviceState, event: Event): StoreOp[] {
  if (event.type !== "movement") return [];
  const movement = readEventData("movement", event.data);
  if (!movement) return [];
  const { partnerId, warehouseId } = context.config;
  const { contractId, epoch } = event;
  const taskId = contractId === undefined ? undefined : state.contracts[contractId]?.taskId;
  const row = {
    partnerId,
    correlationId: movement.correlation_id,
    warehouseId,
    deviceId: device.deviceId,
    ...present({ contractId }),
    recordedAt: nowText(context),
    movement,
  };
  const about = present({ deviceId: device.deviceId, contractId });
  const detail = `${movement.kind} of ${movement.qty} ${movement.sku} under an assignment that was no longer valid`;
  const ifFenced = raise(context, { code: "fenced_movement", severity: "HIGH", detail, ...about });
  return [{ op: "insert-movement", row, ifFenced, ...present({ epoch, taskId }) }];
}

function exceptionOps(context: CloudContext, device: Device, event: Event): StoreOp[] {
  if (event.type !== "exception") return [];
  const data = readEventData("exception", event.data);
  if (!data) return [];
  const { code, severity, detail } = data;
  const about = present({ deviceId: device.deviceId, contractId: event.contractId });
  return raise(context, { code, severity, detail, ...about });
}
