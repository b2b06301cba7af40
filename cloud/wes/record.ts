import type { Clock } from "#lib/clock";
import { nowText } from "../context.ts";
import type { FeedKind } from "../io/feed-rows.ts";
import type { StoreOp } from "../io/store-ops.ts";
import { present } from "../present.ts";
import type { FeedEnvelope } from "./stream.ts";

/** Keeps a record as it was posted, under its partner's key. */
export function recordOp(
  context: { readonly clock: Clock },
  kind: FeedKind,
  record: FeedEnvelope,
  partnerId: string,
  workId?: string,
): StoreOp {
  const { correlation_id: correlationId, warehouse_id: warehouseId } = record;
  const body: Readonly<Record<string, unknown>> = { ...record };
  const row = {
    kind,
    partnerId,
    correlationId,
    warehouseId,
    recordedAt: nowText(context),
    body,
    ...present({ workId }),
  };
  return { op: "insert-feed-record", row };
}
