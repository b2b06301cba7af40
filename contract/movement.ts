import { z } from "zod";
import { Timestamp } from "./identifiers.ts";

/** Kinds of inventory movement, in the order of document 3's table. */
export const MovementKind = z.enum(["PICK", "PUT", "MOVE", "ADJUST", "CONSUME", "PRODUCE", "RECEIVE", "SHIP"]);
export type MovementKind = z.infer<typeof MovementKind>;

const DOCUMENT_TYPES = [
  "PR",
  "PO",
  "SO",
  "RECEIVER",
  "SHIPPER",
  "WORKORDER",
  "TRANSFER_ORDER",
  "VASORDER",
  "REFURBISH_ORDER",
  "CYCLE_COUNT",
  "OTHER",
] as const;

/** The planner's document that work belongs to; echoed exactly as dispatched. */
export const DocumentRef = z.strictObject({
  type: z.enum(DOCUMENT_TYPES),
  id: z.string().min(1).max(100),
  line_no: z.number().int().min(0).optional(),
});
export type DocumentRef = z.infer<typeof DocumentRef>;

/**
 * An inventory movement in the field names of the planner's feed (document 3). The cloud adds `warehouse_id`; the device
 * fixes `correlation_id` when it writes the event, so every later copy is recognised as the same movement.
 */
export const Movement = z.looseObject({
  correlation_id: z.uuid(),
  kind: MovementKind,
  sku: z.string().min(1).max(100),
  qty: z.number(),
  uom: z.string().min(1).max(20),
  from_location: z.string().max(100).optional(),
  to_location: z.string().max(100).optional(),
  lot: z.string().max(100).optional(),
  serial: z.string().max(100).optional(),
  document_ref: DocumentRef.optional(),
  occurred_at: Timestamp,
  actor: z.looseObject({ kind: z.string(), id: z.string() }),
});
export type Movement = z.infer<typeof Movement>;
