import { ExceptionRecord } from "#contract/feed/exceptions";
import { raise } from "../exceptions.ts";
import { recordOp } from "./record.ts";
import { intakeStream } from "./stream.ts";

/** Put into the supervisor's queue; whoever is called for exceptions is called with its severity. */
export const exceptions = intakeStream({
  schema: ExceptionRecord,
  ops: (context, record, { partnerId }) => {
    const { code, severity, detail, actor } = record;
    const from = `${actor.kind} ${actor.id} of ${partnerId}`;
    return [
      recordOp(context, "exceptions", record, partnerId),
      ...raise(context, { code, severity, detail: `${detail} (${from})` }),
    ];
  },
});
