import { z } from "zod";
import type { Event } from "#contract/event";

/** The streams that partners post to (document 3). */
export const FeedKind = z.enum(["movements", "exceptions", "work-status", "capacity"]);
export type FeedKind = z.infer<typeof FeedKind>;

/** What a partner posted besides movements, as it was posted. */
export interface FeedRow {
  readonly kind: FeedKind;
  readonly partnerId: string;
  readonly correlationId: string;
  readonly warehouseId: string;
  readonly workId?: string;
  readonly recordedAt: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A confirmed window `[fromAt, toAt)`. */
export interface ShiftRow {
  readonly partnerId: string;
  readonly warehouseId: string;
  readonly fromAt: string;
  readonly toAt: string;
  readonly correlationId: string;
  readonly result: "RECONCILED" | "DISCREPANCY";
  readonly recordedAt: string;
  /** What was answered. */
  readonly verdict: Readonly<Record<string, unknown>>;
}

/** Which of what partners posted; `cursor` as an earlier page gave it. */
export interface FeedQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly kind?: FeedKind | undefined;
  readonly workId?: string | undefined;
}

/** An event in the order of its commit, over all devices. */
export interface CommittedEvent {
  readonly position: number;
  readonly deviceId: string;
  readonly event: Event;
}
