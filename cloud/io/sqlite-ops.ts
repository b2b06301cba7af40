import type { SqliteDatabase } from "#lib/node/sqlite";
import { isFinal } from "#contract/status";
import { unreachable } from "#lib/errors";
import { present } from "../present.ts";
import { createFeedWrite, isFeedOp, type FeedOp } from "./sqlite-feed-ops.ts";
import { EVERY_TASK, HIGHEST_EPOCH } from "./sqlite-queries.ts";
import type { Conflict, StoreOp } from "./store-ops.ts";
import type { DeviceRow, LogEntry } from "./store-rows.ts";

/** Thrown inside a transaction to undo it; the store turns it into a result. */
export class ConflictSignal extends Error {
  override readonly name = "ConflictSignal";
  readonly conflict: Conflict;

  constructor(conflict: Conflict) {
    super(conflict);
    this.conflict = conflict;
  }
}

/**
 * Applies one change; must run inside a transaction. Returns what it logged. Throws `ConflictSignal` when a lock or key is
 * taken.
 */
export function createApply(database: SqliteDatabase): (op: StoreOp) => readonly LogEntry[] {
  const sql = prepare(database);
  const writeFeed = createFeedWrite(database);
  function apply(op: StoreOp): readonly LogEntry[] {
    if (op.op === "log") return [appendLog(sql, op)];
    if (op.op === "insert-movement") return insertMovement(sql, op) === "fenced" ? op.ifFenced.flatMap(apply) : [];
    if (isFeedOp(op)) writeFeed(op);
    else if (isAboutNoDevice(op)) writeSetting(sql, op);
    else write(sql, op);
    return [];
  }
  return apply;
}

/** The changes that log nothing by themselves. */
function write(sql: Statements, op: Exclude<StoreOp, Setting | FeedOp | { op: "insert-movement" | "log" }>): void {
  switch (op.op) {
    case "put-device":
      sql.putDevice.run(deviceValues(op.row));
      return;
    case "append-events":
      appendEvents(sql, op);
      return;
    case "insert-contract":
      insertContract(sql, op);
      return;
    case "set-status":
      setStatus(sql, op);
      return;
    case "insert-command":
      sql.insertCommand.run({
        ...withNulls(op.row, ["contractId", "epoch", "holdId"]),
        data: op.row.data ? JSON.stringify(op.row.data) : null,
      });
      return;
    case "settle-command":
      sql.settleCommand.run(withNulls(op, ["reason", "seq"]));
      return;
    case "insert-exception":
      sql.insertException.run(withNulls(op.row, ["deviceId", "contractId"]));
      return;
    case "resolve-exception":
      if (sql.resolveException.run(withNulls(op, ["note"])).changes === 0)
        throw new ConflictSignal("exception_resolved");
      return;
    case "insert-reconciliation":
      insertReconciliation(sql, op);
      return;
    default:
      unreachable(op);
  }
}

type Setting = Op<(typeof SETTINGS)[number]>;
const SETTINGS = [
  "insert-idempotency",
  "raise-epoch",
  "raise-all-epochs",
  "insert-policy",
  "put-meta",
  "insert-task",
  "set-task",
  "insert-proposal",
  "adopt-revision",
] as const;

function isAboutNoDevice(op: StoreOp): op is Setting {
  return (SETTINGS as readonly string[]).includes(op.op);
}

function writeSetting(sql: Statements, op: Setting): void {
  switch (op.op) {
    case "raise-epoch":
      sql.raiseEpoch.run(op);
      return;
    case "raise-all-epochs":
      sql.raiseAllEpochs.run(op);
      return;
    case "insert-policy": {
      const { policy, version, at } = op.row;
      const row = { id: policy.id, version, at, body: JSON.stringify(policy) };
      unlessTaken("policy_changed", () => sql.insertPolicy.run(row));
      return;
    }
    case "put-meta":
      sql.putMeta.run(op);
      return;
    case "insert-task": {
      const row = { ...withNulls(op.row, ["nextAt"]), order: JSON.stringify(op.row.order) };
      unlessTaken("task_exists", () => sql.insertTask.run(row));
      return;
    }
    case "insert-proposal":
      sql.insertProposal.run({ ...op.row, contract: JSON.stringify(op.row.contract) });
      return;
    case "adopt-revision":
      sql.adoptRevision.run(op);
      return;
    case "set-task":
      sql.setTask.run(withNulls(op, ["nextAt"]));
      return;
    case "insert-idempotency":
      unlessTaken("key_in_use", () => sql.insertIdempotency.run(op.row));
      return;
    default:
      unreachable(op);
  }
}

type Op<Name extends StoreOp["op"]> = Extract<StoreOp, { op: Name }>;
type Statements = ReturnType<typeof prepare>;

function prepare(database: SqliteDatabase) {
  return {
    ...prepareWork(database),
    putDevice: database.prepare(`
      INSERT INTO device (device_id, incarnation, seq, hash, presence, last_heard_at, track)
      VALUES (@deviceId, @incarnation, @seq, @hash, @presence, @lastHeardAt, @track)
      ON CONFLICT (device_id) DO UPDATE SET incarnation = excluded.incarnation, seq = excluded.seq, hash = excluded.hash,
        presence = excluded.presence, last_heard_at = excluded.last_heard_at, track = excluded.track`),
    appendEvent: database.prepare(`
      INSERT INTO event (device_id, incarnation, seq, event_id, contract_id, hash, received_at, body)
      VALUES (@deviceId, @incarnation, @seq, @eventId, @contractId, @hash, @receivedAt, @body)`),
    insertContract: database.prepare(`
      INSERT INTO contract (contract_id, name, task_id, device_id, epoch, revision, session, status, draft, body, jws, created_at,
        application, account)
      VALUES (@contractId, @name, @taskId, @deviceId, @epoch, @revision, @session, @status, @draft, @body, @jws, @createdAt,
        @body ->> '$.application', @body ->> '$.account')`),
    highestEpoch: database.prepare<{ taskId: string }, { epoch: number }>(HIGHEST_EPOCH),
    contractExists: database.prepare("SELECT 1 FROM contract WHERE contract_id = ?"),
    setStatus: database.prepare(`
      UPDATE contract SET status = @to, reason = coalesce(@reason, reason), problems = coalesce(@problems, problems),
        answered_at = CASE WHEN status IN ('pushed', 'unconfirmed') THEN coalesce(answered_at, @at) ELSE answered_at END,
        ended_at = @endedAt
      WHERE contract_id = @contractId AND status IN (SELECT value FROM json_each(@from))`),
    insertCommand: database.prepare(`
      INSERT INTO command (command_id, device_id, n, type, contract_id, epoch, hold_id, data, created_at)
      VALUES (@commandId, @deviceId, @n, @type, @contractId, @epoch, @holdId, @data, @createdAt)`),
    settleCommand: database.prepare(`
      UPDATE command SET replied_at = @at, result = @result, reason = @reason, seq = @seq
      WHERE command_id = @commandId AND replied_at IS NULL`),
    insertIdempotency: database.prepare(`
      INSERT INTO idempotency (key, fingerprint, contract_id, created_at)
      VALUES (@key, @fingerprint, @madeId, @createdAt)`),
    insertMovement: database.prepare(`
      INSERT INTO ledger (executor_partner_id, executor_correlation_id, warehouse_id, device_id, contract_id, recorded_at,
        fenced, body)
      VALUES (@partnerId, @correlationId, @warehouseId, @deviceId, @contractId, @recordedAt,
        coalesce(@epoch < (SELECT max(epoch) FROM (
                             SELECT task_id, epoch FROM contract UNION ALL SELECT task_id, epoch FROM task_epoch)
                           WHERE task_id = coalesce(
                             (SELECT task_id FROM contract WHERE contract_id = @contractId), @taskId)), 0), @body)
      ON CONFLICT DO NOTHING RETURNING fenced`),
    insertException: database.prepare(`
      INSERT INTO exception (at, code, severity, detail, device_id, contract_id)
      VALUES (@at, @code, @severity, @detail, @deviceId, @contractId)`),
    resolveException: database.prepare(`
      UPDATE exception SET resolved_at = @at, resolved_by = @by, note = @note WHERE id = @id AND resolved_at IS NULL`),
    raiseEpoch: database.prepare(`
      INSERT INTO task_epoch (task_id, epoch) VALUES (@taskId, @epoch)
      ON CONFLICT (task_id) DO UPDATE SET epoch = max(epoch, excluded.epoch)`),
    raiseAllEpochs: database.prepare(`
      INSERT INTO task_epoch (task_id, epoch) SELECT '${EVERY_TASK}', coalesce(max(epoch), 0) + @by FROM (
        SELECT epoch FROM contract UNION ALL SELECT epoch FROM task_epoch) WHERE true
      ON CONFLICT (task_id) DO UPDATE SET epoch = excluded.epoch`),
    insertPolicy: database.prepare(
      "INSERT INTO policy (policy_id, version, at, body) VALUES (@id, @version, @at, @body)",
    ),
    putMeta: database.prepare(`
      INSERT INTO meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value`),
    insertReconciliation: database.prepare(`
      INSERT INTO reconciliation (contract_id, device_id, cause, recorded_at, report)
      VALUES (@contractId, @deviceId, @cause, @recordedAt, @report)`),
    appendLog: database.prepare<object, Tagged>(`
      INSERT INTO log (at, type, device_id, contract_id, data, application, account)
      SELECT @at, @type, @deviceId, @contractId, @data,
        (SELECT application FROM contract WHERE contract_id = @contractId),
        (SELECT account FROM contract WHERE contract_id = @contractId)
      RETURNING id, application, account`),
  };
}

/** Of orders and revisions. */
function prepareWork(database: SqliteDatabase) {
  return {
    insertProposal: database.prepare(`
      INSERT INTO proposal (request_id, contract_id, revision, body, created_at)
      VALUES (@requestId, @contractId, @revision, @contract, @createdAt)`),
    adoptRevision: database.prepare(`
      UPDATE contract SET revision = @revision, body = coalesce(
        (SELECT body FROM proposal WHERE contract_id = @contractId AND revision = @revision), body)
      WHERE contract_id = @contractId AND revision < @revision`),
    insertTask: database.prepare(`
      INSERT INTO task (task_id, body, created_at, state, next_at)
      VALUES (@taskId, @order, @createdAt, @state, @nextAt)`),
    setTask: database.prepare(
      "UPDATE task SET state = @state, next_at = coalesce(@nextAt, next_at) WHERE task_id = @taskId AND state = @from",
    ),
  };
}

function deviceValues(row: DeviceRow): object {
  return {
    ...withNulls(row, ["hash", "lastHeardAt"]),
    presence: row.presence ? JSON.stringify(row.presence) : null,
    track: row.track ? JSON.stringify(row.track) : null,
  };
}

function appendEvents(sql: Statements, op: Op<"append-events">): void {
  const { deviceId, receivedAt } = op;
  for (const { incarnation, event, hash } of op.rows) {
    const { seq, id: eventId, contractId = null } = event;
    const body = JSON.stringify(event);
    sql.appendEvent.run({ deviceId, incarnation, seq, eventId, contractId, hash, receivedAt, body });
  }
}

function insertContract(sql: Statements, { row, epochRule }: Op<"insert-contract">): void {
  if (sql.contractExists.get(row.contractId)) throw new ConflictSignal("contract_exists");
  if (epochRule === "fresh" && row.epoch <= sql.highestEpoch.get({ taskId: row.taskId })!.epoch) {
    throw new ConflictSignal("stale_epoch");
  }
  const { draft, contract, problems: _none, name = null, ...rest } = row;
  const values = { ...rest, name, draft: JSON.stringify(draft), body: JSON.stringify(contract) };
  unlessTaken("device_busy", () => sql.insertContract.run(values));
}

function setStatus(sql: Statements, op: Op<"set-status">): void {
  const { contractId, to, at, reason = null } = op;
  const problems = op.problems ? JSON.stringify(op.problems) : null;
  const endedAt = isFinal(to) ? at : null;
  sql.setStatus.run({ contractId, to, at, reason, problems, endedAt, from: JSON.stringify(op.from) });
}

function insertMovement(sql: Statements, { row, epoch, taskId }: Op<"insert-movement">): "fenced" | "valid" | "known" {
  const { movement, ...rest } = withNulls(row, ["contractId"]);
  const about = { epoch: epoch ?? null, taskId: taskId ?? null };
  const written = sql.insertMovement.get({ ...rest, ...about, body: JSON.stringify(movement) });
  if (!written) return "known";
  return (written as { fenced: number }).fenced === 1 ? "fenced" : "valid";
}

function insertReconciliation(sql: Statements, { row }: Op<"insert-reconciliation">): void {
  const { deviceId, trigger: cause, recordedAt, report } = row;
  const { contractId } = report;
  sql.insertReconciliation.run({ contractId, deviceId, cause, recordedAt, report: JSON.stringify(report) });
}

function appendLog(sql: Statements, { entry }: Op<"log">): LogEntry {
  const values = withNulls(entry, ["deviceId", "contractId"]);
  const { id, application, account } = sql.appendLog.get({ ...values, data: JSON.stringify(entry.data) })!;
  const tenant = present({ application: application ?? undefined, account: account ?? undefined });
  return { ...entry, id, ...tenant };
}

/** What the database adds to an entry of the log. */
interface Tagged {
  readonly id: number;
  readonly application: string | null;
  readonly account: string | null;
}

/** SQLite binds no `undefined`. */
function withNulls<Row extends object, Key extends keyof Row>(row: Row, keys: readonly Key[]): Row {
  const nulls = Object.fromEntries(keys.map((key) => [key, row[key] ?? null]));
  return { ...row, ...nulls };
}

/** A violated lock index as a conflict; SQLite names the columns, not the index. */
function unlessTaken(conflict: Conflict, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    const { code, message } = thrown as { code?: string; message?: string };
    if (code !== "SQLITE_CONSTRAINT_UNIQUE" && code !== "SQLITE_CONSTRAINT_PRIMARYKEY") throw thrown;
    throw new ConflictSignal(message?.includes("contract.task_id") ? "task_busy" : conflict);
  }
}
