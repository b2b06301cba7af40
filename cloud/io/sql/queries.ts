import { DEFAULT_LEASE } from "#contract/contract";
import type { z } from "zod";
import { documentQueries } from "./documents.ts";
import { FEED, feedQueries } from "./feed.ts";
import * as columns from "./rows.ts";
import { type All, type Read, before, page } from "./page.ts";
import { readRow } from "./rows.ts";
import {
  MEMORY_LOST,
  RESTORED,
  type CloudStore,
  type ContractQuery,
  type ExceptionQuery,
  type LogFilter,
  type PageQuery,
  type StoredFleet,
} from "../store.ts";

/** Everything of the port that only reads. */
export type Queries = Omit<CloudStore, "commit" | "onLogged" | "onEvents" | typeof Symbol.asyncDispose>;

const DEVICE = `SELECT device_id AS "deviceId", incarnation, seq, hash, presence, last_heard_at AS "lastHeardAt", track FROM device`;
const EVENT = `SELECT incarnation, body AS event, hash FROM event`;
const SUMMARY = `id, contract_id AS "contractId", name, task_id AS "taskId", device_id AS "deviceId", epoch, revision, session,
  status, created_at AS "createdAt", answered_at AS "answeredAt", ended_at AS "endedAt", reason, problems,
  application, account`;
const CONTRACT = `SELECT ${SUMMARY}, draft, body AS contract, jws FROM contract`;
const COMMAND = `SELECT command_id AS "commandId", device_id AS "deviceId", n, type, contract_id AS "contractId", epoch,
  hold_id AS "holdId", data, created_at AS "createdAt", replied_at AS "repliedAt", result, reason, seq FROM command`;
const IDEMPOTENCY = `SELECT key, fingerprint, contract_id AS "madeId", created_at AS "createdAt" FROM idempotency`;
const LEDGER = `SELECT id, executor_partner_id AS "partnerId", executor_correlation_id AS "correlationId",
  warehouse_id AS "warehouseId", device_id AS "deviceId", contract_id AS "contractId", recorded_at AS "recordedAt",
  fenced AS "isFenced", body AS movement FROM ledger`;
const EXCEPTION = `SELECT id, at, code, severity, detail, device_id AS "deviceId", contract_id AS "contractId",
  resolved_at AS "resolvedAt", resolved_by AS "resolvedBy", note FROM exception`;
const POLICY = `SELECT version, at, body AS policy FROM policy`;
const PROPOSAL = `SELECT request_id AS "requestId", contract_id AS "contractId", revision, body AS contract,
  created_at AS "createdAt" FROM proposal`;
const TASK = `SELECT task_id AS "taskId", body AS "order", created_at AS "createdAt", state, next_at AS "nextAt" FROM task`;
const RECONCILIATION = `SELECT device_id AS "deviceId", cause AS "trigger", recorded_at AS "recordedAt", report FROM reconciliation`;
const LOG = `SELECT id, at, type, device_id AS "deviceId", contract_id AS "contractId", application, account, data FROM log`;
/** Of rows that name a contract: whether it is the tenant's. Without a tenant every row is. */
const IS_TENANTS = `((@application IS NULL AND @account IS NULL) OR contract_id IN (
  SELECT contract_id FROM contract WHERE (@application IS NULL OR application = @application)
    AND (@account IS NULL OR account = @account)))`;

/** In `task_epoch`, what counts for every task; no task can have this id. */
export const EVERY_TASK = "*";

/** The highest epoch that a task (`@taskId`) has had, one that was only raised included. */
export const HIGHEST_EPOCH = `SELECT coalesce(max(epoch), 0) AS epoch FROM (
  SELECT epoch FROM contract WHERE task_id = @taskId
  UNION ALL SELECT epoch FROM task_epoch WHERE task_id IN (@taskId, '${EVERY_TASK}')) AS epochs`;

/** The reading half of the store, on whatever database `read` asks. `lockedStatuses` are those of contracts that must be in memory. */
export function createQueries(read: Read, cloudId: string, lockedStatuses: readonly string[]): Queries {
  const all: All = async (schema, sql, values) => (await read(sql, values)).map((row) => readRow(schema, row));
  return {
    load: () => load(all, read, cloudId, lockedStatuses),
    deviceEvents: (deviceId) =>
      all(columns.EventColumns, `${EVENT} WHERE device_id = @deviceId ORDER BY id`, { deviceId }),
    contractEvents: async (contractId) => {
      const sql = `${EVENT} WHERE contract_id = @contractId ORDER BY id`;
      return (await all(columns.EventColumns, sql, { contractId })).map((row) => row.event);
    },
    contract: async (key) => {
      const sql = `${CONTRACT} WHERE contract_id = @key OR name = @key ORDER BY contract_id = @key DESC, id DESC LIMIT 1`;
      return (await all(columns.ContractColumns, sql, { key }))[0];
    },
    contracts: async (query) => page(query, await contractPage(all, query)),
    contractCounts: async () => {
      const rows = await all(columns.CountColumns, `SELECT status, count(*) AS count FROM contract GROUP BY status`);
      return Object.fromEntries(rows.map((row) => [row.status, row.count]));
    },
    idempotency: async (key) => (await all(columns.IdempotencyColumns, `${IDEMPOTENCY} WHERE key = @key`, { key }))[0],
    reconciliations: (contractId) =>
      all(columns.ReconciliationColumns, `${RECONCILIATION} WHERE contract_id = @contractId ORDER BY id`, {
        contractId,
      }),
    contractsOfTask: (taskId) =>
      all(columns.ContractSummaryColumns, `SELECT ${SUMMARY} FROM contract WHERE task_id = @taskId ORDER BY id`, {
        taskId,
      }),
    proposal: async (requestId) =>
      (await all(columns.ProposalColumns, `${PROPOSAL} WHERE request_id = @requestId`, { requestId }))[0],
    task: async (taskId) => (await all(columns.TaskColumns, `${TASK} WHERE task_id = @taskId`, { taskId }))[0],
    openTasks: () =>
      all(columns.TaskColumns, `${TASK} WHERE state IN ('open', 'recurring') ORDER BY created_at, task_id`),
    policyVersion: async (id, version) =>
      (await all(columns.PolicyColumns, `${POLICY} WHERE policy_id = @id AND version = @version`, { id, version }))[0],
    exception: async (id) => (await all(columns.ExceptionColumns, `${EXCEPTION} WHERE id = @id`, { id }))[0],
    exceptions: async (query) => page(query, await exceptionPage(all, query)),
    ledger: async (query) => page(query, await ledgerPage(all, query)),
    logAfter: (afterId, limit, filter = {}) => logPage(all, afterId, limit, filter),
    ...feedQueries(all, read),
    ...documentQueries(all, { summary: SUMMARY, feed: FEED, ledger: LEDGER, log: LOG }),
    ...lookups(read),
  };
}

async function load(all: All, read: Read, cloudId: string, lockedStatuses: readonly string[]): Promise<StoredFleet> {
  const active = `${CONTRACT} WHERE status IN (SELECT value FROM json_each(@locked)) ORDER BY id`;
  return {
    cloudId,
    devices: await all(columns.DeviceColumns, `${DEVICE} ORDER BY device_id`),
    activeContracts: await all(columns.ContractColumns, active, { locked: JSON.stringify(lockedStatuses) }),
    openCommands: await all(columns.CommandColumns, `${COMMAND} WHERE replied_at IS NULL ORDER BY device_id, n`),
    policies: await all(
      columns.PolicyColumns,
      `${POLICY} AS p WHERE version = (SELECT max(version) FROM policy WHERE policy_id = p.policy_id) ORDER BY policy_id`,
    ),
    ...(await restoredOf(read)),
    forgotten: await all(
      columns.ForgottenColumns,
      `SELECT contract_id AS "contractId", device_id AS "deviceId" FROM contract WHERE reason = @reason`,
      { reason: MEMORY_LOST },
    ),
  };
}

/** Whether the database is a copy that not all is known of, and the longest lease in it. */
async function restoredOf(read: Read): Promise<Pick<StoredFleet, "restored">> {
  const notes = await read(`SELECT value FROM meta WHERE key = @key AND value <> ''`, { key: RESTORED });
  if (notes.length === 0) return {};
  const seconds = (part: string): string => `CAST(body -> '$.lease' ->> '$.${part}' AS REAL)`;
  const [row] = await read(
    `SELECT coalesce(max(${seconds("durationSeconds")} + ${seconds("windDownSeconds")}), 0) AS longest FROM contract`,
  );
  const usual = DEFAULT_LEASE.durationSeconds + DEFAULT_LEASE.windDownSeconds;
  return { restored: { longestLeaseSeconds: Math.max(Number(row!["longest"]), usual) } };
}

function lookups(read: Read) {
  const one = async (sql: string, values: object = {}): Promise<unknown> => (await read(sql, values))[0]?.["found"];
  const text = async (sql: string, values: object): Promise<string | undefined> =>
    (await one(sql, values)) as string | undefined;
  const number = async (sql: string, values: object = {}): Promise<number> => Number(await one(sql, values));
  return {
    knownEvents: async (deviceId: string, eventIds: readonly string[]): Promise<ReadonlySet<string>> => {
      const sql = `SELECT event_id AS found FROM event WHERE device_id = @deviceId
        AND event_id IN (SELECT value FROM json_each(@ids))`;
      const rows = await read(sql, { deviceId, ids: JSON.stringify(eventIds) });
      return new Set(rows.map((row) => String(row["found"])));
    },
    hashAt: (deviceId: string, incarnation: string, seq: number) =>
      text(
        `SELECT hash AS found FROM event WHERE device_id = @deviceId AND incarnation = @incarnation AND seq = @seq`,
        { deviceId, incarnation, seq },
      ),
    tipOf: async (deviceId: string, incarnation: string): Promise<{ seq: number; hash: string } | undefined> => {
      const sql = `SELECT seq, hash FROM event WHERE device_id = @deviceId AND incarnation = @incarnation
        ORDER BY seq DESC LIMIT 1`;
      const [row] = await read(sql, { deviceId, incarnation });
      return row && { seq: Number(row["seq"]), hash: String(row["hash"]) };
    },
    highestEpoch: async (taskId: string): Promise<number> =>
      Number((await read(HIGHEST_EPOCH, { taskId }))[0]!["epoch"]),
    incarnationOf: (contractId: string) =>
      text(`SELECT incarnation AS found FROM event WHERE contract_id = @contractId ORDER BY id DESC LIMIT 1`, {
        contractId,
      }),
    logEnd: () => number(`SELECT coalesce(max(id), 0) AS found FROM log`),
    meta: (key: string) => text(`SELECT value AS found FROM meta WHERE key = @key`, { key }),
    highestProposal: (contractId: string) =>
      number(`SELECT coalesce(max(revision), 0) AS found FROM proposal WHERE contract_id = @contractId`, {
        contractId,
      }),
    highestCommand: (deviceId: string) =>
      number(`SELECT coalesce(max(n), 0) AS found FROM command WHERE device_id = @deviceId`, { deviceId }),
  };
}

function contractPage(all: All, query: ContractQuery): Promise<z.infer<typeof columns.ContractSummaryColumns>[]> {
  const sql = `SELECT ${SUMMARY} FROM contract
    WHERE id < @before AND (@deviceId IS NULL OR device_id = @deviceId) AND (@status IS NULL OR status = @status)
      AND (@application IS NULL OR application = @application) AND (@account IS NULL OR account = @account)
    ORDER BY id DESC LIMIT @limit`;
  const { deviceId = null, status = null } = query;
  return all(columns.ContractSummaryColumns, sql, { ...pageValues(query), deviceId, status });
}

function exceptionPage(all: All, query: ExceptionQuery): Promise<z.infer<typeof columns.ExceptionColumns>[]> {
  const sql = `${EXCEPTION} WHERE id < @before AND ${IS_TENANTS}
    AND (@status IS NULL OR (@status = 'open') = (resolved_at IS NULL)) ORDER BY id DESC LIMIT @limit`;
  return all(columns.ExceptionColumns, sql, { ...pageValues(query), status: query.status ?? null });
}

function ledgerPage(all: All, query: PageQuery): Promise<z.infer<typeof columns.LedgerColumns>[]> {
  const sql = `${LEDGER} WHERE id < @before AND ${IS_TENANTS} ORDER BY id DESC LIMIT @limit`;
  return all(columns.LedgerColumns, sql, pageValues(query));
}

function logPage(
  all: All,
  afterId: number,
  limit: number,
  filter: LogFilter,
): Promise<z.infer<typeof columns.LogColumns>[]> {
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
