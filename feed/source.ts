import type { Event } from "#contract/event";
import type { TelemetryBatch } from "#contract/messages";

/** One stored event, with where it stands and who wrote it. */
export interface StoredEvent {
  readonly position: number;
  readonly deviceId: string;
  readonly event: Event;
}

/** The stored data that all sinks read: the device's journal, or the events that the cloud has committed. */
export interface FeedSource {
  /** Events behind `position` by ascending position, at most `limit`; empty at the end. */
  read(position: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Calls `listener` when there is more to read; returns what ends it. */
  onMore(listener: () => void): () => void;
}

/** A stored block of telemetry, with where it stands and whose it is. */
export interface StoredTelemetry {
  readonly position: number;
  readonly deviceId: string;
  readonly batches: readonly TelemetryBatch[];
}

/** The stored telemetry that all sinks read. */
export interface TelemetrySource {
  /** Names what is stored; positions in another do not compare, as where a damaged database was replaced. */
  readonly id: string;
  /** Blocks behind `position` by ascending position, at most `limit`; empty at the end. */
  read(position: number, limit: number): Promise<readonly StoredTelemetry[]>;
  /** Calls `listener` when there is more to read; returns what ends it. */
  onMore(listener: () => void): () => void;
}

/** Something for people that the feed has to say about itself. */
export interface FeedNews {
  readonly kind: "notice" | "exception";
  readonly code: string;
  readonly severity: "LOW" | "MEDIUM" | "HIGH";
  readonly detail: string;
}

/**
 * Where sinks keep how far they have come. `save` resolves when value and news are durable, both or none: a record that was
 * rejected can't be passed over without being told of.
 */
export interface FeedKeeper {
  load(key: string): Promise<string | undefined>;
  save(key: string, value: string, news: readonly FeedNews[]): Promise<void>;
}
