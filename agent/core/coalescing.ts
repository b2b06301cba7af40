import { NEVER_COALESCED } from "#contract/event-data";
import type { NewEvent } from "./ports.ts";

const PER_WINDOW = 6;
const WINDOW_MS = 60_000;

/**
 * Keeps chatter out of the journal: of the events that belong to no contract, at most 6 a minute and type are written;
 * those beyond are merged into one with the newest `data` and a `count`, which is due when the minute allows it
 * (wire format, section 3.6).
 */
export interface Coalescing {
  /** Whether the event is to be written now; if not, it has been merged and comes back from `due`. */
  admit(event: NewEvent, nowMs: number): boolean;
  /** The merged events whose time has come; each is handed out once. */
  due(nowMs: number): readonly NewEvent[];
  /** When `due` next has something, or undefined while nothing is merged. */
  nextDueMs(): number | undefined;
  /** Every merged event, due or not: for the end of the program. */
  drain(): readonly NewEvent[];
}

interface TypeHistory {
  /** When the last events of the type were written, oldest first, at most as many as a window may hold. */
  writtenMs: number[];
  merged?: { readonly event: NewEvent; readonly count: number };
}

/** Starts with an empty history: what was written before a restart does not count. */
export function createCoalescing(): Coalescing {
  const histories = new Map<string, TypeHistory>();

  function historyOf(type: string): TypeHistory {
    const history = histories.get(type) ?? { writtenMs: [] };
    histories.set(type, history);
    return history;
  }
  function take(selects: (history: TypeHistory) => boolean): NewEvent[] {
    const taken: NewEvent[] = [];
    for (const history of histories.values()) {
      if (!history.merged || !selects(history)) continue;
      taken.push(withCount(history.merged.event, history.merged.count));
      delete history.merged;
    }
    return taken;
  }
  return {
    admit(event, nowMs) {
      if (event.contractId !== undefined || NEVER_COALESCED.has(event.type) || isOfPlan(event)) return true;
      const history = historyOf(event.type);
      if (!history.merged && freeAtMs(history) <= nowMs) {
        record(history, nowMs);
        return true;
      }
      history.merged = { event, count: (history.merged?.count ?? 0) + 1 };
      return false;
    },
    due(nowMs) {
      const events = take((history) => freeAtMs(history) <= nowMs);
      for (const event of events) record(historyOf(event.type), nowMs);
      return events;
    },
    nextDueMs() {
      const waiting = [...histories.values()].filter((history) => history.merged);
      return waiting.length === 0 ? undefined : Math.min(...waiting.map(freeAtMs));
    },
    drain: () => take(() => true),
  };
}

/** What a work plan does is told one by one: an intent that was merged would not be durable before its effect. */
function isOfPlan({ data }: NewEvent): boolean {
  return "workPlan" in data;
}

function freeAtMs(history: TypeHistory): number {
  const [oldest] = history.writtenMs;
  return oldest === undefined || history.writtenMs.length < PER_WINDOW ? -Infinity : oldest + WINDOW_MS;
}

function record(history: TypeHistory, nowMs: number): void {
  history.writtenMs = [...history.writtenMs, nowMs].slice(-PER_WINDOW);
}

function withCount(event: NewEvent, count: number): NewEvent {
  return count === 1 ? event : ({ ...event, data: { ...event.data, count } } as NewEvent);
}
