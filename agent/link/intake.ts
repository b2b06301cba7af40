import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { takeFrom, type Bucket, type RateLimit } from "#lib/rate-limit";
import { JWS_LENGTH_MAX } from "#contract/compact-jws";
import type { TopicName } from "#contract/topics";
import type { Journal } from "../core/ports.ts";

/** The topics that a device listens to. */
export const HEARD_TOPICS = ["contract", "command", "ack", "presence"] as const satisfies readonly TopicName[];
export type HeardTopic = (typeof HEARD_TOPICS)[number];

/** Characters that a message may have, and how many may come: several times what a cloud ever sends. */
const LIMITS: Readonly<Record<HeardTopic, RateLimit & { readonly length: number }>> = {
  contract: { length: JWS_LENGTH_MAX, perSecond: 10, burst: 50 },
  command: { length: 65_536, perSecond: 50, burst: 200 },
  ack: { length: 262_144, perSecond: 100, burst: 400 },
  presence: { length: 262_144, perSecond: 50, burst: 200 },
};
/** Refusals of documents that nobody proved to have signed are journaled and answered no faster: a flood must not fill the disk. */
const UNPROVEN: RateLimit = { perSecond: 0.1, burst: 20 };
/** How often at most the journal is told that messages are dropped. */
const REPORT_EVERY_MS = 600_000;

/** What is let in from the network, before anything is parsed. One for the life of the program, whatever connections it has. */
export interface Intake {
  /** Whether a message may be looked at; one that may not is counted and reported. */
  admits(name: HeardTopic, payload: string): boolean;
  /** Whether one more refusal of an unproven document may be journaled and answered. */
  admitsRefusal(): boolean;
}

export interface IntakeDeps {
  readonly journal: Pick<Journal, "append">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Begins with full allowances. */
export function createIntake({ journal, clock, log }: IntakeDeps): Intake {
  const buckets = new Map<RateLimit, Bucket>();
  const dropped = new Map<string, number>();
  let reportedMs = -Infinity;

  function take(limit: RateLimit): boolean {
    const { bucket, waitSeconds } = takeFrom(buckets.get(limit), limit, clock.nowMs());
    buckets.set(limit, bucket);
    return waitSeconds === 0;
  }
  function drop(why: string): false {
    dropped.set(why, (dropped.get(why) ?? 0) + 1);
    const nowMs = clock.nowMs();
    if (nowMs - reportedMs < REPORT_EVERY_MS) return false;
    reportedMs = nowMs;
    const causes = [...dropped].map(([cause, count]) => `${count} ${cause}`).join(", ");
    dropped.clear();
    const text = `messages from the broker are dropped unread: ${causes}; who may publish on this device's topics?`;
    log.warn({ causes }, "messages are dropped unread");
    journal
      .append([{ type: "notice", data: { kind: "messages-dropped", text } }])
      .catch((thrown: unknown) => log.warn({ err: thrown }, "notice of dropped messages is not stored"));
    return false;
  }
  return {
    admits(name, payload) {
      const limit = LIMITS[name];
      if (payload.length > limit.length) return drop(`too large on "${name}"`);
      return take(limit) || drop(`too many on "${name}"`);
    },
    admitsRefusal: () => take(UNPROVEN) || drop("not signed by a trusted key"),
  };
}
