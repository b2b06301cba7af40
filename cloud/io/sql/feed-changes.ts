import { unreachable } from "#lib/errors";
import { run, type Writing } from "./writing.ts";
import type { StoreOp } from "../store-ops.ts";

/** What partners post, besides movements. */
export type FeedOp = Extract<StoreOp, { op: "insert-feed-record" | "forget-feed-records" | "put-shift" }>;

const NAMES: ReadonlySet<string> = new Set<FeedOp["op"]>(["insert-feed-record", "forget-feed-records", "put-shift"]);

export function isFeedOp(op: StoreOp): op is FeedOp {
  return NAMES.has(op.op);
}

const INSERT = `
  INSERT INTO feed_record (kind, partner_id, correlation_id, warehouse_id, work_id, recorded_at, body)
  VALUES (@kind, @partnerId, @correlationId, @warehouseId, @workId, @recordedAt, @body) ON CONFLICT DO NOTHING`;
const PUT_SHIFT = `
  INSERT INTO shift (partner_id, warehouse_id, from_at, to_at, correlation_id, result, recorded_at, verdict)
  VALUES (@partnerId, @warehouseId, @fromAt, @toAt, @correlationId, @result, @recordedAt, @verdict)
  ON CONFLICT (partner_id, warehouse_id, from_at, to_at) DO UPDATE SET correlation_id = excluded.correlation_id,
    result = excluded.result, recorded_at = excluded.recorded_at, verdict = excluded.verdict`;

/** Applies one of them; must run inside a transaction. */
export function* writeFeed(op: FeedOp): Writing<void> {
  switch (op.op) {
    case "insert-feed-record":
      yield* run(INSERT, { ...op.row, workId: op.row.workId ?? null, body: JSON.stringify(op.row.body) });
      return;
    case "forget-feed-records":
      yield* run("DELETE FROM feed_record WHERE recorded_at < @before", { before: op.before });
      return;
    case "put-shift":
      yield* run(PUT_SHIFT, { ...op.row, verdict: JSON.stringify(op.row.verdict) });
      return;
    default:
      unreachable(op);
  }
}
