import type { Movement } from "../movement.ts";

/** A pick of one piece for tests and benches, `n` seconds after eight; `n` makes its key. */
export function movementData(n: number, sku = "SKU-1"): Movement {
  return {
    correlation_id: `01900000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
    kind: "PICK",
    sku,
    qty: 1,
    uom: "EA",
    from_location: "rack-b-12",
    occurred_at: new Date(Date.UTC(2026, 0, 5, 8) + n * 1000).toISOString(),
    actor: { kind: "ROBOT", id: "amr-07" },
  };
}
