import { repeat, timestamp } from "#lib/clock";
import type { CloudContext } from "../context.ts";
import { nextRun } from "../core/scheduling/local-time.ts";
import { TaskOrder } from "../core/scheduling/task-order.ts";
import type { TaskTemplate } from "../core/scheduling/task-template.ts";
import { keepKey, madeBefore } from "../idempotency.ts";
import type { StoreOp } from "../io/store-ops.ts";
import type { TaskRow } from "../io/store-rows.ts";
import { present } from "../present.ts";
import { type Answer, problemsIn, refuse, refuseContract } from "../problem.ts";
import type { PushOptions } from "../push.ts";
import type { Board } from "./board.ts";
import { createOrderDrafts } from "./order-drafts.ts";
import { taskLog } from "./task-log.ts";
import { createWaitingTasks } from "./waiting-tasks.ts";

/** The scheduler (document 1): work that is asked for by its kind, and waits for its time and its device. */
export interface TaskOrders extends Disposable {
  /** Checks an order as far as that is possible without a device, and keeps it. */
  submit(body: unknown, options?: Pick<PushOptions, "idempotencyKey">): Promise<Answer<TaskRow>>;
  /** Takes an order back that no device has been given yet. */
  cancel(taskId: string): Promise<Answer<TaskRow>>;
  /** Takes up what an earlier run of the cloud was asked for. */
  resume(): Promise<void>;
}

const LOOK_EVERY_MS = 5_000;

export function createTaskOrders(context: CloudContext, board: Board, templates: readonly TaskTemplate[]): TaskOrders {
  const { store, clock } = context;
  const drafts = createOrderDrafts(context, templates);
  const waiting = createWaitingTasks(context, board, drafts);
  const recurring = new Map<string, TaskRow>();

  async function keep(
    order: TaskOrder,
    taskId: string,
    atMs: number,
    alongside: readonly StoreOp[] = [],
  ): Promise<Answer<TaskRow>> {
    const row = rowOf(context, order, taskId, atMs);
    const done = await store.commit([{ op: "insert-task", row }, taskLog(context, row), ...alongside]);
    if (!done.ok && done.conflict === "key_in_use") return refuse("key_reused", "this idempotency key is in use");
    if (!done.ok) return refuse("task_exists", `task ${taskId} was asked for before`);
    take(row);
    return { ok: true, value: row };
  }
  function take(row: TaskRow): void {
    if (row.state === "recurring") recurring.set(row.taskId, row);
    if (row.state === "open") waiting.offer(row);
  }
  async function submit(order: TaskOrder, key: string | undefined): Promise<Answer<TaskRow>> {
    const made = await madeBefore(context, { key, order });
    if (made) return made.ok ? { ok: true, value: (await store.task(made.value))! } : made;
    const { taskId = context.uuid() } = order;
    const askedAtMs = clock.wallMs();
    const probe = drafts.check({ order, taskId, askedAtMs });
    return probe.ok ? keep(order, taskId, askedAtMs, keepKey(context, { key, order }, taskId)) : probe;
  }
  async function makeDue(): Promise<void> {
    const nowMs = clock.wallMs();
    for (const row of recurring.values()) {
      const { taskId, nextAt, order } = row;
      if (nextAt === undefined || Date.parse(nextAt) > nowMs) continue;
      const { schedule: _again, ...once } = order;
      const runId = `${taskId}.${nextAt.slice(0, 16).replaceAll(/[-:]/g, "")}`;
      // Made under the same id should the cloud stop in between: then it exists already.
      await keep(once, runId, Date.parse(nextAt));
      const next = rowOf(context, order, taskId, nowMs);
      recurring.set(taskId, next);
      const { nextAt: then } = next;
      await store.commit([
        { op: "set-task", taskId, from: "recurring", state: "recurring", ...present({ nextAt: then }) },
      ]);
    }
  }
  async function cancel(taskId: string): Promise<Answer<TaskRow>> {
    const row = await store.task(taskId);
    if (!row) return refuse("not_found", `nobody asked for task ${taskId}`);
    if (row.state !== "open" && row.state !== "recurring")
      return refuse("task_final", `task ${taskId} is ${row.state}: cancel its contract`);
    recurring.delete(taskId);
    board.withdraw(taskId);
    return { ok: true, value: await endCancelled(context, row) };
  }
  repeat(clock, LOOK_EVERY_MS, () => {
    if (recurring.size > 0) context.background("task schedule", makeDue);
  });
  return {
    submit: async (body, { idempotencyKey } = {}) => {
      const read = readOrder(body);
      return read.ok ? submit(read.value, idempotencyKey) : read;
    },
    cancel,
    resume: async () => {
      for (const row of await store.openTasks()) take(row);
    },
    [Symbol.dispose]: () => waiting[Symbol.dispose](),
  };
}

function readOrder(body: unknown): Answer<TaskOrder> {
  const read = TaskOrder.safeParse(body);
  if (read.success) return { ok: true, value: read.data };
  return refuseContract("invalid", "the order of a task is not well-formed", problemsIn(body, read.error));
}

async function endCancelled(context: CloudContext, row: TaskRow): Promise<TaskRow> {
  const { taskId, state: from } = row;
  const ended: TaskRow = { ...row, state: "cancelled" };
  await context.store.commit([{ op: "set-task", taskId, from, state: "cancelled" }, taskLog(context, ended)]);
  return ended;
}

/** One that recurs is never given to a device itself. */
function rowOf({ config }: CloudContext, order: TaskOrder, taskId: string, atMs: number): TaskRow {
  const common = { taskId, order, createdAt: timestamp(atMs) };
  if (!order.schedule) return { ...common, state: "open" };
  const nextAtMs = nextRun(order.schedule.cron, config.timeZone, atMs);
  return { ...common, state: "recurring", ...(nextAtMs === undefined ? {} : { nextAt: timestamp(nextAtMs) }) };
}
