import type { StoreOp } from "../store-ops.ts";
import type { DeviceRow } from "../store-rows.ts";
import type { Queryable } from "./session.ts";

type Op<Name extends StoreOp["op"]> = Extract<StoreOp, { op: Name }>;

/** What a journal batch consists of: it never conflicts, nothing else in a transaction reads it, and there are thousands a second. */
export type BulkOp = Op<"append-events"> | Op<"put-device">;

export function isBulk(op: StoreOp): op is BulkOp {
  return op.op === "append-events" || op.op === "put-device";
}

const APPEND = `
  INSERT INTO event (device_id, incarnation, seq, event_id, contract_id, hash, received_at, body)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`;
const PUT = `
  INSERT INTO device (device_id, incarnation, seq, hash, presence, last_heard_at, track)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])
  ON CONFLICT (device_id) DO UPDATE SET incarnation = excluded.incarnation, seq = excluded.seq, hash = excluded.hash,
    presence = excluded.presence, last_heard_at = excluded.last_heard_at, track = excluded.track`;

/** Writes all events with one statement and all devices with another, each device as it was put last. */
export async function writeBulk(connection: Queryable, ops: readonly BulkOp[]): Promise<void> {
  const appended = ops.filter((op) => op.op === "append-events");
  const rows = appended.flatMap(({ deviceId, receivedAt, rows: events }) =>
    events.map((row) => ({ ...row, deviceId, receivedAt })),
  );
  if (rows.length > 0) {
    await connection.query({
      name: "hf-append",
      text: APPEND,
      values: [
        rows.map((row) => row.deviceId),
        rows.map((row) => row.incarnation),
        rows.map((row) => row.event.seq),
        rows.map((row) => row.event.id),
        rows.map((row) => row.event.contractId ?? null),
        rows.map((row) => row.hash),
        rows.map((row) => row.receivedAt),
        rows.map((row) => JSON.stringify(row.event)),
      ],
    });
  }
  const devices = new Map<string, DeviceRow>();
  for (const op of ops) if (op.op === "put-device") devices.set(op.row.deviceId, op.row);
  if (devices.size > 0) await putDevices(connection, [...devices.values()]);
}

async function putDevices(connection: Queryable, rows: readonly DeviceRow[]): Promise<void> {
  await connection.query({
    name: "hf-put",
    text: PUT,
    values: [
      rows.map((row) => row.deviceId),
      rows.map((row) => row.incarnation),
      rows.map((row) => row.seq),
      rows.map((row) => row.hash ?? null),
      rows.map((row) => (row.presence ? JSON.stringify(row.presence) : null)),
      rows.map((row) => row.lastHeardAt ?? null),
      rows.map((row) => (row.track ? JSON.stringify(row.track) : null)),
    ],
  });
}
