import { type CloudContext, logOp, nowText } from "./context.ts";
import type { ExceptionRow, StoreOp } from "./io/store.ts";
import { present } from "./present.ts";

/** An exception for the supervisor's queue, and for the stream. */
export function raise(context: CloudContext, exception: Omit<ExceptionRow, "at">): StoreOp[] {
  const { deviceId, contractId, ...data } = exception;
  const about = present({ deviceId, contractId });
  return [
    { op: "insert-exception", row: { at: nowText(context), ...exception } },
    logOp(context, { type: "exception", ...about, data }),
  ];
}
