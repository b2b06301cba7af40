import { z } from "zod";
import { MovementKind, type Movement } from "../movement.ts";
import { CorrelationId, OccurredAt, WarehouseId } from "./fields.ts";

/** Cumulative quantity of one kind, SKU and unit. */
export const ShiftTotal = z.looseObject({
  kind: MovementKind,
  sku: z.string().min(1).max(100),
  uom: z.string().min(1).max(20),
  qty: z.number(),
  movements: z.number().int().min(1).meta({ description: "how many movements were summed" }),
});
export type ShiftTotal = z.infer<typeof ShiftTotal>;

/** The confirmation of a window `[window_start, window_end)`: what was moved in it, all in all. */
export const ShiftSummary = z
  .looseObject({
    correlation_id: CorrelationId,
    warehouse_id: WarehouseId,
    window_start: OccurredAt,
    window_end: OccurredAt,
    totals: z.array(ShiftTotal).max(100_000),
  })
  .refine((summary) => Date.parse(summary.window_start) < Date.parse(summary.window_end), {
    path: ["window_end"],
    message: "must be after window_start",
  });
export type ShiftSummary = z.infer<typeof ShiftSummary>;

type Counted = Pick<Movement, "kind" | "sku" | "uom" | "qty">;

/** Sums movements by kind, SKU and unit, in the order of those names. */
export function totalsOf(movements: Iterable<Counted>): ShiftTotal[] {
  const sums = new Map<string, ShiftTotal>();
  for (const { kind, sku, uom, qty } of movements) {
    const key = JSON.stringify([kind, sku, uom]);
    const before = sums.get(key);
    // Tenths of a kilogram add up to no round number in binary; a millionth is finer than any scale.
    const sum = Math.round(((before?.qty ?? 0) + qty) * 1e6) / 1e6;
    sums.set(key, { kind, sku, uom, qty: sum, movements: (before?.movements ?? 0) + 1 });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
}

/** Where two sides differ, quantity by quantity; empty when they agree. */
export function differencesOf(
  told: readonly ShiftTotal[],
  known: readonly ShiftTotal[],
): readonly {
  readonly kind: MovementKind;
  readonly sku: string;
  readonly uom: string;
  readonly told: number;
  readonly known: number;
}[] {
  const keyOf = ({ kind, sku, uom }: ShiftTotal): string => JSON.stringify([kind, sku, uom]);
  const [a, b] = [told, known].map((totals) => new Map(totals.map((total) => [keyOf(total), total]))) as [
    Map<string, ShiftTotal>,
    Map<string, ShiftTotal>,
  ];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const { kind, sku, uom } = (a.get(key) ?? b.get(key))!;
    const [toldQty, knownQty] = [a.get(key)?.qty ?? 0, b.get(key)?.qty ?? 0];
    return Math.abs(toldQty - knownQty) < 1e-6 ? [] : [{ kind, sku, uom, told: toldQty, known: knownQty }];
  });
}
