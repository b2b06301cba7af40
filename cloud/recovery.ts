import type { Board, OpenWork } from "./tasks/board.ts";
import type { ContractOrder } from "./core/equator/excerpt.ts";
import { decideRecovery, type EndedContract } from "./core/recovery.ts";
import { openTaskOf, type Assignment, type OpenTask } from "./core/planner.ts";
import { issueCommand } from "./commands.ts";
import { type CloudContext, logOp } from "./context.ts";
import { escalationOps, type EscalationCode } from "./escalation.ts";
import { consult } from "./failures.ts";
import type { Device } from "./fleet.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ContractRow } from "./io/store-rows.ts";
import { MEMORY_LOST } from "./io/store.ts";
import { isLeaseOver } from "./lease-watch.ts";
import { pushContract } from "./push.ts";
import { changeOf, changeOps, takeOver } from "./status-change.ts";

/** Gives tasks on that their device let go of, or may no longer work on because its lease has ended. */
export interface Recovery {
  /** Looks at a contract that was let go of; the work happens outside of the device's turn. */
  consider(contractId: string): void;
  /** Takes up what an earlier run of the cloud left undone. */
  resume(): Promise<void>;
}

const OPEN_CASES_MAX = 1000;

/** A contract whose task somebody else may do. */
interface Case {
  readonly row: ContractRow;
  readonly from: Device;
}

export function createRecovery(context: CloudContext, board: Pick<Board, "offer">): Recovery {
  const busy = new Set<string>();

  function consider(contractId: string): void {
    if (busy.has(contractId)) return;
    busy.add(contractId);
    context.background("recovery", async () => {
      try {
        if (await openCase(contractId)) board.offer(workOf(contractId));
      } finally {
        busy.delete(contractId);
      }
    });
  }
  /** The case, where it is one for somebody else; where it is one for a person, that is recorded here. */
  async function openCase(contractId: string): Promise<Case | undefined> {
    const row = await context.store.contract(contractId);
    const from = row && context.fleet.get(row.deviceId);
    const ended = row && from && endOf(context, from, row);
    if (!row || !from || !ended || (await isDecided(context, contractId))) return undefined;
    const decision = decideEnd(from, row, ended);
    if (decision.kind === "escalate") await tell(row, decision.code);
    return decision.kind === "hand-on" ? { row, from } : undefined;
  }
  function workOf(contractId: string): OpenWork {
    return {
      key: contractId,
      look: async () => {
        const found = await openCase(contractId);
        if (!found) return undefined;
        // What a restored cloud has forgotten comes first.
        return context.recollection.unheardFor(found.row.taskId) ? "later" : openTask(context, found.row);
      },
      place: async (assignment) => {
        // Its device may have come back meanwhile.
        const found = await openCase(contractId);
        if (found) await reassign(context, found.row, found.from, assignment);
      },
      unplaced: async () => {
        const row = await context.store.contract(contractId);
        if (row && !(await isTold(context, contractId))) await tell(row, "no_able_device");
      },
    };
  }
  async function tell(row: ContractRow, code: EscalationCode): Promise<void> {
    await context.store.commit(escalationOps(context, row, code));
  }
  return {
    consider,
    resume: async () => {
      for (const status of ["released", "expired"] as const) {
        const { rows } = await context.store.contracts({ limit: OPEN_CASES_MAX, status });
        for (const { contractId } of rows) consider(contractId);
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

/** Whether a person knows that nobody can take it. */
async function isTold(context: CloudContext, contractId: string): Promise<boolean> {
  const told = await context.store.logAfter(0, OPEN_CASES_MAX, { contractId });
  return told.findLast((entry) => entry.type === "recovery")?.data["code"] === "no_able_device";
}

/** For everybody who has not had this task yet, so that it cannot wander in a circle. */
async function openTask(context: CloudContext, { contract, taskId }: ContractRow): Promise<OpenTask> {
  const given = await context.store.contractsOfTask(taskId);
  return { ...openTaskOf(contract), notTo: new Set(given.map(({ deviceId }) => deviceId)) };
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
function draftFor(draft: ContractOrder, deviceId: string): ContractOrder {
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
