import type { SqliteDatabase } from "#lib/node/sqlite";
import type { z } from "zod";
import * as columns from "./sqlite-rows.ts";
import { readRow } from "./sqlite-rows.ts";
import type { CloudStore, ContractQuery, Page, PageQuery, StoredFleet } from "./store.ts";

/** Everything of the port that only reads. */
export type Queries = Omit<CloudStore, "commit" | "onLogged" | typeof Symbol.asyncDispose>;

const DEVICE = `SELECT device_id AS deviceId, incarnation, seq, hash, presence, last_heard_at AS lastHeardAt, track FROM device`;
const EVENT = `SELECT incarnation, body AS event, hash FROM event`;
const SUMMARY = `id, contract_id AS contractId, name, task_id AS taskId, device_id AS deviceId, epoch, revision, session,
  status, created_at AS createdAt, answered_at AS answeredAt, ended_at AS endedAt, reason, problems`;
const CONTRACT = `SELECT ${SUMMARY}, draft, body AS contract, jws FROM contract`;
const COMMAND = `SELECT command_id AS commandId, device_id AS deviceId, n, type, contract_id AS contractId, epoch,
  hold_id AS holdId, data, created_at AS createdAt, replied_at AS repliedAt, result, reason, seq FROM command`;
const IDEMPOTENCY = `SELECT key, fingerprint, contract_id AS contractId, created_at AS createdAt FROM idempotency`;
const LEDGER = `SELECT id, executor_partner_id AS partnerId, executor_correlation_id AS correlationId,
  warehouse_id AS warehouseId, device_id AS deviceId, contract_id AS contractId, recorded_at AS recordedAt,
  fenced AS isFenced, body AS movement FROM ledger`;
const EXCEPTION = `SELECT id, at, code, severity, detail, device_id AS deviceId, contract_id AS contractId FROM exception`;
const RECONCILIATION = `SELECT device_id AS deviceId, cause AS "trigger", recorded_at AS recordedAt, report FROM reconciliation`;
const LOG = `SELECT id, at, type, device_id AS deviceId, contract_id AS contractId, data FROM log`;

/** The reading half of the store. `lockedStatuses` are those of contracts that must be in memory. */
export function createQueries(database: SqliteDatabase, cloudId: string, lockedStatuses: readonly string[]): Queries {
  const all = <Schema extends z.ZodType>(schema: Schema, sql: string, ...values: unknown[]): z.infer<Schema>[] =>
    database
      .prepare(sql)
      .all(...values)
      .map((row) => readRow(schema, row));
  const locked = JSON.stringify(lockedStatuses);
  const active = `${CONTRACT} WHERE status IN (SELECT value FROM json_each(?)) ORDER BY id`;
  return {
    load: async (): Promise<StoredFleet> => ({
      cloudId,
      devices: all(columns.DeviceColumns, `${DEVICE} ORDER BY device_id`),
      activeContracts: all(columns.ContractColumns, active, locked),
      openCommands: all(columns.CommandColumns, `${COMMAND} WHERE replied_at IS NULL ORDER BY device_id, n`),
    }),
    deviceEvents: async (deviceId) => all(columns.EventColumns, `${EVENT} WHERE device_id = ? ORDER BY id`, deviceId),
    contractEvents: async (contractId) =>
      all(columns.EventColumns, `${EVENT} WHERE contract_id = ? ORDER BY id`, contractId).map((row) => row.event),
    contract: async (idOrName) => {
      const sql = `${CONTRACT} WHERE contract_id = @key OR name = @key ORDER BY contract_id = @key DESC, id DESC LIMIT 1`;
      return all(columns.ContractColumns, sql, { key: idOrName })[0];
    },
    contracts: async (query) => page(query, contractPage(all, query)),
    idempotency: async (key) => all(columns.IdempotencyColumns, `${IDEMPOTENCY} WHERE key = ?`, key)[0],
    reconciliations: async (contractId) =>
      all(columns.ReconciliationColumns, `${RECONCILIATION} WHERE contract_id = ? ORDER BY id`, contractId),
    exceptions: async (query) => page(query, newest(all, columns.ExceptionColumns, EXCEPTION, query)),
    ledger: async (query) => page(query, newest(all, columns.LedgerColumns, LEDGER, query)),
    logAfter: async (afterId, limit, contractId = null) => {
      const sql = `${LOG} WHERE id > @afterId AND (@contractId IS NULL OR contract_id = @contractId)
        ORDER BY id LIMIT @limit`;
      return all(columns.LogColumns, sql, { afterId, contractId, limit });
    },
    ...lookups(database),
  };
}

type All = <Schema extends z.ZodType>(schema: Schema, sql: string, ...values: unknown[]) => z.infer<Schema>[];

function lookups(database: SqliteDatabase) {
  const one = (sql: string, ...values: unknown[]): unknown =>
    database
      .prepare(sql)
      .pluck()
      .get(...values);
  return {
    knownEvents: async (deviceId: string, eventIds: readonly string[]): Promise<ReadonlySet<string>> => {
      const sql = `SELECT event_id FROM event WHERE device_id = ? AND event_id IN (SELECT value FROM json_each(?))`;
      const found = database.prepare(sql).pluck().all(deviceId, JSON.stringify(eventIds));
      return new Set(found.map(String));
    },
    hashAt: async (deviceId: string, incarnation: string, seq: number): Promise<string | undefined> => {
      const sql = `SELECT hash FROM event WHERE device_id = ? AND incarnation = ? AND seq = ?`;
      return one(sql, deviceId, incarnation, seq) as string | undefined;
    },
    tipOf: async (deviceId: string, incarnation: string): Promise<{ seq: number; hash: string } | undefined> => {
      const sql = `SELECT seq, hash FROM event WHERE device_id = ? AND incarnation = ? ORDER BY seq DESC LIMIT 1`;
      return database.prepare<[string, string], { seq: number; hash: string }>(sql).get(deviceId, incarnation);
    },
    highestEpoch: async (taskId: string): Promise<number> =>
      Number(one(`SELECT coalesce(max(epoch), 0) FROM contract WHERE task_id = ?`, taskId)),
    devicesOfTask: async (taskId: string): Promise<readonly string[]> =>
      database.prepare(`SELECT DISTINCT device_id FROM contract WHERE task_id = ?`).pluck().all(taskId).map(String),
    highestCommand: async (deviceId: string): Promise<number> =>
      Number(one(`SELECT coalesce(max(n), 0) FROM command WHERE device_id = ?`, deviceId)),
  };
}

function contractPage(all: All, query: ContractQuery): z.infer<typeof columns.ContractSummaryColumns>[] {
  const sql = `SELECT ${SUMMARY} FROM contract
    WHERE id < @before AND (@deviceId IS NULL OR device_id = @deviceId) AND (@status IS NULL OR status = @status)
    ORDER BY id DESC LIMIT @limit`;
  const { deviceId = null, status = null } = query;
  return all(columns.ContractSummaryColumns, sql, { before: before(query), deviceId, status, limit: query.limit + 1 });
}

function newest<Schema extends z.ZodType>(
  all: All,
  schema: Schema,
  select: string,
  query: PageQuery,
): z.infer<Schema>[] {
  return all(schema, `${select} WHERE id < ? ORDER BY id DESC LIMIT ?`, before(query), query.limit + 1);
}

/** One row more than asked for was read: it says whether there is a next page. */
function page<Row extends { readonly id: number }>(query: PageQuery, rows: readonly Row[]): Page<Row> {
  const shown = rows.slice(0, query.limit);
  return { rows: shown, ...(rows.length > shown.length ? { cursor: String(shown.at(-1)!.id) } : {}) };
}

function before(query: PageQuery): number {
  return query.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(query.cursor);
}
