import type { SqliteDatabase } from "#lib/node/sqlite";
import { unreachable } from "#lib/errors";
import type { StoreOp } from "./store-ops.ts";

/** What partners post, besides movements. */
export type FeedOp = Extract<StoreOp, { op: "insert-feed-record" | "forget-feed-records" | "put-shift" }>;

const NAMES: ReadonlySet<string> = new Set<FeedOp["op"]>(["insert-feed-record", "forget-feed-records", "put-shift"]);

export function isFeedOp(op: StoreOp): op is FeedOp {
  return NAMES.has(op.op);
}

/** Applies one of them; must run inside a transaction. */
export function createFeedWrite(database: SqliteDatabase): (op: FeedOp) => void {
  const insert = database.prepare(`
    INSERT INTO feed_record (kind, partner_id, correlation_id, warehouse_id, work_id, recorded_at, body)
    VALUES (@kind, @partnerId, @correlationId, @warehouseId, @workId, @recordedAt, @body) ON CONFLICT DO NOTHING`);
  const forget = database.prepare("DELETE FROM feed_record WHERE recorded_at < ?");
  const putShift = database.prepare(`
    INSERT OR REPLACE INTO shift (partner_id, warehouse_id, from_at, to_at, correlation_id, result, recorded_at, verdict)
    VALUES (@partnerId, @warehouseId, @fromAt, @toAt, @correlationId, @result, @recordedAt, @verdict)`);
  return (op) => {
    switch (op.op) {
      case "insert-feed-record":
        insert.run({ ...op.row, workId: op.row.workId ?? null, body: JSON.stringify(op.row.body) });
        return;
      case "forget-feed-records":
        forget.run(op.before);
        return;
      case "put-shift":
        putShift.run({ ...op.row, verdict: JSON.stringify(op.row.verdict) });
        return;
      default:
        unreachable(op);
    }
  };
}
