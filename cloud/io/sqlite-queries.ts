import { DEFAULT_LEASE } from "#contract/contract";
import type { SqliteDatabase } from "#lib/node/sqlite";
import type { z } from "zod";
import { feedQueries } from "./sqlite-feed.ts";
import * as columns from "./sqlite-rows.ts";
import { type All, before, page } from "./sqlite-page.ts";
import { readRow } from "./sqlite-rows.ts";
import {
  MEMORY_LOST,
  RESTORED,
  type CloudStore,
  type ContractQuery,
  type ExceptionQuery,
  type LogFilter,
  type PageQuery,
  type StoredFleet,
} from "./store.ts";

/** Everything of the port that only reads. */
export type Queries = Omit<CloudStore, "commit" | "onLogged" | "onEvents" | typeof Symbol.asyncDispose>;

const DEVICE = `SELECT device_id AS deviceId, incarnation, seq, hash, presence, last_heard_at AS lastHeardAt, track FROM device`;
const EVENT = `SELECT incarnation, body AS event, hash FROM event`;
const SUMMARY = `id, contract_id AS contractId, name, task_id AS taskId, device_id AS deviceId, epoch, revision, session,
  status, created_at AS createdAt, answered_at AS answeredAt, ended_at AS endedAt, reason, problems,
  application, account`;
const CONTRACT = `SELECT ${SUMMARY}, draft, body AS contract, jws FROM contract`;
const COMMAND = `SELECT command_id AS commandId, device_id AS deviceId, n, type, contract_id AS contractId, epoch,
  hold_id AS holdId, data, created_at AS createdAt, replied_at AS repliedAt, result, reason, seq FROM command`;
const IDEMPOTENCY = `SELECT key, fingerprint, contract_id AS madeId, created_at AS createdAt FROM idempotency`;
const LEDGER = `SELECT id, executor_partner_id AS partnerId, executor_correlation_id AS correlationId,
  warehouse_id AS warehouseId, device_id AS deviceId, contract_id AS contractId, recorded_at AS recordedAt,
  fenced AS isFenced, body AS movement FROM ledger`;
const EXCEPTION = `SELECT id, at, code, severity, detail, device_id AS deviceId, contract_id AS contractId,
  resolved_at AS resolvedAt, resolved_by AS resolvedBy, note FROM exception`;
const POLICY = `SELECT version, at, body AS policy FROM policy`;
const PROPOSAL = `SELECT request_id AS requestId, contract_id AS contractId, revision, body AS contract,
  created_at AS createdAt FROM proposal`;
const TASK = `SELECT task_id AS taskId, body AS "order", created_at AS createdAt, state, next_at AS nextAt FROM task`;
const RECONCILIATION = `SELECT device_id AS deviceId, cause AS "trigger", recorded_at AS recordedAt, report FROM reconciliation`;
const LOG = `SELECT id, at, type, device_id AS deviceId, contract_id AS contractId, application, account, data FROM log`;
/** Of rows that name a contract: whether it is the tenant's. Without a tenant every row is. */
const IS_TENANTS = `((@application IS NULL AND @account IS NULL) OR contract_id IN (
  SELECT contract_id FROM contract WHERE (@application IS NULL OR application = @application)
    AND (@account IS NULL OR account = @account)))`;

/** In `task_epoch`, what counts for every task; no task can have this id. */
export const EVERY_TASK = "*";

/** The highest epoch that a task (`@taskId`) has had, one that was only raised included. */
export const HIGHEST_EPOCH = `SELECT coalesce(max(epoch), 0) AS epoch FROM (
  SELECT epoch FROM contract WHERE task_id = @taskId
  UNION ALL SELECT epoch FROM task_epoch WHERE task_id IN (@taskId, '${EVERY_TASK}'))`;

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
      policies: all(
        columns.PolicyColumns,
        `${POLICY} AS p WHERE version = (SELECT max(version) FROM policy WHERE policy_id = p.policy_id) ORDER BY policy_id`,
      ),
      ...restoredOf(database),
      forgotten: all(
        columns.ForgottenColumns,
        `SELECT contract_id AS contractId, device_id AS deviceId FROM contract WHERE reason = ?`,
        MEMORY_LOST,
      ),
    }),
    deviceEvents: async (deviceId) => all(columns.EventColumns, `${EVENT} WHERE device_id = ? ORDER BY id`, deviceId),
    contractEvents: async (contractId) =>
      all(columns.EventColumns, `${EVENT} WHERE contract_id = ? ORDER BY id`, contractId).map((row) => row.event),
    contract: async (idOrName) => {
      const sql = `${CONTRACT} WHERE contract_id = @key OR name = @key ORDER BY contract_id = @key DESC, id DESC LIMIT 1`;
      return all(columns.ContractColumns, sql, { key: idOrName })[0];
    },
    contracts: async (query) => page(query, contractPage(all, query)),
    contractCounts: async () =>
      Object.fromEntries(
        all(columns.CountColumns, `SELECT status, count(*) AS count FROM contract GROUP BY status`).map((row) => [
          row.status,
          row.count,
        ]),
      ),
    idempotency: async (key) => all(columns.IdempotencyColumns, `${IDEMPOTENCY} WHERE key = ?`, key)[0],
    reconciliations: async (contractId) =>
      all(columns.ReconciliationColumns, `${RECONCILIATION} WHERE contract_id = ? ORDER BY id`, contractId),
    contractsOfTask: async (taskId) =>
      all(columns.ContractSummaryColumns, `SELECT ${SUMMARY} FROM contract WHERE task_id = ? ORDER BY id`, taskId),
    proposal: async (requestId) => all(columns.ProposalColumns, `${PROPOSAL} WHERE request_id = ?`, requestId)[0],
    task: async (taskId) => all(columns.TaskColumns, `${TASK} WHERE task_id = ?`, taskId)[0],
    openTasks: async () =>
      all(columns.TaskColumns, `${TASK} WHERE state IN ('open', 'recurring') ORDER BY created_at, task_id`),
    policyVersion: async (id, version) =>
      all(columns.PolicyColumns, `${POLICY} WHERE policy_id = ? AND version = ?`, id, version)[0],
    exception: async (id) => all(columns.ExceptionColumns, `${EXCEPTION} WHERE id = ?`, id)[0],
    exceptions: async (query) => page(query, exceptionPage(all, query)),
    ledger: async (query) => page(query, ledgerPage(all, query)),
    logAfter: async (afterId, limit, filter = {}) => logPage(all, afterId, limit, filter),
    ...feedQueries(all, database),
    ...lookups(database),
  };
}

/** Whether the database is a copy that not all is known of, and the longest lease in it. */
function restoredOf(database: SqliteDatabase): Pick<StoredFleet, "restored"> {
  const isRestored =
    database.prepare(`SELECT value FROM meta WHERE key = ? AND value <> ''`).get(RESTORED) !== undefined;
  if (!isRestored) return {};
  const lease = `json_extract(body, '$.lease.durationSeconds') + json_extract(body, '$.lease.windDownSeconds')`;
  const longest = Number(database.prepare(`SELECT coalesce(max(${lease}), 0) FROM contract`).pluck().get());
  const usual = DEFAULT_LEASE.durationSeconds + DEFAULT_LEASE.windDownSeconds;
  return { restored: { longestLeaseSeconds: Math.max(longest, usual) } };
}

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
    highestEpoch: async (taskId: string): Promise<number> => Number(one(HIGHEST_EPOCH, { taskId })),
    incarnationOf: async (contractId: string): Promise<string | undefined> => {
      const sql = `SELECT incarnation FROM event WHERE contract_id = ? ORDER BY id DESC LIMIT 1`;
      return one(sql, contractId) as string | undefined;
    },
    logEnd: async (): Promise<number> => Number(one(`SELECT coalesce(max(id), 0) FROM log`)),
    meta: async (key: string): Promise<string | undefined> =>
      one(`SELECT value FROM meta WHERE key = ?`, key) as string | undefined,
    highestProposal: async (contractId: string): Promise<number> =>
      Number(one(`SELECT coalesce(max(revision), 0) FROM proposal WHERE contract_id = ?`, contractId)),
    highestCommand: async (deviceId: string): Promise<number> =>
      Number(one(`SELECT coalesce(max(n), 0) FROM command WHERE device_id = ?`, deviceId)),
  };
}

function contractPage(all: All, query: ContractQuery): z.infer<typeof columns.ContractSummaryColumns>[] {
  const sql = `SELECT ${SUMMARY} FROM contract
    WHERE id < @before AND (@deviceId IS NULL OR device_id = @deviceId) AND (@status IS NULL OR status = @status)
      AND (@application IS NULL OR application = @application) AND (@account IS NULL OR account = @account)
    ORDER BY id DESC LIMIT @limit`;
  const { deviceId = null, status = null } = query;
  return all(columns.ContractSummaryColumns, sql, { ...pageValues(query), deviceId, status });
}

function exceptionPage(all: All, query: ExceptionQuery): z.infer<typeof columns.ExceptionColumns>[] {
  const sql = `${EXCEPTION} WHERE id < @before AND ${IS_TENANTS}
    AND (@status IS NULL OR (@status = 'open') = (resolved_at IS NULL)) ORDER BY id DESC LIMIT @limit`;
  return all(columns.ExceptionColumns, sql, { ...pageValues(query), status: query.status ?? null });
}

function ledgerPage(all: All, query: PageQuery): z.infer<typeof columns.LedgerColumns>[] {
  const sql = `${LEDGER} WHERE id < @before AND ${IS_TENANTS} ORDER BY id DESC LIMIT @limit`;
  return all(columns.LedgerColumns, sql, pageValues(query));
}

function logPage(all: All, afterId: number, limit: number, filter: LogFilter): z.infer<typeof columns.LogColumns>[] {
  const { contractId = null, application = null, account = null } = filter;
  const sql = `${LOG} WHERE id > @afterId AND (@contractId IS NULL OR contract_id = @contractId)
      AND (@application IS NULL OR application = @application) AND (@account IS NULL OR account = @account)
    ORDER BY id LIMIT @limit`;
  return all(columns.LogColumns, sql, { afterId, limit, contractId, application, account });
}

/** One row more than is asked for: it says whether there is a next page. */
function pageValues(query: PageQuery): object {
  const { limit, application = null, account = null } = query;
  return { before: before(query), limit: limit + 1, application, account };
}
