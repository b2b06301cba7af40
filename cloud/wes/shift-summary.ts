import { z } from "zod";
import { timestamp } from "#lib/clock";
import { differencesOf, ShiftSummary, totalsOf } from "#contract/feed/shift";
import { nowText } from "../context.ts";
import { raise } from "../exceptions.ts";
import { type Answer, inWords, problemsIn, refuse } from "../problem.ts";
import type { Partner, WesContext } from "./stream.ts";

/** What the confirmation of a shift came to. */
export const ShiftVerdict = z.object({
  correlation_id: z.string(),
  result: z.enum(["RECONCILED", "DISCREPANCY"]),
  replay: z.boolean().optional(),
  differences: z
    .array(z.object({ kind: z.string(), sku: z.string(), uom: z.string(), told: z.number(), known: z.number() }))
    .meta({
      description: "quantities that the summary tells otherwise than the realtime movements; empty if reconciled",
    }),
});
export type ShiftVerdict = z.infer<typeof ShiftVerdict>;

/**
 * Compares the realtime movements of a window with its summary. The confirmation path is authoritative, so a discrepancy is
 * queued for a supervisor; a window that was reconciled takes no other summary, one with a discrepancy a corrected one.
 */
export async function confirmShift(
  context: WesContext,
  partner: Partner,
  body: unknown,
): Promise<Answer<ShiftVerdict>> {
  const { store } = context;
  const parsed = ShiftSummary.safeParse(body);
  if (!parsed.success) {
    const errors = problemsIn(body, parsed.error);
    return refuse("malformed", inWords(errors), { errors });
  }
  const { warehouse_id: warehouseId, correlation_id: correlationId, totals } = parsed.data;
  const { partnerId } = partner;
  if (partner.warehouseId !== undefined && partner.warehouseId !== warehouseId)
    return refuse("forbidden", `${warehouseId} is not the warehouse of the credential, ${partner.warehouseId}`);
  const [fromAt, toAt] = [parsed.data.window_start, parsed.data.window_end].map((text) =>
    timestamp(Date.parse(text)),
  ) as [string, string];
  const before = await store.shift(partnerId, warehouseId, fromAt, toAt);
  if (before?.correlationId === correlationId)
    return { ok: true, value: { ...ShiftVerdict.parse(before.verdict), replay: true } };
  if (before?.result === "RECONCILED")
    return refuse("window_reconciled", `${fromAt} to ${toAt} is reconciled by ${before.correlationId}`);
  const known = totalsOf(await store.movementsIn(partnerId, warehouseId, fromAt, toAt));
  const differences = [...differencesOf(totals, known)];
  const result = differences.length === 0 ? ("RECONCILED" as const) : ("DISCREPANCY" as const);
  const verdict: ShiftVerdict = { correlation_id: correlationId, result, differences };
  const row = { partnerId, warehouseId, fromAt, toAt, correlationId, result, recordedAt: nowText(context), verdict };
  const detail = `the shift of ${partnerId} in ${warehouseId} from ${fromAt} to ${toAt} differs: ${differences
    .map(({ kind, sku, uom, told, known: had }) => `${kind} ${sku} ${told} ${uom} confirmed, ${had} in the ledger`)
    .join("; ")
    .slice(0, 3000)}`;
  await store.commit([
    { op: "put-shift", row },
    ...(result === "DISCREPANCY" ? raise(context, { code: "shift_discrepancy", severity: "HIGH", detail }) : []),
  ]);
  return { ok: true, value: verdict };
}
