import { z } from "zod";
import { Name, Timestamp, Uuid7 } from "./identifiers.ts";

/**
 * One entry of a device's journal (`docs/events.md` lists the types). `seq` has no gaps per device and incarnation;
 * `monoMs` counts from the kernel boot that the batch names. Parsed loosely: unknown types and keys are stored, hashed and
 * passed on as received.
 */
export const Event = z.looseObject({
  seq: z.number().int().min(1),
  id: Uuid7,
  at: Timestamp,
  monoMs: z.number().int().min(0).meta({ unit: "ms" }),
  clock: z.enum(["synced", "unsynced"]),
  type: z.string().min(1).max(64),
  contractId: Uuid7.optional(),
  revision: z.number().int().min(1).optional(),
  epoch: z.number().int().min(1).optional(),
  stageId: Name.optional(),
  data: z.looseObject({}),
});
export type Event = z.infer<typeof Event>;

/** Why a contract is refused; the same word in `contract.rejected`, `reply` and the problem's `type`. */
export const RejectReason = z.enum([
  "bad_signature",
  "unknown_key",
  "wrong_device",
  "expired",
  "stale_epoch",
  "stale_session",
  "out_of_scope",
  "unsupported",
  "invalid",
  "infeasible",
  "busy",
]);
export type RejectReason = z.infer<typeof RejectReason>;

/** One thing that is wrong with a document: where (RFC 6901), what, and what would be right. */
export const Problem = z.object({
  path: z.string(),
  message: z.string(),
  value: z.json().optional(),
  expected: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

/** Who keeps the robot from moving; each owner clears only its own hold. */
export const HoldOwner = z.enum(["cloud", "console", "policy", "constraint", "safety"]);
export type HoldOwner = z.infer<typeof HoldOwner>;
