import type { ContractDraft } from "#contract/contract";
import type { Event } from "#contract/event";
import { decideRecovery, type Candidate, type Recovery as Decision } from "./core/recovery.ts";
import { type CloudContext, logOp } from "./context.ts";
import { raise } from "./event-effects.ts";
import { contractUnderWay, lockingContract, modeOf, type Device } from "./fleet.ts";
import type { ContractRow, StoreOp } from "./io/store.ts";
import { pushContract } from "./push.ts";
import { changeOf, changeOps, takeOver, type StatusChange } from "./status-change.ts";

/** What follows when a contract ends without success. */
export interface Recovery {
  /** Looks at what the journal has just told; the work itself happens outside of the device's turn. */
  consider(device: Device, changes: readonly StatusChange[], events: readonly Event[]): void;
  /** Tries again for tasks that nobody could take: somebody has become live or free. */
  retry(): void;
  /** Takes up what an earlier run of the cloud left undone. */
  resume(): Promise<void>;
}

const OPEN_CASES_MAX = 1000;

export function createRecovery(context: CloudContext): Recovery {
  /** Contracts that were let go of and wait for a device. */
  const open = new Set<string>();
  const busy = new Set<string>();

  function consider(device: Device, changes: readonly StatusChange[], events: readonly Event[]): void {
    for (const { contractId } of changes) {
      // The cloud itself revoked it, so it knows what it wants with the task.
      if (events.some((event) => event.type === "contract.revoked" && event.contractId === contractId)) continue;
      if (decide(device, contractId).kind !== "none") start(contractId);
    }
  }
  function decide(device: Device, contractId: string): Decision {
    const { contract } = device;
    const state = device.state.contracts[contractId];
    if (contract?.contractId !== contractId || !state) return { kind: "none" };
    return decideRecovery(contract.contract, state, []);
  }
  function start(contractId: string): void {
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
    if (!row || !device || !state || row.status === "reassigned") {
      open.delete(contractId);
      return;
    }
    const decision = decideRecovery(row.contract, state, await candidates(context, row));
    switch (decision.kind) {
      case "none":
        return;
      case "escalate":
        if (decision.code === "no_able_device") await waitForDevice(row);
        else await escalate(context, row, decision.code);
        return;
      case "reassign":
        if (await reassign(context, row, device, decision)) open.delete(contractId);
        else await waitForDevice(row);
    }
  }
  /** Told once; the case stays open until somebody can take the task. */
  async function waitForDevice(row: ContractRow): Promise<void> {
    if (open.has(row.contractId)) return;
    open.add(row.contractId);
    await escalate(context, row, "no_able_device");
  }
  return {
    consider,
    retry: () => {
      for (const contractId of open) start(contractId);
    },
    resume: async () => {
      const { rows } = await context.store.contracts({ limit: OPEN_CASES_MAX, status: "released" });
      for (const { contractId } of rows) {
        const told = await context.store.logAfter(0, OPEN_CASES_MAX, contractId);
        const last = told.findLast((entry) => entry.type === "recovery");
        if (!last || last.data["code"] === "no_able_device") open.add(contractId);
      }
    },
  };
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

async function escalate(
  context: CloudContext,
  row: ContractRow,
  code: Extract<Decision, { kind: "escalate" }>["code"],
): Promise<void> {
  const { contractId, deviceId, taskId } = row;
  const detail = `${EXPLANATIONS[code] ?? `the contract ended as ${row.status}`} (task ${taskId})`;
  context.log.warn({ contractId, deviceId, code }, "recovery needs a person");
  await context.store.commit([
    ...raise(context, { code, severity: "HIGH", detail, deviceId, contractId }),
    logOp(context, { type: "recovery", deviceId, contractId, data: { strategy: "escalate", code } }),
  ]);
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  no_able_device: "the task was let go of, and no other device that is live, free and able can take it now",
  effect_done: "the task was let go of after a step that somebody else would repeat",
  load_on_board: "the contract ended with a load on board",
};
