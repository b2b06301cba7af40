import { EVERY_TASK, HIGHEST_EPOCH } from "./queries.ts";

/**
 * What changes the database, in the SQL that SQLite and PostgreSQL share: values are named (`@name`), JSON is reached by
 * `->> '$.member'`, and a list comes as a JSON array (`json_each`); `postgres/dialect.ts` writes those three the other way.
 */
export const SQL = {
  putDevice: `
      INSERT INTO device (device_id, incarnation, seq, hash, presence, last_heard_at, track)
      VALUES (@deviceId, @incarnation, @seq, @hash, @presence, @lastHeardAt, @track)
      ON CONFLICT (device_id) DO UPDATE SET incarnation = excluded.incarnation, seq = excluded.seq, hash = excluded.hash,
        presence = excluded.presence, last_heard_at = excluded.last_heard_at, track = excluded.track`,
  appendEvent: `
      INSERT INTO event (device_id, incarnation, seq, event_id, contract_id, hash, received_at, body)
      VALUES (@deviceId, @incarnation, @seq, @eventId, @contractId, @hash, @receivedAt, @body)`,
  insertContract: `
      INSERT INTO contract (contract_id, name, task_id, device_id, epoch, revision, session, status, draft, body, jws, created_at,
        application, account)
      VALUES (@contractId, @name, @taskId, @deviceId, @epoch, @revision, @session, @status, @draft, @body, @jws, @createdAt,
        @application, @account)`,
  highestEpoch: HIGHEST_EPOCH,
  contractExists: "SELECT 1 FROM contract WHERE contract_id = @contractId",
  setStatus: `
      UPDATE contract SET status = @to, reason = coalesce(@reason, reason), problems = coalesce(@problems, problems),
        answered_at = CASE WHEN status IN ('pushed', 'unconfirmed') THEN coalesce(answered_at, @at) ELSE answered_at END,
        ended_at = @endedAt
      WHERE contract_id = @contractId AND status IN (SELECT value FROM json_each(@from))`,
  insertCommand: `
      INSERT INTO command (command_id, device_id, n, type, contract_id, epoch, hold_id, data, created_at)
      VALUES (@commandId, @deviceId, @n, @type, @contractId, @epoch, @holdId, @data, @createdAt)`,
  settleCommand: `
      UPDATE command SET replied_at = @at, result = @result, reason = @reason, seq = @seq
      WHERE command_id = @commandId AND replied_at IS NULL`,
  insertIdempotency: `
      INSERT INTO idempotency (key, fingerprint, contract_id, created_at)
      VALUES (@key, @fingerprint, @madeId, @createdAt)`,
  insertMovement: `
      INSERT INTO ledger (executor_partner_id, executor_correlation_id, warehouse_id, device_id, contract_id, recorded_at,
        fenced, body)
      VALUES (@partnerId, @correlationId, @warehouseId, @deviceId, @contractId, @recordedAt,
        CASE WHEN @epoch < (SELECT max(epoch) FROM (
                              SELECT task_id, epoch FROM contract UNION ALL SELECT task_id, epoch FROM task_epoch) AS epochs
                            WHERE task_id = coalesce(
                              (SELECT task_id FROM contract WHERE contract_id = @contractId), @taskId)) THEN 1 ELSE 0 END,
        @body)
      ON CONFLICT DO NOTHING RETURNING fenced`,
  insertException: `
      INSERT INTO exception (at, code, severity, detail, device_id, contract_id)
      VALUES (@at, @code, @severity, @detail, @deviceId, @contractId)`,
  resolveException: `
      UPDATE exception SET resolved_at = @at, resolved_by = @by, note = @note WHERE id = @id AND resolved_at IS NULL`,
  raiseEpoch: `
      INSERT INTO task_epoch (task_id, epoch) VALUES (@taskId, @epoch)
      ON CONFLICT (task_id) DO UPDATE SET
        epoch = CASE WHEN excluded.epoch > task_epoch.epoch THEN excluded.epoch ELSE task_epoch.epoch END`,
  raiseAllEpochs: `
      INSERT INTO task_epoch (task_id, epoch) SELECT '${EVERY_TASK}', coalesce(max(epoch), 0) + @by FROM (
        SELECT epoch FROM contract UNION ALL SELECT epoch FROM task_epoch) AS epochs WHERE true
      ON CONFLICT (task_id) DO UPDATE SET epoch = excluded.epoch`,
  insertPolicy: "INSERT INTO policy (policy_id, version, at, body) VALUES (@id, @version, @at, @body)",
  putMeta: `
      INSERT INTO meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  insertReconciliation: `
      INSERT INTO reconciliation (contract_id, device_id, cause, recorded_at, report)
      VALUES (@contractId, @deviceId, @cause, @recordedAt, @report)`,
  appendLog: `
      INSERT INTO log (at, type, device_id, contract_id, data, application, account)
      SELECT @at, @type, @deviceId, @contractId, @data,
        (SELECT application FROM contract WHERE contract_id = @contractId),
        (SELECT account FROM contract WHERE contract_id = @contractId)
      RETURNING id, application, account`,
  insertProposal: `
      INSERT INTO proposal (request_id, contract_id, revision, body, created_at)
      VALUES (@requestId, @contractId, @revision, @contract, @createdAt)`,
  adoptRevision: `
      UPDATE contract SET revision = @revision, body = coalesce(
        (SELECT body FROM proposal WHERE contract_id = @contractId AND revision = @revision), body)
      WHERE contract_id = @contractId AND revision < @revision`,
  insertTask: `
      INSERT INTO task (task_id, body, created_at, state, next_at)
      VALUES (@taskId, @order, @createdAt, @state, @nextAt)`,
  setTask:
    "UPDATE task SET state = @state, next_at = coalesce(@nextAt, next_at) WHERE task_id = @taskId AND state = @from",
} as const;
