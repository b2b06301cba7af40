import { z } from "zod";
import { CorrelationId, OccurredAt, WarehouseId } from "#contract/feed/fields";
import { recordOp } from "./record.ts";
import { intakeStream } from "./stream.ts";

const Count = z.number().int().min(0);

/** What floor and fleet could do at a moment; other figures may come. */
const CapacityRecord = z.looseObject({
  correlation_id: CorrelationId,
  warehouse_id: WarehouseId,
  occurred_at: OccurredAt,
  active_workers: Count.optional(),
  idle_robots: Count.optional(),
  conveyor_utilization: z.number().min(0).max(1).optional(),
  zone_wip: z.record(z.string().max(100), Count).optional(),
});

/** For dashboards only: nothing of this file leads to the ledger (`test/architecture.test.ts`). */
export const capacity = intakeStream({
  schema: CapacityRecord,
  ops: (context, record, { partnerId }) => [recordOp(context, "capacity", record, partnerId)],
});
