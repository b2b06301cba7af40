import { WorkStatusRecord } from "#contract/feed/work-status";
import { recordOp } from "./record.ts";
import { intakeStream } from "./stream.ts";

/** Kept as the lifecycle of a task, for people who look at its document; no quantity moves. */
export const workStatus = intakeStream({
  schema: WorkStatusRecord,
  ops: (context, record, { partnerId }) => [recordOp(context, "work-status", record, partnerId, record.work_id)],
});
