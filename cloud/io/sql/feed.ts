import { type All, type Read, before, page } from "./page.ts";
import * as columns from "./rows.ts";
import type { CloudStore } from "../store.ts";

/** Rows of what partners posted, as `FeedColumns` reads them. */
export const FEED = `SELECT id, kind, partner_id AS "partnerId", correlation_id AS "correlationId", warehouse_id AS "warehouseId",
  work_id AS "workId", recorded_at AS "recordedAt", body FROM feed_record`;
const SHIFT = `SELECT partner_id AS "partnerId", warehouse_id AS "warehouseId", from_at AS "fromAt", to_at AS "toAt",
  correlation_id AS "correlationId", result, recorded_at AS "recordedAt", verdict FROM shift`;

/** What both sides of the realtime feed read. */
export function feedQueries(
  all: All,
  read: Read,
): Pick<CloudStore, "eventsAfter" | "feedKeys" | "feedRecords" | "shift" | "shiftAt" | "movementsIn"> {
  return {
    eventsAfter: (position, limit) =>
      all(
        columns.CommittedColumns,
        `SELECT id AS position, device_id AS "deviceId", body AS event FROM event WHERE id > @position
           ORDER BY id LIMIT @limit`,
        { position, limit },
      ),
    feedKeys: async (partnerId, correlationIds) => {
      const rows = await read(
        `SELECT correlation_id AS key FROM (SELECT partner_id, correlation_id FROM feed_record
           UNION ALL SELECT executor_partner_id, executor_correlation_id FROM ledger) AS keys
         WHERE partner_id = @partnerId AND correlation_id IN (SELECT value FROM json_each(@keys))`,
        { partnerId, keys: JSON.stringify(correlationIds) },
      );
      return rows.map((row) => String(row["key"]));
    },
    feedRecords: async (query) => {
      const { kind = null, workId = null, limit } = query;
      const sql = `${FEED} WHERE id < @before AND (@kind IS NULL OR kind = @kind)
        AND (@workId IS NULL OR work_id = @workId) ORDER BY id DESC LIMIT @limit`;
      const rows = await all(columns.FeedColumns, sql, { before: before(query), kind, workId, limit: limit + 1 });
      return page(query, rows);
    },
    shift: async (partnerId, warehouseId, fromAt, toAt) => {
      const sql = `${SHIFT} WHERE partner_id = @partnerId AND warehouse_id = @warehouseId AND from_at = @fromAt
        AND to_at = @toAt`;
      return (await all(columns.ShiftColumns, sql, { partnerId, warehouseId, fromAt, toAt }))[0];
    },
    shiftAt: async (partnerId, warehouseId, at) => {
      const sql = `${SHIFT} WHERE partner_id = @partnerId AND warehouse_id = @warehouseId AND result = 'RECONCILED'
        AND from_at <= @at AND to_at > @at LIMIT 1`;
      return (await all(columns.ShiftColumns, sql, { partnerId, warehouseId, at }))[0];
    },
    movementsIn: async (partnerId, warehouseId, fromAt, toAt) => {
      const sql = `SELECT body AS movement FROM ledger WHERE executor_partner_id = @partnerId
        AND warehouse_id = @warehouseId AND body ->> '$.occurred_at' >= @fromAt AND body ->> '$.occurred_at' < @toAt
        ORDER BY id`;
      const rows = await all(columns.MovementColumns, sql, { partnerId, warehouseId, fromAt, toAt });
      return rows.map((row) => row.movement);
    },
  };
}
