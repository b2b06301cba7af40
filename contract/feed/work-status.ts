import { z } from "zod";
import { DocumentRef } from "../movement.ts";
import { Actor, CorrelationId, OccurredAt, WarehouseId } from "./fields.ts";

/** A task's lifecycle in the planner's words. */
export const WorkStatus = z.enum(["ASSIGNED", "IN_PROGRESS", "PAUSED", "COMPLETED", "CANCELLED", "FAILED"]);
export type WorkStatus = z.infer<typeof WorkStatus>;

/** What each event of a contract makes of its task; `contract.resumed` counts when no hold is left. */
export const STATUS_OF_CONTRACT_EVENT: Readonly<Record<string, WorkStatus>> = {
  "contract.accepted": "ASSIGNED",
  "contract.started": "IN_PROGRESS",
  "contract.held": "PAUSED",
  "contract.resumed": "IN_PROGRESS",
  "contract.completed": "COMPLETED",
  "contract.cancelled": "CANCELLED",
  "contract.revoked": "CANCELLED",
  "contract.released": "CANCELLED",
  "contract.failed": "FAILED",
  "contract.aborted": "FAILED",
  "contract.expired": "FAILED",
};

/** What each event of a stage makes of that step. A failed attempt is an exception: what it comes to, the next event says. */
export const STATUS_OF_STAGE_EVENT: Readonly<Record<string, WorkStatus>> = {
  "stage.started": "IN_PROGRESS",
  "stage.completed": "COMPLETED",
  "stage.skipped": "CANCELLED",
};

/** A transition as it is posted; without `stage` it is the whole task's. */
export const WorkStatusRecord = z.looseObject({
  correlation_id: CorrelationId,
  warehouse_id: WarehouseId,
  work_id: z.string().min(1).max(100),
  status: WorkStatus,
  occurred_at: OccurredAt,
  actor: Actor,
  stage: z.looseObject({ id: z.string().min(1).max(64), action: z.string().max(64).optional() }).optional(),
  document_ref: DocumentRef.optional(),
  reason: z.string().max(4000).optional(),
});
export type WorkStatusRecord = z.infer<typeof WorkStatusRecord>;
