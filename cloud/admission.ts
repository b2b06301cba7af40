import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { takeFrom, type Bucket, type RateLimit } from "#lib/rate-limit";
import { Name } from "#contract/identifiers";
import type { TopicName } from "#contract/topics";

/** The topics that the cloud listens to. */
export const HEARD_TOPICS = [
  "presence",
  "reply",
  "journal",
  "telemetry",
  "replan-request",
] as const satisfies readonly TopicName[];
export type HeardTopic = (typeof HEARD_TOPICS)[number];

/**
 * Characters that a message may have, and how many may come from one device: several times what one ever sends. Batches of the
 * journal have 64 kB, blocks of telemetry 400 kB of text at most; both come as fast as the link carries when a backlog drains.
 */
const LIMITS: Readonly<Record<HeardTopic, RateLimit & { readonly length: number }>> = {
  presence: { length: 65_536, perSecond: 100, burst: 500 },
  reply: { length: 262_144, perSecond: 50, burst: 400 },
  journal: { length: 2_000_000, perSecond: 1000, burst: 5000 },
  telemetry: { length: 2_000_000, perSecond: 1000, burst: 5000 },
  "replan-request": { length: 1_000_000, perSecond: 5, burst: 50 },
};
/** How often at most the log tells what was dropped. */
const REPORT_EVERY_MS = 10_000;
/** A bucket that nobody took from for so long is full again. */
const REFILLED_MS = 20_000;
const BUCKETS_MAX = 50_000;

/** What is let in from the broker, before anything is parsed. */
export interface Admission {
  /** Whether a message may be looked at; one that may not is counted and reported. */
  admits(deviceId: string, name: HeardTopic, payload: string): boolean;
  /** Counts a message that was looked at and is none. */
  refuse(deviceId: string, why: string): void;
}

/** Begins with full allowances, one for each device and topic. */
export function createAdmission({ clock, log }: { readonly clock: Clock; readonly log: Log }): Admission {
  const buckets = new Map<string, Bucket>();
  const dropped = new Map<string, { count: number; readonly deviceId: string }>();
  let reportedMs = -Infinity;

  function take(key: string, limit: RateLimit): boolean {
    const nowMs = clock.nowMs();
    if (buckets.size >= BUCKETS_MAX && !buckets.has(key)) forgetFull(nowMs);
    const { bucket, waitSeconds } = takeFrom(buckets.get(key), limit, nowMs);
    buckets.set(key, bucket);
    return waitSeconds === 0;
  }
  /** Where all are in use, all begin anew: a flood under countless names is bounded by what the broker lets in. */
  function forgetFull(nowMs: number): void {
    for (const [key, { atMs }] of buckets) if (nowMs - atMs > REFILLED_MS) buckets.delete(key);
    if (buckets.size >= BUCKETS_MAX) buckets.clear();
  }
  function refuse(deviceId: string, why: string): void {
    const entry = dropped.get(why) ?? { count: 0, deviceId: deviceId.slice(0, 64) };
    entry.count++;
    dropped.set(why, entry);
    const nowMs = clock.nowMs();
    if (nowMs - reportedMs < REPORT_EVERY_MS) return;
    reportedMs = nowMs;
    const causes = [...dropped].map(([cause, { count, deviceId: first }]) => `${count} ${cause}, first of ${first}`);
    dropped.clear();
    log.warn({ causes }, "messages are dropped unread");
  }
  return {
    admits(deviceId, name, payload) {
      if (!Name.safeParse(deviceId).success) return drop(deviceId, "of devices whose names are none");
      const limit = LIMITS[name];
      if (payload.length > limit.length) return drop(deviceId, `too large on "${name}"`);
      return take(`${deviceId} ${name}`, limit) || drop(deviceId, `too many on "${name}"`);
    },
    refuse,
  };

  function drop(deviceId: string, why: string): false {
    refuse(deviceId, why);
    return false;
  }
}
