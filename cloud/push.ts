import { checkContractDraft } from "#contract/check";
import { type Contract, type ContractDraft, DEFAULT_LEASE } from "#contract/contract";
import { topicOf } from "#contract/topics";
import { messageOf } from "#lib/errors";
import { nextEpoch, strangeHolder } from "./core/assignment.ts";
import type { ContractOrder } from "./core/equator/excerpt.ts";
import { type CloudContext, logOp, nowText } from "./context.ts";
import { fillSpatial, orderOf } from "./excerpts.ts";
import { contractUnderWay, lockingContract, modeOf, sessionOf, until, type Device } from "./fleet.ts";
import { keepKey, type KeyedRequest, madeBefore } from "./idempotency.ts";
import type { Conflict, StoreOp } from "./io/store-ops.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { present } from "./present.ts";
import { type Answer, refuse, refuseContract } from "./problem.ts";
import { settle } from "./settle.ts";
import { changeOf, commitChange } from "./status-change.ts";

/** A contract that its device has stored. */
export interface PushedContract {
  readonly contractId: string;
  readonly status: ContractRow["status"];
  readonly epoch: number;
}

export interface PushOptions {
  /** The same key with the same body is the same request, however often it is sent. */
  readonly idempotencyKey?: string | undefined;
  /** Changes that must happen together with the insertion. */
  readonly alongside?: readonly StoreOp[];
}

/**
 * Signs a contract, locks device and task, publishes it, and answers when the device has stored or refused it: 201, or
 * the problem of `wire.md` §2 that applies. Without an answer the contract stays `unconfirmed` and locked.
 */
export async function pushContract(
  context: CloudContext,
  body: unknown,
  options: PushOptions = {},
): Promise<Answer<PushedContract>> {
  const placed = fillSpatial(context, body);
  if (!placed.ok) return placed;
  const checked = checkContractDraft(placed.value.body);
  if (!checked.ok) return refuseContract(checked.reason, summary(checked.problems.length), checked.problems);
  const draft = checked.contract;
  const request = { draft, order: orderOf(draft, placed.value.reference) };
  const device = context.fleet.get(draft.deviceId);
  if (!device) return refuse("unknown_device", `${draft.deviceId} was never heard by this cloud`);
  const sent = await device.turns(() => send(context, device, request, options));
  return sent.ok ? confirmation(context, device, sent.value) : sent;
}

/** A checked contract, and how it was asked for: the two differ where only a map was named. */
interface Request {
  readonly draft: ContractDraft;
  readonly order: ContractOrder;
}

/** Locks, commits and publishes, unless the same request was made before. Runs in the device's turn. */
async function send(
  context: CloudContext,
  device: Device,
  request: Request,
  options: PushOptions,
): Promise<Answer<ContractRow>> {
  const { draft, order } = request;
  const keyed = { key: options.idempotencyKey, order };
  const settled =
    (await earlierContract(context, keyed)) ??
    obstacleTo(context, device) ??
    forgotten(context, draft.taskId) ??
    (await heldByStranger(context, draft.taskId));
  if (settled) return settled;
  const row = await rowFor(context, device, request);
  const { contractId, deviceId } = row;
  const epochRule = draft.epoch === undefined ? "fresh" : "as-given";
  const data = { to: row.status, taskId: row.taskId, epoch: row.epoch };
  const committed = await context.store.commit([
    // First, because they may free the task.
    ...(options.alongside ?? []),
    { op: "insert-contract", row, epochRule },
    ...keepKey(context, keyed, contractId),
    logOp(context, { type: "contract.status", deviceId, contractId, data }),
  ]);
  if (!committed.ok) return conflictProblem(committed.conflict as PushConflict, row);
  device.contract = row;
  context.log.info({ deviceId, contractId, taskId: row.taskId, epoch: row.epoch }, "contract pushed");
  context.link.publish(topicOf(context.config.site, deviceId, "contract"), row.jws).catch((thrown: unknown) => {
    context.log.warn({ deviceId, contractId, reason: messageOf(thrown) }, "contract perhaps not delivered");
  });
  return { ok: true, value: row };
}

function obstacleTo(context: CloudContext, device: Device): Answer<never> | undefined {
  const { deviceId, lastHeardAt = null } = device;
  const mode = modeOf(device);
  if (!context.link.isConnected()) return refuse("broker_unreachable", "the cloud has no connection to the broker");
  if (mode !== "live") {
    const why = mode === "projected" ? "cannot be heard" : "is back, and its journal is being reconciled";
    return refuse("device_not_live", `${deviceId} ${why}`, { mode, lastHeardAt });
  }
  const active = lockingContract(device);
  if (!active) return undefined;
  const { contractId, status } = active;
  return refuse("device_busy", `${deviceId} has contract ${contractId} (${status})`, {
    contractId,
    contractStatus: status,
  });
}

/** The database was restored, and may have forgotten who is at the task. */
function forgotten(context: CloudContext, taskId: string): Answer<never> | undefined {
  const unheard = context.recollection.unheardFor(taskId);
  if (!unheard) return undefined;
  const { deviceIds, until } = unheard;
  const who = deviceIds.length === 0 ? "its devices" : deviceIds.join(", ");
  return refuse("restored", `the cloud was restored, and waits for ${who} until ${until}`, { deviceIds, until });
}

/** Somebody's journal may tell of an assignment that this database, restored from a backup, knows nothing of. */
async function heldByStranger(context: CloudContext, taskId: string): Promise<Answer<never> | undefined> {
  const underWay = context.fleet.all().flatMap((device) => contractUnderWay(device) ?? []);
  const recorded = new Set((await context.store.contractsOfTask(taskId)).map(({ contractId }) => contractId));
  const contractId = strangeHolder(taskId, recorded, underWay);
  if (contractId === undefined) return undefined;
  return refuse("task_busy", `a device is at task ${taskId} with contract ${contractId}`, { contractId });
}

async function rowFor(context: CloudContext, device: Device, { draft, order }: Request): Promise<ContractRow> {
  const states = context.fleet.all().map(({ state }) => state);
  const epoch = draft.epoch ?? nextEpoch(draft.taskId, await context.store.highestEpoch(draft.taskId), states);
  const contract: Contract = {
    ...draft,
    contractId: draft.contractId ?? context.uuid(),
    session: draft.session ?? sessionOf(device)!,
    epoch,
    issuedAt: draft.issuedAt ?? nowText(context),
    revision: draft.revision ?? 1,
    lease: draft.lease ?? DEFAULT_LEASE,
    failurePolicy: context.policies.failurePolicyFor(draft, device.presence?.profile.kind),
  };
  const jws = await context.signer.sign("hf-contract+jws", contract);
  const { contractId, name, taskId, deviceId, revision } = contract;
  return {
    contractId,
    ...present({ name }),
    taskId,
    deviceId,
    epoch,
    revision,
    session: contract.session,
    status: "pushed",
    draft: order,
    contract,
    jws,
    createdAt: nowText(context),
  };
}

/** Waits for the device's answer, whichever way it comes: as a reply or in the journal. */
async function confirmation(
  context: CloudContext,
  device: Device,
  pushed: ContractRow,
): Promise<Answer<PushedContract>> {
  if (pushed.status !== "pushed") return answerFor(pushed);
  const { confirmTimeoutMs } = context.config;
  const { contractId } = pushed;
  const answered = await until(context, device, confirmTimeoutMs, () => answeredContract(device, contractId));
  const row = answered ?? (await device.turns(() => leaveUnconfirmed(context, device, contractId)));
  return answerFor(row);
}

function answeredContract(device: Device, contractId: string): ContractRow | undefined {
  const { contract } = device;
  return contract?.contractId === contractId && contract.status !== "pushed" ? contract : undefined;
}

/** The time is up, unless the answer came while this waited for its turn. */
async function leaveUnconfirmed(context: CloudContext, device: Device, contractId: string): Promise<ContractRow> {
  const answered = answeredContract(device, contractId);
  if (answered) return answered;
  const change = changeOf(device.contract!, "cloud.unconfirmed");
  if (change) await commitChange(context, device, change);
  // Whoever goes down asks for nothing more: the next start does.
  if (!context.ended.aborted) await settle(context, device);
  return { ...device.contract!, status: "unconfirmed" };
}

/** What a push of this contract is answered, judged by how it stands. */
function answerFor(row: ContractRow): Answer<PushedContract> {
  const { contractId, status, epoch, deviceId, reason = "invalid", problems = [] } = row;
  const members = { contractId, contractStatus: status, epoch };
  if (status === "rejected") {
    return refuseContract(reason, `${deviceId} refused the contract: ${reason}`, problems, members);
  }
  const isUnanswered =
    status === "pushed" || status === "unconfirmed" || (status === "expired" && row.reason === "unconfirmed");
  if (isUnanswered) {
    const detail = `${deviceId} did not confirm; device and task stay locked until it is heard`;
    return refuse("unconfirmed", detail, members);
  }
  return { ok: true, value: { contractId, status, epoch } };
}

/** Those that a push can run into. */
type PushConflict = Exclude<Conflict, "exception_resolved" | "policy_changed" | "task_exists">;

function conflictProblem(conflict: PushConflict, row: ContractRow): Answer<never> {
  const { taskId, deviceId, contractId } = row;
  switch (conflict) {
    case "device_busy":
      return refuse("device_busy", `${deviceId} already has an active contract`);
    case "task_busy":
    case "stale_epoch":
      return refuse("task_busy", `task ${taskId} already has an active contract`);
    case "contract_exists":
      return refuse("contract_exists", `contract ${contractId} was pushed before`);
    case "key_in_use":
      return refuse("key_reused", "this idempotency key was used for another device");
  }
}

/** The contract that the same request has made. */
async function earlierContract(context: CloudContext, keyed: KeyedRequest): Promise<Answer<ContractRow> | undefined> {
  const made = await madeBefore(context, keyed);
  if (!made?.ok) return made;
  const row = await context.store.contract(made.value);
  return row && { ok: true, value: row };
}

function summary(count: number): string {
  return count === 1 ? "one thing is wrong with the contract" : `${count} things are wrong with the contract`;
}
