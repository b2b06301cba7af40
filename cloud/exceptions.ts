import { z } from "zod";
import { type CloudContext, logOp, nowText } from "./context.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { ExceptionRow } from "./io/store-rows.ts";
import { present } from "./present.ts";
import { type Answer, refuse } from "./problem.ts";

/** An exception for the supervisor's queue, and for the stream. */
export function raise(context: Pick<CloudContext, "clock">, exception: Omit<ExceptionRow, "at">): StoreOp[] {
  const { deviceId, contractId, ...data } = exception;
  const about = present({ deviceId, contractId });
  return [
    { op: "insert-exception", row: { at: nowText(context), ...exception } },
    logOp(context, { type: "exception", ...about, data }),
  ];
}

/** What a person says when they take an exception off the queue. */
export const Resolution = z.strictObject({
  by: z.string().min(1).max(200).meta({ description: "who has dealt with it" }),
  note: z.string().min(1).max(2000).optional(),
});
export type Resolution = z.infer<typeof Resolution>;

/** Takes an exception off the supervisor's queue, once. */
export async function resolveException(
  context: CloudContext,
  id: number,
  { by, note }: Resolution,
): Promise<Answer<ExceptionRow & { readonly id: number }>> {
  const known = await context.store.exception(id);
  if (!known) return refuse("not_found", `there is no exception ${id}`);
  const { deviceId, contractId, code } = known;
  const about = present({ deviceId, contractId });
  const said = present({ note });
  const done = await context.store.commit([
    { op: "resolve-exception", id, at: nowText(context), by, ...said },
    logOp(context, { type: "exception.resolved", ...about, data: { id, code, by, ...said } }),
  ]);
  const resolved = (await context.store.exception(id))!;
  if (!done.ok) return refuse("exception_resolved", `exception ${id} was resolved by ${resolved.resolvedBy}`);
  return { ok: true, value: resolved };
}
