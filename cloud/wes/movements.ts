import { timestamp } from "#lib/clock";
import { OccurredAt } from "#contract/feed/fields";
import { movementProblems, MovementRecord } from "#contract/feed/movements";
import { nowText } from "../context.ts";
import { raise } from "../exceptions.ts";
import { intakeStream } from "./stream.ts";

/** Times are kept in UTC, so that windows compare as text. */
const Posted = MovementRecord.extend({
  occurred_at: OccurredAt.transform((text) => timestamp(Date.parse(text))),
});

/** Applied to the ledger at once; one that belongs to a shift that is confirmed already is shown to a supervisor. */
export const movements = intakeStream({
  schema: Posted,
  problems: ({ checkMovement }, record) => [...movementProblems(record), ...checkMovement(record)],
  ops: async (context, { warehouse_id: warehouseId, ...movement }, { partnerId }) => {
    const { correlation_id: correlationId, occurred_at: at, actor } = movement;
    const recordedAt = nowText(context);
    const row = { partnerId, correlationId, warehouseId, deviceId: actor.id, recordedAt, movement };
    const closed = await context.store.shiftAt(partnerId, warehouseId, at);
    const detail = `${movement.kind} of ${movement.qty} ${movement.sku} at ${at} by ${partnerId} came after its shift was confirmed`;
    return [
      { op: "insert-movement", row, ifFenced: [] },
      ...(closed ? raise(context, { code: "late_movement", severity: "MEDIUM", detail }) : []),
    ];
  },
});
