import type { Constraints, ContractDraft } from "#contract/contract";
import type { CloudContext } from "../context.ts";
import { openTaskOf, type Assignment, type OpenTask } from "../core/planner.ts";
import { raise } from "../exceptions.ts";
import type { StoreOp } from "../io/store-ops.ts";
import type { LogEntry, TaskRow } from "../io/store-rows.ts";
import type { Answer } from "../problem.ts";
import { pushContract } from "../push.ts";
import type { Board, OpenWork } from "./board.ts";
import type { AskedTask, OrderDrafts } from "./order-drafts.ts";
import { taskLog } from "./task-log.ts";

/** Orders that wait for a device. */
export interface WaitingTasks extends Disposable {
  offer(row: TaskRow): void;
}

export function createWaitingTasks(
  context: CloudContext,
  board: Pick<Board, "offer">,
  drafts: OrderDrafts,
): WaitingTasks {
  const { store, clock } = context;
  /** Devices that have refused a task. */
  const refusals = new Map<string, Set<string>>();

  function offer(row: TaskRow): void {
    const { taskId } = row;
    const notTo = refusals.get(taskId) ?? new Set();
    refusals.set(taskId, notTo);
    board.offer(workOf(row, notTo));
  }
  function workOf(row: TaskRow, notTo: Set<string>): OpenWork {
    const known: { draft?: Answer<ContractDraft> } = {};
    return {
      key: row.taskId,
      look: async () => {
        const isOpen = (await store.task(row.taskId))?.state === "open";
        // What an order comes to does not change, and takes a while to find out.
        const draft = (known.draft ??= drafts.check(askedOf(row)));
        if (!isOpen || !draft.ok) return undefined;
        const { window } = draft.value.constraints;
        const nowMs = clock.wallMs();
        if (context.recollection.unheardFor(row.taskId)) return "later";
        if (window.notBefore !== undefined && nowMs < Date.parse(window.notBefore)) return "later";
        if (window.notAfter !== undefined && nowMs >= Date.parse(window.notAfter)) return expire(context, row);
        return { ...openTaskOf(draft.value), ...secondsLeft(window, nowMs), notTo };
      },
      place: (assignment) => place(row, assignment, notTo),
    };
  }
  async function place(row: TaskRow, { deviceId }: Assignment, notTo: Set<string>): Promise<void> {
    const { taskId } = row;
    const draft = drafts.form(askedOf(row));
    if (!draft.ok) return;
    const alongside: StoreOp[] = [{ op: "set-task", taskId, from: "open", state: "assigned" }];
    const pushed = await pushContract(context, { ...draft.value, deviceId }, { alongside });
    if (pushed.ok) refusals.delete(taskId);
    else if (pushed.problem.status === 422) notTo.add(deviceId);
  }
  /** A device refused it, or never had it: its lock is gone, and the task is open again. */
  async function reopen(contractId: string): Promise<void> {
    const { taskId = "" } = (await store.contract(contractId)) ?? {};
    const row = await store.task(taskId);
    if (row?.state !== "assigned") return;
    await store.commit([{ op: "set-task", taskId, from: "assigned", state: "open" }]);
    offer({ ...row, state: "open" });
  }
  const stopListening = store.onLogged((entries) => {
    for (const entry of entries.filter(endsUntaken))
      context.background("task reopened", () => reopen(entry.contractId!));
  });
  return { offer, [Symbol.dispose]: stopListening };
}

function askedOf({ order, taskId, createdAt }: TaskRow): AskedTask {
  return { order, taskId, askedAtMs: Date.parse(createdAt) };
}

function secondsLeft({ notAfter }: Constraints["window"], nowMs: number): Pick<OpenTask, "secondsLeft"> {
  return notAfter === undefined ? {} : { secondsLeft: (Date.parse(notAfter) - nowMs) / 1000 };
}

function endsUntaken({ type, data, contractId }: LogEntry): boolean {
  if (type !== "contract.status" || contractId === undefined) return false;
  return data["to"] === "rejected" || (data["to"] === "expired" && data["reason"] === "unconfirmed");
}

/** Its time is up, and nobody has taken it. */
async function expire(context: CloudContext, row: TaskRow): Promise<undefined> {
  const { taskId } = row;
  const detail = `the window of task ${taskId} has passed, and no device could take it`;
  await context.store.commit([
    { op: "set-task", taskId, from: "open", state: "expired" },
    taskLog(context, { ...row, state: "expired" }),
    ...raise(context, { code: "window_passed", severity: "HIGH", detail }),
  ]);
  return undefined;
}
