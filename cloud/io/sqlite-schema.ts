import { LOCKED_STATUSES } from "./sql/locked-statuses.ts";

const LOCKED = LOCKED_STATUSES.map((status) => `'${status}'`).join(", ");

/**
 * Scripts for `openSqlite`; only ever append. Rows of `log`, `exception` and `ledger` never reuse an id (AUTOINCREMENT),
 * because readers resume behind the last id that they saw. The two partial indexes are the locks: no process can give a
 * device or a task a second active contract.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE device (
    device_id TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT,
    presence TEXT,
    last_heard_at TEXT,
    track TEXT
  ) WITHOUT ROWID;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    contract_id TEXT,
    hash TEXT NOT NULL,
    received_at TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (device_id, incarnation, seq)
  );
  CREATE INDEX event_of_contract ON event (contract_id) WHERE contract_id IS NOT NULL;
  CREATE INDEX event_by_event_id ON event (device_id, event_id);

  CREATE TABLE contract (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contract_id TEXT NOT NULL UNIQUE,
    name TEXT,
    task_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    session TEXT NOT NULL,
    status TEXT NOT NULL,
    draft TEXT NOT NULL,
    body TEXT NOT NULL,
    jws TEXT NOT NULL,
    created_at TEXT NOT NULL,
    answered_at TEXT,
    ended_at TEXT,
    reason TEXT,
    problems TEXT
  );
  CREATE UNIQUE INDEX one_active_contract_per_device ON contract (device_id) WHERE status IN (${LOCKED});
  CREATE UNIQUE INDEX one_active_contract_per_task ON contract (task_id) WHERE status IN (${LOCKED});
  CREATE INDEX contract_by_name ON contract (name) WHERE name IS NOT NULL;
  CREATE INDEX contract_by_task ON contract (task_id, epoch);

  CREATE TABLE command (
    command_id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    type TEXT NOT NULL,
    contract_id TEXT,
    epoch INTEGER,
    hold_id TEXT,
    created_at TEXT NOT NULL,
    replied_at TEXT,
    result TEXT,
    reason TEXT,
    seq INTEGER,
    UNIQUE (device_id, n)
  ) WITHOUT ROWID;

  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL DEFAULT 'WES',
    executor_partner_id TEXT NOT NULL,
    executor_correlation_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    contract_id TEXT,
    recorded_at TEXT NOT NULL,
    fenced INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (executor_partner_id, executor_correlation_id)
  );

  CREATE TABLE exception (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    detail TEXT NOT NULL,
    device_id TEXT,
    contract_id TEXT
  );

  CREATE TABLE reconciliation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contract_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    report TEXT NOT NULL
  );
  CREATE INDEX reconciliation_of_contract ON reconciliation (contract_id);

  CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    type TEXT NOT NULL,
    device_id TEXT,
    contract_id TEXT,
    data TEXT NOT NULL
  );
  CREATE INDEX log_of_contract ON log (contract_id) WHERE contract_id IS NOT NULL;
  `,
  `
  ALTER TABLE command ADD COLUMN data TEXT;
  `,
  `
  ALTER TABLE contract ADD COLUMN application TEXT;
  ALTER TABLE contract ADD COLUMN account TEXT;
  UPDATE contract SET application = json_extract(body, '$.application'), account = json_extract(body, '$.account');
  CREATE INDEX contract_of_tenant ON contract (account, application);

  ALTER TABLE log ADD COLUMN application TEXT;
  ALTER TABLE log ADD COLUMN account TEXT;
  UPDATE log SET application = c.application, account = c.account FROM contract AS c WHERE c.contract_id = log.contract_id;

  ALTER TABLE exception ADD COLUMN resolved_at TEXT;
  ALTER TABLE exception ADD COLUMN resolved_by TEXT;
  ALTER TABLE exception ADD COLUMN note TEXT;

  CREATE TABLE task_epoch (task_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE policy (
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (policy_id, version)
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE task (
    task_id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL,
    next_at TEXT
  ) WITHOUT ROWID;
  CREATE INDEX task_open ON task (state) WHERE state IN ('open', 'recurring');
  `,
  `
  CREATE TABLE feed_record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    partner_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    work_id TEXT,
    recorded_at TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (partner_id, correlation_id)
  );
  CREATE INDEX feed_record_by_age ON feed_record (recorded_at);
  CREATE INDEX feed_record_of_work ON feed_record (work_id) WHERE work_id IS NOT NULL;

  CREATE TABLE shift (
    partner_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    from_at TEXT NOT NULL,
    to_at TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    result TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (partner_id, warehouse_id, from_at, to_at)
  ) WITHOUT ROWID;
  CREATE INDEX ledger_by_time ON ledger (executor_partner_id, warehouse_id, body ->> '$.occurred_at');
  `,
  `
  CREATE TABLE proposal (
    request_id TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (contract_id, revision)
  ) WITHOUT ROWID;
  `,
  `
  CREATE INDEX contract_by_status ON contract (status);
  `,
  `
  CREATE INDEX contract_of_document ON contract (body -> '$.task' -> '$.documentRef' ->> '$.id');
  CREATE INDEX feed_record_of_document ON feed_record (body -> '$.document_ref' ->> '$.id');
  CREATE INDEX ledger_of_document ON ledger (body -> '$.document_ref' ->> '$.id');
  CREATE INDEX log_of_device_mode ON log (device_id) WHERE type = 'device.mode';
  `,
];
