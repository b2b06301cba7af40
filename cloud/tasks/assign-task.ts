import { checkContractDraft } from "#contract/check";
import type { z } from "zod";
import type { CloudContext } from "../context.ts";
import { openTaskOf } from "../core/planner.ts";
import { freeCandidatesOf } from "../candidates.ts";
import { fillSpatial } from "../excerpts.ts";
import { ContractOrder } from "../core/equator/excerpt.ts";
import { type Answer, refuse, refuseContract } from "../problem.ts";
import { pushContract, type PushedContract, type PushOptions } from "../push.ts";

/** A contract that is for whichever device can do it. */
export const TaskDraft = ContractOrder.omit({
  deviceId: true,
  contractId: true,
  session: true,
  epoch: true,
  revision: true,
  replaces: true,
  issuedAt: true,
});
export type TaskDraft = z.infer<typeof TaskDraft>;

export type AssignedTask = PushedContract & { readonly taskId: string; readonly deviceId: string };

const NAMES_DEVICE = "a task that names its device is a contract: POST /contracts";

/** Fills the place of the device until it is known; every check of a contract asks for one. */
export const NOBODY = "nobody";

/** Gives a task to the device that the planner chooses among those that are live, free and able, and pushes it there. */
export async function assignTask(
  context: CloudContext,
  body: unknown,
  options: Pick<PushOptions, "idempotencyKey"> = {},
): Promise<Answer<AssignedTask>> {
  const made = await earlierTask(context, options.idempotencyKey);
  const task = typeof body === "object" && body !== null ? body : {};
  if ("deviceId" in task)
    return refuseContract("invalid", NAMES_DEVICE, [{ path: "/deviceId", message: NAMES_DEVICE }]);
  const placed = fillSpatial(context, { ...task, deviceId: made ?? NOBODY });
  if (!placed.ok) return placed;
  const checked = checkContractDraft(placed.value.body);
  if (!checked.ok)
    return refuseContract(checked.reason, "the task is not one that a device could do", checked.problems);
  const draft = checked.contract;
  const found = context.planner.assign([openTaskOf(draft)], freeCandidatesOf(context))[0];
  const deviceId = made ?? found?.deviceId;
  if (deviceId === undefined) {
    const { actions } = openTaskOf(draft);
    return refuse("no_able_device", `no device that is live and free can ${actions.join(", ")}`);
  }
  const pushed = await pushContract(context, { ...task, deviceId }, options);
  return pushed.ok ? { ok: true, value: { ...pushed.value, taskId: draft.taskId, deviceId } } : pushed;
}

/** The same request goes to the same device, whoever is nearest by now. */
async function earlierTask(context: CloudContext, key: string | undefined): Promise<string | undefined> {
  const earlier = key === undefined ? undefined : await context.store.idempotency(key);
  return earlier && (await context.store.contract(earlier.madeId))?.deviceId;
}
