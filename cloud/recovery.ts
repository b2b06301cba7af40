import type { ContractDraft } from "#contract/contract";
import { decideRecovery, type Candidate, type Recovery as Decision } from "./core/recovery.ts";
import { type CloudContext, logOp } from "./context.ts";
import { escalationOps } from "./escalation.ts";
import { contractUnderWay, lockingContract, modeOf, type Device } from "./fleet.ts";
import type { ContractRow, LogEntry, StoreOp } from "./io/store.ts";
import { pushContract } from "./push.ts";
import { changeOf, changeOps, takeOver } from "./status-change.ts";

/** Gives tasks on that their device let go of. */
export interface Recovery {
  /** Looks at a contract that was released; the work happens outside of the device's turn. */
  consider(contractId: string): void;
  /** Tries again for tasks that nobody could take: somebody has become live. */
  retry(): void;
  /** Takes up what an earlier run of the cloud left undone. */
  resume(): Promise<void>;
}

const OPEN_CASES_MAX = 1000;

export function createRecovery(context: CloudContext): Recovery {
  /** Released contracts that wait for a device. */
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
    const state = device?.state.contracts[contractId];
    if (!row || !device || !state || row.status !== "released" || (await isDecided(context, contractId))) {
      open.delete(contractId);
      return;
    }
    const decision = decideRecovery(row.contract, state, await candidates(context, row));
    if (decision.kind === "reassign" && (await reassign(context, row, device, decision))) {
      open.delete(contractId);
      return;
    }
    const isTold = open.has(contractId);
    open.add(contractId);
    // Told once; the case stays open until somebody can take the task.
    if (!isTold) await context.store.commit(escalationOps(context, row, "no_able_device"));
  }
  return {
    consider,
    retry: () => {
      for (const contractId of open) consider(contractId);
    },
    resume: async () => {
      const { rows } = await context.store.contracts({ limit: OPEN_CASES_MAX, status: "released" });
      for (const { contractId } of rows) if (!(await isDecided(context, contractId))) open.add(contractId);
    },
  };
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
