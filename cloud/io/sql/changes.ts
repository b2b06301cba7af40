import { isFinal } from "#contract/status";
import { unreachable } from "#lib/errors";
import { present } from "../../present.ts";
import { writeFeed, isFeedOp, type FeedOp } from "./feed-changes.ts";
import { ConflictSignal, run, TakenSignal, type Writing } from "./writing.ts";
import { SQL } from "./statements.ts";
import type { Conflict, StoreOp } from "../store-ops.ts";
import type { DeviceRow, LogEntry } from "../store-rows.ts";

/**
 * Applies one change inside a transaction: yields the statements that it takes, one by one, and is given what each of them
 * came to. Returns what it logged. A database that refuses a statement because of a unique index throws `TakenSignal` into
 * it; it throws `ConflictSignal` when a lock or key is taken.
 */
export function* apply(op: StoreOp): Writing<readonly LogEntry[]> {
  if (op.op === "log") return [yield* appendLog(op)];
  if (op.op === "insert-movement") {
    if ((yield* insertMovement(op)) !== "fenced") return [];
    const logged: LogEntry[] = [];
    for (const more of op.ifFenced) logged.push(...(yield* apply(more)));
    return logged;
  }
  if (isFeedOp(op)) yield* writeFeed(op);
  else if (isAboutNoDevice(op)) yield* writeSetting(op);
  else yield* write(op);
  return [];
}

/** The changes that log nothing by themselves. */
function* write(op: Exclude<StoreOp, Setting | FeedOp | { op: "insert-movement" | "log" }>): Writing<void> {
  switch (op.op) {
    case "put-device":
      yield* run(SQL.putDevice, deviceValues(op.row));
      return;
    case "append-events":
      yield* appendEvents(op);
      return;
    case "insert-contract":
      yield* insertContract(op);
      return;
    case "set-status":
      yield* setStatus(op);
      return;
    case "insert-command":
      yield* run(SQL.insertCommand, {
        ...withNulls(op.row, ["contractId", "epoch", "holdId"]),
        data: op.row.data ? JSON.stringify(op.row.data) : null,
      });
      return;
    case "settle-command":
      yield* run(SQL.settleCommand, withNulls(op, ["reason", "seq"]));
      return;
    case "insert-exception":
      yield* run(SQL.insertException, withNulls(op.row, ["deviceId", "contractId"]));
      return;
    case "resolve-exception":
      if ((yield* run(SQL.resolveException, withNulls(op, ["note"]))).changes === 0) {
        throw new ConflictSignal("exception_resolved");
      }
      return;
    case "insert-reconciliation":
      yield* insertReconciliation(op);
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

function* writeSetting(op: Setting): Writing<void> {
  switch (op.op) {
    case "raise-epoch":
      yield* run(SQL.raiseEpoch, op);
      return;
    case "raise-all-epochs":
      yield* run(SQL.raiseAllEpochs, op);
      return;
    case "insert-policy": {
      const { policy, version, at } = op.row;
      const row = { id: policy.id, version, at, body: JSON.stringify(policy) };
      yield* unlessTaken("policy_changed", run(SQL.insertPolicy, row));
      return;
    }
    case "put-meta":
      yield* run(SQL.putMeta, op);
      return;
    case "insert-task": {
      const row = { ...withNulls(op.row, ["nextAt"]), order: JSON.stringify(op.row.order) };
      yield* unlessTaken("task_exists", run(SQL.insertTask, row));
      return;
    }
    case "insert-proposal":
      yield* run(SQL.insertProposal, { ...op.row, contract: JSON.stringify(op.row.contract) });
      return;
    case "adopt-revision":
      yield* run(SQL.adoptRevision, op);
      return;
    case "set-task":
      yield* run(SQL.setTask, withNulls(op, ["nextAt"]));
      return;
    case "insert-idempotency":
      yield* unlessTaken("key_in_use", run(SQL.insertIdempotency, op.row));
      return;
    default:
      unreachable(op);
  }
}

type Op<Name extends StoreOp["op"]> = Extract<StoreOp, { op: Name }>;

function deviceValues(row: DeviceRow): object {
  return {
    ...withNulls(row, ["hash", "lastHeardAt"]),
    presence: row.presence ? JSON.stringify(row.presence) : null,
    track: row.track ? JSON.stringify(row.track) : null,
  };
}

function* appendEvents(op: Op<"append-events">): Writing<void> {
  const { deviceId, receivedAt } = op;
  for (const { incarnation, event, hash } of op.rows) {
    const { seq, id: eventId, contractId = null } = event;
    const body = JSON.stringify(event);
    yield* run(SQL.appendEvent, { deviceId, incarnation, seq, eventId, contractId, hash, receivedAt, body });
  }
}

function* insertContract({ row, epochRule }: Op<"insert-contract">): Writing<void> {
  const { draft, contract, problems: _none, name = null, contractId, taskId, ...rest } = row;
  if ((yield* run(SQL.contractExists, { contractId })).rows.length > 0) throw new ConflictSignal("contract_exists");
  if (epochRule === "fresh") {
    const { rows } = yield* run(SQL.highestEpoch, { taskId });
    if (row.epoch <= Number(rows[0]!["epoch"])) throw new ConflictSignal("stale_epoch");
  }
  const { application = null, account = null } = contract;
  const values = {
    ...rest,
    contractId,
    taskId,
    application,
    account,
    name,
    draft: JSON.stringify(draft),
    body: JSON.stringify(contract),
  };
  yield* unlessTaken("device_busy", run(SQL.insertContract, values));
}

function* setStatus(op: Op<"set-status">): Writing<void> {
  const { contractId, to, at, reason = null } = op;
  const problems = op.problems ? JSON.stringify(op.problems) : null;
  const endedAt = isFinal(to) ? at : null;
  yield* run(SQL.setStatus, { contractId, to, at, reason, problems, endedAt, from: JSON.stringify(op.from) });
}

function* insertMovement({ row, epoch, taskId }: Op<"insert-movement">): Writing<"fenced" | "valid" | "known"> {
  const { movement, ...rest } = withNulls(row, ["contractId"]);
  const about = { epoch: epoch ?? null, taskId: taskId ?? null };
  const { rows } = yield* run(SQL.insertMovement, { ...rest, ...about, body: JSON.stringify(movement) });
  if (rows.length === 0) return "known";
  return rows[0]!["fenced"] === 1 ? "fenced" : "valid";
}

function* insertReconciliation({ row }: Op<"insert-reconciliation">): Writing<void> {
  const { deviceId, trigger: cause, recordedAt, report } = row;
  const { contractId } = report;
  yield* run(SQL.insertReconciliation, { contractId, deviceId, cause, recordedAt, report: JSON.stringify(report) });
}

function* appendLog({ entry }: Op<"log">): Writing<LogEntry> {
  const values = withNulls(entry, ["deviceId", "contractId"]);
  const { rows } = yield* run(SQL.appendLog, { ...values, data: JSON.stringify(entry.data) });
  const { id, application, account } = rows[0]! as unknown as Tagged;
  const tenant = present({ application: application ?? undefined, account: account ?? undefined });
  return { ...entry, id, ...tenant };
}

/** What the database adds to an entry of the log. */
interface Tagged {
  readonly id: number;
  readonly application: string | null;
  readonly account: string | null;
}

/** No database binds `undefined`. */
function withNulls<Row extends object, Key extends keyof Row>(row: Row, keys: readonly Key[]): Row {
  const nulls = Object.fromEntries(keys.map((key) => [key, row[key] ?? null]));
  return { ...row, ...nulls };
}

/** A violated unique index as a conflict. */
function* unlessTaken(conflict: Conflict, writing: Writing<unknown>): Writing<void> {
  try {
    yield* writing;
  } catch (thrown) {
    if (!(thrown instanceof TakenSignal)) throw thrown;
    throw new ConflictSignal(thrown.isOfTask ? "task_busy" : conflict);
  }
}
