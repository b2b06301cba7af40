import type { OnlinePresence } from "#contract/messages";
import { holdsLock, isFinal } from "#contract/status";
import { issueCommand } from "./commands.ts";
import type { CloudContext } from "./context.ts";
import { reassignableAtMs } from "./core/lease.ts";
import { raise } from "./exceptions.ts";
import { hasCaughtUp, lockingContract, type Device } from "./fleet.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { MEMORY_LOST } from "./io/store.ts";
import { changeOf, commitChange } from "./status-change.ts";

/**
 * Revokes what a device says it is at and the cloud knows as ended: given to somebody else, taken by force, or ended by the device
 * itself, which has lost the end of its journal. The first thing that a returning device hears. Runs in the device's turn.
 */
export async function revokeEnded(context: CloudContext, device: Device, told: OnlinePresence): Promise<void> {
  for (const { contractId, epoch } of told.active) {
    const isOnItsWay = device.commands.some((open) => open.type === "revoke" && open.contractId === contractId);
    if (isOnItsWay || lockingContract(device)?.contractId === contractId) continue;
    const row = await context.store.contract(contractId);
    const known = device.state.contracts[contractId];
    const hasSaidOtherwise = known !== undefined && !holdsLock(known.status) && isOlder(told, device);
    if (!row || !isFinal(row.status) || hasSaidOtherwise) continue;
    await issueCommand(context, device, { type: "revoke", contractId, epoch });
  }
}

/** Whether events have come since that the device had not yet written then. */
function isOlder({ incarnation, journal }: OnlinePresence, { intake }: Device): boolean {
  return incarnation !== intake.incarnation || journal.lastSeq < intake.seq;
}

/**
 * Notes whether the device has forgotten its contract: its journal begins anew and is read to its end, and it does not name
 * the contract. From then on the lease is not renewed. Runs in the device's turn.
 */
export async function noteMemory(context: CloudContext, device: Device, told: OnlinePresence): Promise<void> {
  const row = lockingContract(device);
  const isNamed = told.active.some(({ contractId }) => contractId === row?.contractId);
  if (!row || isNamed || row.status === "pushed" || row.status === "unconfirmed") {
    delete device.forgetting;
    return;
  }
  if (!hasCaughtUp(device)) return;
  const spokeLast = await context.store.incarnationOf(row.contractId);
  if (spokeLast !== undefined && spokeLast !== device.intake.incarnation) device.forgetting = row.contractId;
}

/** The contract that its device has forgotten, and whose lease has surely ended: should its disk come back, it has stopped. */
export function forgottenContract(context: CloudContext, device: Device): ContractRow | undefined {
  const row = lockingContract(device);
  const { forgetting, leaseCountedMs } = device;
  if (!row || row.contractId !== forgetting || leaseCountedMs === undefined) return undefined;
  return context.clock.nowMs() >= reassignableAtMs(row.contract.lease, leaseCountedMs) ? row : undefined;
}

/** Frees the lock of a forgotten contract, which nobody would ever end. Runs in the device's turn. */
export async function releaseForgotten(context: CloudContext, device: Device): Promise<void> {
  const row = forgottenContract(context, device);
  const change = row && changeOf(row, "cloud.released", { reason: MEMORY_LOST });
  if (!change) return;
  const { contractId } = row;
  const { deviceId } = device;
  const detail = "the device is back without memory of the contract: what it did after it was last heard is not known";
  const exception = { code: MEMORY_LOST, severity: "HIGH", detail, deviceId, contractId } as const;
  await commitChange(context, device, change, raise(context, exception));
  device.forgotten.add(contractId);
  delete device.forgetting;
}
