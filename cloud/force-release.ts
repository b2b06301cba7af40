import { z } from "zod";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp } from "./context.ts";
import { raise } from "./exceptions.ts";
import { EPOCHS_FORGOTTEN_MAX } from "./core/recollection.ts";
import { leaseEndsAt } from "./acks.ts";
import { lockingContract, modeOf, notify, type Device } from "./fleet.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { type Answer, readAs, refuse } from "./problem.ts";
import type { Unheard } from "./recollection.ts";
import { changeOf, changeOps, takeOver } from "./status-change.ts";
import type { ForceReleaseView } from "./views.ts";

/** Who wants a task freed, why, and that they have read what could happen. */
export const ForceRelease = z.strictObject({
  by: z.string().min(1).max(200).meta({ description: "the person who answers for it" }),
  reason: z.string().min(1).max(1000),
  assign: z.boolean().default(false).meta({ description: "give it to the nearest able device at once" }),
  confirm: z.boolean().default(false).meta({ description: "true once the warning of the first answer was read" }),
});

/** The recovery that a freed task is then a case for. */
export interface AfterRelease {
  consider(contractId: string): void;
}

/**
 * Takes a task from the device that has it, without the device's consent: the lock is freed, everything that was assigned
 * before is fenced by a new epoch, and the device is revoked before anything else when it is heard. Not done before the
 * caller has confirmed the warning, which says what could happen.
 */
export async function forceRelease(
  context: CloudContext,
  taskId: string,
  body: unknown,
  recovery: AfterRelease,
): Promise<Answer<ForceReleaseView>> {
  const order = readAs(ForceRelease, body);
  if (!order.ok) return order;
  const given = (await context.store.contractsOfTask(taskId)).at(-1);
  const device = given && context.fleet.get(given.deviceId);
  const unheard = context.recollection.unheardFor(taskId);
  const isLocked = device && lockingContract(device)?.contractId === given.contractId;
  if (unheard && !isLocked) return freeUnheard(context, taskId, order.value, unheard);
  if (!given || !device) return refuse("not_found", `no contract was ever made for task ${taskId}`);
  const released = await device.turns(() => release(context, device, given.contractId, order.value));
  if (released.ok && order.value.assign) recovery.consider(given.contractId);
  return released;
}

/** A restored cloud does not know yet who has the task: an operator answers for it that nobody works on it. */
async function freeUnheard(
  context: CloudContext,
  taskId: string,
  { by, reason, confirm, assign }: z.infer<typeof ForceRelease>,
  { deviceIds, until }: Unheard,
): Promise<Answer<ForceReleaseView>> {
  const who = deviceIds.length === 0 ? "devices that it has forgotten" : deviceIds.join(", ");
  const warning = `the cloud was restored and has not heard ${who}, which may be working on task ${taskId}: given to another device now, the work can be done twice, and both can meet; every lease of before has surely ended at ${until}, and waiting until then is safe`;
  if (assign) return refuse("invalid", `the contract of task ${taskId} may be a forgotten one: push it anew instead`);
  if (!confirm) return refuse("confirmation_needed", warning, { taskId, deviceIds, until });
  const epoch = (await context.store.highestEpoch(taskId)) + EPOCHS_FORGOTTEN_MAX;
  const detail = `task ${taskId} was given free by ${by} after a restore: ${reason}`;
  await context.store.commit([
    { op: "raise-epoch", taskId, epoch },
    ...raise(context, { code: "force_released", severity: "HIGH", detail }),
    logOp(context, { type: "recovery", data: { strategy: "force-release", taskId, by, reason, epoch } }),
  ]);
  context.recollection.free(taskId);
  context.log.warn({ taskId, by, epoch }, "task given free after a restore");
  return { ok: true, value: { taskId, epoch, warning } };
}

async function release(
  context: CloudContext,
  device: Device,
  contractId: string,
  { by, reason, confirm, assign }: z.infer<typeof ForceRelease>,
): Promise<Answer<ForceReleaseView>> {
  const { deviceId, contract: row } = device;
  const change = row?.contractId === contractId ? changeOf(row, "cloud.released", { reason: "forced" }) : undefined;
  if (!row || !change) return refuse("not_locked", `contract ${contractId} holds no lock: there is nothing to release`);
  const warning = warningOf(context, device, row);
  const { taskId } = row;
  if (!confirm) return refuse("confirmation_needed", warning, { taskId, contractId, deviceId });
  const epoch = (await context.store.highestEpoch(taskId)) + 1;
  const detail = `task ${taskId} was taken from ${deviceId} by ${by}: ${reason}`;
  const data = { strategy: "force-release", by, reason, epoch, assign };
  await context.store.commit([
    ...changeOps(context, deviceId, change),
    { op: "raise-epoch", taskId, epoch },
    ...raise(context, { code: "force_released", severity: "HIGH", detail, deviceId, contractId }),
    logOp(context, { type: "recovery", deviceId, contractId, data }),
  ]);
  takeOver(device, change);
  context.log.warn({ deviceId, contractId, taskId, by, epoch }, "task taken by force");
  await issueCommand(context, device, { type: "revoke", contractId, epoch: row.epoch });
  notify(device);
  return { ok: true, value: { taskId, contractId, deviceId, epoch, warning } };
}

function warningOf(context: CloudContext, device: Device, row: ContractRow): string {
  const { deviceId, lastHeardAt = "never" } = device;
  if (modeOf(device) === "live")
    return `${deviceId} is live: it is told to stop, and until it has, it may still act on task ${row.taskId}; cancel it instead, unless it does not answer`;
  const until = leaseEndsAt(context, device);
  const lease = until === undefined ? "" : `; its lease has surely ended at ${until}, and waiting until then is safe`;
  return `${deviceId} cannot be heard (last: ${lastHeardAt}) and may still be working on task ${row.taskId}: given to another device now, the work can be done twice, and both can meet${lease}`;
}
