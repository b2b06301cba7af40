import type { ContractDraft } from "#contract/contract";
import type { ContractState } from "#contract/state";
import { decideRecovery, type Candidate, type Recovery as Decision } from "./core/recovery.ts";
import { type CloudContext, logOp } from "./context.ts";
import { escalationOps, type EscalationCode } from "./escalation.ts";
import { contractUnderWay, lockingContract, modeOf, type Device } from "./fleet.ts";
import type { ContractRow, LogEntry, StoreOp } from "./io/store.ts";
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
    const state = row && device && stateLetGo(context, device, row);
    if (!row || !device || !state || (await isDecided(context, contractId))) {
      open.delete(contractId);
      return;
    }
    const decision = decideRecovery(row.contract, state, await candidates(context, row));
    if (decision.kind === "reassign" && (await reassign(context, row, device, decision))) {
      open.delete(contractId);
      return;
    }
    await tell(row, decision.kind === "escalate" ? decision.code : "no_able_device");
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

/** The contract as it was let go of; undefined while its device may work on it. Silence that outlasts the lease is an end. */
function stateLetGo(context: CloudContext, device: Device, row: ContractRow): ContractState | undefined {
  const state = device.state.contracts[row.contractId];
  if (!state || row.status === "released" || row.status === "expired") return state;
  return isLeaseOver(context, device) && device.contract?.contractId === row.contractId
    ? { ...state, status: "expired" }
    : undefined;
}

/** Whether it is recorded what becomes of the task; that nobody can take it now decides nothing. */
async function isDecided(context: CloudContext, contractId: string): Promise<boolean> {
  const told = await context.store.logAfter(0, OPEN_CASES_MAX, contractId);
  const last: LogEntry | undefined = told.findLast((entry) => entry.type === "recovery");
  return last !== undefined && last.data["code"] !== "no_able_device";
}

/** Everybody who has not had this task yet, so that it cannot wander in a circle. */
async function candidates(context: CloudContext, row: ContractRow): Promise<Candidate[]> {
  const tried = new Set(await context.store.devicesOfTask(row.taskId));
  return context.fleet
    .all()
    .filter((device) => !tried.has(device.deviceId))
    .map((device) => ({
      deviceId: device.deviceId,
      mode: modeOf(device),
      isFree: lockingContract(device) === undefined && contractUnderWay(device) === undefined,
      actions: device.presence?.profile.actions ?? [],
      pose: device.track.pose?.value,
    }));
}

/** The same task with a higher epoch for another device; the old contract ends in the same transaction. */
async function reassign(
  context: CloudContext,
  row: ContractRow,
  from: Device,
  decision: Extract<Decision, { kind: "reassign" }>,
): Promise<boolean> {
  const { deviceId, distance } = decision;
  const { contractId } = row;
  const change = changeOf(row, "cloud.reassigned");
  if (!change) return false;
  const data = { strategy: "reassign", to: deviceId, distance };
  const alongside: StoreOp[] = [
    ...changeOps(context, row.deviceId, change),
    logOp(context, { type: "recovery", deviceId: row.deviceId, contractId, data }),
  ];
  const pushed = await pushContract(context, draftFor(row.draft, deviceId), { alongside });
  const isReassigned = (await context.store.contract(contractId))?.status === "reassigned";
  if (isReassigned) await from.turns(async () => takeOver(from, change));
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
