import { LOCKED_STATUSES } from "../sql/locked-statuses.ts";

const LOCKED = LOCKED_STATUSES.map((status) => `'${status}'`).join(", ");

/**
 * Scripts that lead from one version to the next; only ever append. The same tables as in SQLite; JSON whose members are
 * asked for has the type `json`, which keeps the text as it was written. `writer` is what fences a process that was away:
 * whoever becomes the writing one raises `generation`, and each transaction names its own and counts itself.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE writer (id BIGINT PRIMARY KEY CHECK (id = 1), generation BIGINT NOT NULL, transaction_no BIGINT NOT NULL);
  INSERT INTO writer VALUES (1, 0, 0);

  CREATE TABLE device (
    device_id TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT,
    presence TEXT,
    last_heard_at TEXT,
    track TEXT
  );

  CREATE TABLE event (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    seq BIGINT NOT NULL,
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
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id TEXT NOT NULL UNIQUE,
    name TEXT,
    task_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    session TEXT NOT NULL,
    status TEXT NOT NULL,
    draft TEXT NOT NULL,
    body JSON NOT NULL,
    jws TEXT NOT NULL,
    created_at TEXT NOT NULL,
    answered_at TEXT,
    ended_at TEXT,
    reason TEXT,
    problems TEXT,
    application TEXT,
    account TEXT
  );
  CREATE UNIQUE INDEX one_active_contract_per_device ON contract (device_id) WHERE status IN (${LOCKED});
  CREATE UNIQUE INDEX one_active_contract_per_task ON contract (task_id) WHERE status IN (${LOCKED});
  CREATE INDEX contract_by_name ON contract (name) WHERE name IS NOT NULL;
  CREATE INDEX contract_by_task ON contract (task_id, epoch);
  CREATE INDEX contract_of_tenant ON contract (account, application);
  CREATE INDEX contract_by_status ON contract (status);

  CREATE TABLE command (
    command_id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    type TEXT NOT NULL,
    contract_id TEXT,
    epoch BIGINT,
    hold_id TEXT,
    data TEXT,
    created_at TEXT NOT NULL,
    replied_at TEXT,
    result TEXT,
    reason TEXT,
    seq BIGINT,
    UNIQUE (device_id, n)
  );
  CREATE INDEX command_open ON command (device_id, n) WHERE replied_at IS NULL;

  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    created_at TEXT NOT NULL
  );

  CREATE TABLE ledger (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL DEFAULT 'WES',
    executor_partner_id TEXT NOT NULL,
    executor_correlation_id TEXT NOT NULL,
    warehouse_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    contract_id TEXT,
    recorded_at TEXT NOT NULL,
    fenced BIGINT NOT NULL,
    body JSON NOT NULL,
    UNIQUE (executor_partner_id, executor_correlation_id)
  );
  CREATE INDEX ledger_by_time ON ledger (executor_partner_id, warehouse_id, (body ->> 'occurred_at'));

  CREATE TABLE exception (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TEXT NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    detail TEXT NOT NULL,
    device_id TEXT,
    contract_id TEXT,
    resolved_at TEXT,
    resolved_by TEXT,
    note TEXT
  );

  CREATE TABLE reconciliation (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    report TEXT NOT NULL
  );
  CREATE INDEX reconciliation_of_contract ON reconciliation (contract_id);

  CREATE TABLE log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TEXT NOT NULL,
    type TEXT NOT NULL,
    device_id TEXT,
    contract_id TEXT,
    data TEXT NOT NULL,
    application TEXT,
    account TEXT
  );
  CREATE INDEX log_of_contract ON log (contract_id) WHERE contract_id IS NOT NULL;

  CREATE TABLE task_epoch (task_id TEXT PRIMARY KEY, epoch BIGINT NOT NULL);

  CREATE TABLE policy (
    policy_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (policy_id, version)
  );

  CREATE TABLE task (
    task_id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL,
    next_at TEXT
  );
  CREATE INDEX task_open ON task (state) WHERE state IN ('open', 'recurring');

  CREATE TABLE feed_record (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
  );

  CREATE TABLE proposal (
    request_id TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    body JSON NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (contract_id, revision)
  );
  `,
  `
  ALTER TABLE feed_record ALTER COLUMN body TYPE JSON USING CAST(body AS JSON);
  CREATE INDEX contract_of_document ON contract ((body -> 'task' -> 'documentRef' ->> 'id'));
  CREATE INDEX feed_record_of_document ON feed_record ((body -> 'document_ref' ->> 'id'));
  CREATE INDEX ledger_of_document ON ledger ((body -> 'document_ref' ->> 'id'));
  CREATE INDEX log_of_device_mode ON log (device_id) WHERE type = 'device.mode';
  `,
];
