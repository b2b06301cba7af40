import type { ContractDraft } from "#contract/contract";
import { decideRecovery, type EndedContract } from "./core/recovery.ts";
import { openTaskOf, type Assignment } from "./core/planner.ts";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp } from "./context.ts";
import { escalationOps, type EscalationCode } from "./escalation.ts";
import { consult } from "./failures.ts";
import { candidateOf, type Device } from "./fleet.ts";
import { MEMORY_LOST, type ContractRow, type StoreOp } from "./io/store.ts";
import { isLeaseOver } from "./lease-watch.ts";
import { pushContract } from "./push.ts";
import { changeOf, changeOps, takeOver } from "./status-change.ts";

/** Gives tasks on that their device let go of, or may no longer work on because its lease has ended. */
export interface Recovery {
  /** Looks at a contract that was let go of; the work happens outside of the device's turn. */
  consider(contractId: string): void;
  /** Tries again for tasks that nobody could take: somebody has become live. */
  retry(): void;
  /** Takes up what an earlier run of the cloud left undone. */
  resume(): Promise<void>;
}

const OPEN_CASES_MAX = 1000;

export function createRecovery(context: CloudContext): Recovery {
  /** Contracts that wait for a device. */
  const open = new Set<string>();
  const busy = new Set<string>();

  function consider(contractId: string): void {
    if (busy.has(contractId)) return;
    busy.add(contractId);
    context.background("recovery", async () => {
      try {
        await recover(contractId);
      } finally {
        busy.delete(contractId);
      }
    });
  }
  async function recover(contractId: string): Promise<void> {
    const row = await context.store.contract(contractId);
    const device = row && context.fleet.get(row.deviceId);
    const ended = row && device && endOf(context, device, row);
    if (!row || !device || !ended || (await isDecided(context, contractId))) {
      open.delete(contractId);
      return;
    }
    const decision = decideEnd(device, row, ended);
    if (decision.kind === "escalate") await tell(row, decision.code);
    // What the copy has forgotten comes first: the end of the wait asks again.
    if (decision.kind === "hand-on" && context.recollection.unheardFor(row.taskId)) open.add(contractId);
    else if (decision.kind === "hand-on") await handOn(row, device);
  }
  async function handOn(row: ContractRow, from: Device): Promise<void> {
    const found = await findDevice(context, row);
    if (found && (await reassign(context, row, from, found))) open.delete(row.contractId);
    else await tell(row, "no_able_device");
  }
  /** Once; where only a device is missing, the case stays open until somebody can take the task. */
  async function tell(row: ContractRow, code: EscalationCode): Promise<void> {
    const { contractId } = row;
    const isTold = open.has(contractId);
    if (code === "no_able_device") open.add(contractId);
    else open.delete(contractId);
    if (!isTold) await context.store.commit(escalationOps(context, row, code));
  }
  return {
    consider,
    retry: () => {
      for (const contractId of open) consider(contractId);
    },
    resume: async () => {
      for (const status of ["released", "expired"] as const) {
        const { rows } = await context.store.contracts({ limit: OPEN_CASES_MAX, status });
        for (const { contractId } of rows) if (!(await isDecided(context, contractId))) open.add(contractId);
      }
    },
  };
}

/**
 * How the contract was let go of; undefined while its device may work on it. Silence that outlasts the lease is an end, and
 * one that the cloud has ended stays so whatever its device believes.
 */
function endOf(context: CloudContext, device: Device, row: ContractRow): EndedContract | undefined {
  const { status, contractId } = row;
  const { stages, load } = device.state.contracts[contractId] ?? { stages: [], load: {} };
  if (status === "released" || (status === "expired" && device.state.contracts[contractId]))
    return { status, stages, load };
  const isOver = isLeaseOver(context, device) && device.contract?.contractId === contractId;
  return isOver ? { status: "expired", stages, load } : undefined;
}

/** What only the cloud knows of is asked of the policy that the contract carries. */
function decideEnd(device: Device, row: ContractRow, ended: EndedContract): ReturnType<typeof decideRecovery> | Lost {
  const asks = (code: string, detail: string): ReturnType<typeof consult>["strategy"] => {
    const failure = { code, detail, stageId: "", action: "" };
    return consult(device, row, failure, { retries: 0, retrying: "impossible" }).strategy;
  };
  if (row.reason === MEMORY_LOST && asks(MEMORY_LOST, "its device has forgotten it") !== "reassign") return LOST;
  return decideRecovery(ended, ended.status === "expired" ? asks("lease_ended", "its lease has ended") : "reassign");
}

interface Lost {
  readonly kind: "escalate";
  readonly code: "contract_memory_lost";
}
const LOST: Lost = { kind: "escalate", code: "contract_memory_lost" };

/** Whether it is recorded what becomes of the task; that nobody can take it now decides nothing. */
async function isDecided(context: CloudContext, contractId: string): Promise<boolean> {
  const told = await context.store.logAfter(0, OPEN_CASES_MAX, { contractId });
  const last = told.findLast((entry) => entry.type === "recovery")?.data;
  if (!last || last["code"] === "no_able_device" || last["assign"] === true) return false;
  const isCalledBack = told.some(({ type, data }) => type === "failure.detected" && data["strategy"] === "reassign");
  return !(isCalledBack && last["code"] === "revoked");
}

/** Among everybody who has not had this task yet, so that it cannot wander in a circle. */
async function findDevice(context: CloudContext, row: ContractRow): Promise<Assignment | undefined> {
  const given = await context.store.contractsOfTask(row.taskId);
  const tried = new Set(given.map(({ deviceId }) => deviceId));
  const untried = context.fleet.all().filter((device) => !tried.has(device.deviceId));
  return context.planner.assign([openTaskOf(row.contract)], untried.map(candidateOf))[0];
}

/** The same task with a higher epoch for another device; the old contract ends in the same transaction. */
async function reassign(context: CloudContext, row: ContractRow, from: Device, found: Assignment): Promise<boolean> {
  const { deviceId, distance, travelSeconds } = found;
  const { contractId, epoch } = row;
  const change = changeOf(row, "cloud.reassigned");
  if (!change) return false;
  const data = { strategy: "reassign", to: deviceId, distance, travelSeconds };
  const alongside: StoreOp[] = [
    ...changeOps(context, row.deviceId, change),
    logOp(context, { type: "recovery", deviceId: row.deviceId, contractId, data }),
  ];
  const pushed = await pushContract(context, draftFor(row.draft, deviceId), { alongside });
  const isReassigned = (await context.store.contract(contractId))?.status === "reassigned";
  if (isReassigned) {
    await from.turns(async () => {
      takeOver(from, change);
      // Not heard since its lease ended: it must learn first of all that the task is no longer its own.
      if (row.status !== "released" && row.status !== "expired")
        await issueCommand(context, from, { type: "revoke", contractId, epoch });
    });
  }
  if (isReassigned && !pushed.ok) await context.store.commit(escalationOps(context, row, "reassignment_refused"));
  context.log.info({ contractId, from: row.deviceId, to: deviceId, isConfirmed: pushed.ok }, "task reassigned");
  return isReassigned;
}

/** What was asked for, without what belonged to the assignment that ended. */
function draftFor(draft: ContractDraft, deviceId: string): ContractDraft {
  const {
    contractId: _id,
    session: _session,
    epoch: _epoch,
    issuedAt: _at,
    revision: _revision,
    replaces: _plan,
    ...task
  } = draft;
  return { ...task, deviceId };
}
