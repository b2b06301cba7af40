import { z } from "zod";
import type { Severity } from "../contract.ts";
import { DocumentRef } from "../movement.ts";
import { Actor, CorrelationId, OccurredAt, WarehouseId } from "./fields.ts";

/** Severity of an exception in the planner's notification model. */
export const FeedSeverity = z.enum(["LOW", "MEDIUM", "HIGH", "URGENT"]);
export type FeedSeverity = z.infer<typeof FeedSeverity>;

/** Document 4's five severities (§6.5) in the planner's four: what work continues after, nobody has to be woken for. */
export const FEED_SEVERITY: Readonly<Record<Severity, FeedSeverity>> = {
  trivial: "LOW",
  minor: "LOW",
  moderate: "MEDIUM",
  major: "HIGH",
  critical: "URGENT",
};

/** Document 3's seven causes in its order, then the two that a robot adds. */
export const EXCEPTION_CAUSES = {
  SHORT_PICK: "fewer pieces were there than asked for",
  DAMAGED_PRODUCT: "the goods are damaged",
  WRONG_SKU: "other goods lay there than expected",
  ROBOT_STUCK: "the robot does not get on",
  WORKER_UNAVAILABLE: "a person who was needed did not come",
  DEVICE_FAULT: "a part of the robot, or a tool, is out of order",
  SUBSYSTEM_OFFLINE: "a part of the installation cannot be reached",
  SAFETY_STOP: "the robot stands because of its safety gate, a constraint or an emergency stop",
  ASSUMPTION_DRIFT: "what the contract took for granted does not hold any more",
} as const;
export type ExceptionCause = keyof typeof EXCEPTION_CAUSES;

/** The cause behind each code of a failed stage or of an `exception` event; one that stands here nowhere is sent as itself. */
export const CAUSE_OF_CODE: Readonly<Record<string, ExceptionCause>> = {
  short_pick: "SHORT_PICK",
  damaged: "DAMAGED_PRODUCT",
  damaged_product: "DAMAGED_PRODUCT",
  scan_mismatch: "WRONG_SKU",
  wrong_sku: "WRONG_SKU",
  load_unexpected: "WRONG_SKU",
  blocked: "ROBOT_STUCK",
  goal_occupied: "ROBOT_STUCK",
  no_route: "ROBOT_STUCK",
  pose_implausible: "ROBOT_STUCK",
  slipped: "ROBOT_STUCK",
  stalled: "ROBOT_STUCK",
  start_in_obstacle: "ROBOT_STUCK",
  blocked_by_keepout: "ROBOT_STUCK",
  robot_stuck: "ROBOT_STUCK",
  worker_unavailable: "WORKER_UNAVAILABLE",
  no_confirmation: "WORKER_UNAVAILABLE",
  driver_down: "DEVICE_FAULT",
  driver_failed: "DEVICE_FAULT",
  driver_timeout: "DEVICE_FAULT",
  tool_down: "DEVICE_FAULT",
  tool_gone: "DEVICE_FAULT",
  tool_missing: "DEVICE_FAULT",
  store_corrupt: "DEVICE_FAULT",
  device_fault: "DEVICE_FAULT",
  link_down: "SUBSYSTEM_OFFLINE",
  subsystem_offline: "SUBSYSTEM_OFFLINE",
  zone_forbidden: "SAFETY_STOP",
  speed_exceeded: "SAFETY_STOP",
  assumption_drifted: "ASSUMPTION_DRIFT",
};

/** Said by the feed about itself: for our own supervisors, and telling the planner would go round in circles. */
export const FEED_CODES = {
  rejected: "feed_rejected",
  stopped: "feed_stopped",
  missing: "feed_endpoint_missing",
  gap: "feed_gap",
  refused: "feed_refused",
} as const;
const OWN_CODES: ReadonlySet<string> = new Set(Object.values(FEED_CODES));

/** The code under which a failure goes out, or undefined for what the feed says about itself. */
export function codeSent(code: string): string | undefined {
  if (OWN_CODES.has(code)) return undefined;
  // What follows a colon names the thing that is to blame.
  const [kind = code] = code.toLowerCase().split(":");
  const known = Object.hasOwn(CAUSE_OF_CODE, kind) ? CAUSE_OF_CODE[kind] : undefined;
  return known ?? code.toUpperCase();
}

/** An exception as it is posted. */
export const ExceptionRecord = z.looseObject({
  correlation_id: CorrelationId,
  warehouse_id: WarehouseId,
  code: z.string().min(1).max(64),
  severity: FeedSeverity,
  detail: z.string().max(4000),
  occurred_at: OccurredAt,
  actor: Actor,
  work_id: z.string().max(100).optional(),
  document_ref: DocumentRef.optional(),
});
export type ExceptionRecord = z.infer<typeof ExceptionRecord>;
