import { type CloudContext, logOp } from "../context.ts";
import type { StoreOp } from "../io/store-ops.ts";
import type { TaskRow } from "../io/store-rows.ts";
import { present } from "../present.ts";

/** What the stream tells of a task that was asked for by its kind. */
export function taskLog(context: CloudContext, { taskId, state, order, nextAt }: TaskRow): StoreOp {
  return logOp(context, { type: "task", data: { taskId, state, template: order.template, ...present({ nextAt }) } });
}
