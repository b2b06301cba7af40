import type { Problem } from "#contract/event";
import { type ContractStatus, nextStatus } from "#contract/status";
import { type CloudContext, logOp, nowText } from "./context.ts";
import type { Device } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { present } from "./present.ts";

/** A step of a pushed contract that the table of statuses allows. */
export interface StatusChange {
  readonly contractId: string;
  readonly from: ContractStatus;
  readonly to: ContractStatus;
  readonly reason?: string | undefined;
  readonly problems?: readonly Problem[] | undefined;
}

/** The change that an event makes to a contract, or undefined when the table knows none. */
export function changeOf(
  contract: ContractRow,
  event: string,
  why: Pick<StatusChange, "reason" | "problems"> = {},
): StatusChange | undefined {
  const to = nextStatus(contract.status, event);
  return to && { contractId: contract.contractId, from: contract.status, to, ...why };
}

/** The change as it is committed: guarded by the status that it was decided on, and told to the stream. */
export function changeOps(context: CloudContext, deviceId: string, change: StatusChange): StoreOp[] {
  const { contractId, from, to, reason, problems } = change;
  const why = present({ reason, problems });
  return [
    { op: "set-status", contractId, from: [from], to, at: nowText(context), ...why },
    logOp(context, { type: "contract.status", deviceId, contractId, data: { from, to, ...why } }),
  ];
}

/** Commits a change of the device's own contract and takes it over. Runs in the device's turn. */
export async function commitChange(
  context: CloudContext,
  device: Device,
  change: StatusChange,
  more: readonly StoreOp[] = [],
): Promise<void> {
  await context.store.commit([...changeOps(context, device.deviceId, change), ...more]);
  takeOver(device, change);
  context.log.info({ deviceId: device.deviceId, ...change }, "contract status changed");
}

/** The device's contract in its new status. */
export function takeOver(device: Device, change: StatusChange): void {
  if (device.contract?.contractId !== change.contractId) return;
  const { to: status, reason, problems } = change;
  device.contract = { ...device.contract, status, ...present({ reason, problems }) };
}
