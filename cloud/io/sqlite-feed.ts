import type { SqliteDatabase } from "#lib/node/sqlite";
import { type All, before, page } from "./sqlite-page.ts";
import * as columns from "./sqlite-rows.ts";
import type { CloudStore } from "./store.ts";

const FEED = `SELECT id, kind, partner_id AS partnerId, correlation_id AS correlationId, warehouse_id AS warehouseId,
  work_id AS workId, recorded_at AS recordedAt, body FROM feed_record`;
const SHIFT = `SELECT partner_id AS partnerId, warehouse_id AS warehouseId, from_at AS fromAt, to_at AS toAt,
  correlation_id AS correlationId, result, recorded_at AS recordedAt, verdict FROM shift`;

/** What both sides of the realtime feed read. */
export function feedQueries(
  all: All,
  database: SqliteDatabase,
): Pick<CloudStore, "eventsAfter" | "feedKeys" | "feedRecords" | "shift" | "shiftAt" | "movementsIn"> {
  const keys = database
    .prepare<[string, string], string>(
      `SELECT correlation_id FROM (SELECT partner_id, correlation_id FROM feed_record
         UNION ALL SELECT executor_partner_id, executor_correlation_id FROM ledger)
       WHERE partner_id = ? AND correlation_id IN (SELECT value FROM json_each(?))`,
    )
    .pluck();
  return {
    eventsAfter: async (position, limit) =>
      all(
        columns.CommittedColumns,
        `SELECT id AS position, device_id AS deviceId, body AS event FROM event WHERE id > ? ORDER BY id LIMIT ?`,
        position,
        limit,
      ),
    feedKeys: async (partnerId, correlationIds) => keys.all(partnerId, JSON.stringify(correlationIds)) as string[],
    feedRecords: async (query) => {
      const { kind = null, workId = null, limit } = query;
      const sql = `${FEED} WHERE id < @before AND (@kind IS NULL OR kind = @kind)
        AND (@workId IS NULL OR work_id = @workId) ORDER BY id DESC LIMIT @limit`;
      return page(query, all(columns.FeedColumns, sql, { before: before(query), kind, workId, limit: limit + 1 }));
    },
    shift: async (partnerId, warehouseId, fromAt, toAt) =>
      all(
        columns.ShiftColumns,
        `${SHIFT} WHERE partner_id = ? AND warehouse_id = ? AND from_at = ? AND to_at = ?`,
        partnerId,
        warehouseId,
        fromAt,
        toAt,
      )[0],
    shiftAt: async (partnerId, warehouseId, at) =>
      all(
        columns.ShiftColumns,
        `${SHIFT} WHERE partner_id = @partnerId AND warehouse_id = @warehouseId AND result = 'RECONCILED'
           AND from_at <= @at AND to_at > @at LIMIT 1`,
        { partnerId, warehouseId, at },
      )[0],
    movementsIn: async (partnerId, warehouseId, fromAt, toAt) =>
      all(
        columns.MovementColumns,
        `SELECT body AS movement FROM ledger WHERE executor_partner_id = ? AND warehouse_id = ?
           AND body ->> '$.occurred_at' >= ? AND body ->> '$.occurred_at' < ? ORDER BY id`,
        partnerId,
        warehouseId,
        fromAt,
        toAt,
      ).map((row) => row.movement),
  };
}
