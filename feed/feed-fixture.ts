import type { Event } from "#contract/event";
import type { FeedKeeper, FeedNews, FeedSource, StoredEvent } from "./source.ts";

/** Stored data and progress in memory, which outlive the sinks that use them. */
export interface FeedFixture {
  readonly source: FeedSource;
  readonly keeper: FeedKeeper;
  readonly news: readonly FeedNews[];
  readonly stored: readonly StoredEvent[];
  append(event: Pick<Event, "type" | "data"> & Partial<Event>): Event;
}

const START_MS = Date.UTC(2026, 0, 5, 8);

export function createFeedFixture(deviceId = "amr-07"): FeedFixture {
  const stored: StoredEvent[] = [];
  const values = new Map<string, string>();
  const news: FeedNews[] = [];
  const listeners = new Set<() => void>();
  return {
    stored,
    news,
    source: {
      read: async (position, limit) => stored.slice(position, position + limit),
      onMore: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    keeper: {
      load: async (key) => values.get(key),
      save: async (key, value, told) => {
        values.set(key, value);
        news.push(...told);
      },
    },
    append: (given) => {
      const seq = stored.length + 1;
      const at = new Date(START_MS + seq * 1000).toISOString();
      const event: Event = { seq, id: idOf(seq), at, monoMs: seq * 1000, clock: "synced", ...given };
      stored.push({ position: seq, deviceId, event });
      for (const listener of listeners) listener();
      return event;
    },
  };
}

function idOf(seq: number): string {
  return `01900000-0000-7000-8000-${seq.toString(16).padStart(12, "0")}`;
}
