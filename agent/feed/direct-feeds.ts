import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { Share } from "#lib/units";
import { readEventData } from "#contract/event-data";
import { FEED_CODES } from "#contract/feed/exceptions";
import { totalsOf } from "#contract/feed/shift";
import type { Movement } from "#contract/movement";
import type { Poster } from "#feed/caller";
import { startPlannerSink, type PlannerSink, type RunningSink, type SinkStatus } from "#feed/planner-sink";
import type { TotalsIn } from "#feed/shift-loop";
import type { FeedKeeper, FeedNews, FeedSource, StoredEvent } from "#feed/source";
import type { NewEvent } from "../core/ports.ts";
import type { JournalPart } from "../journal/journal.ts";

export interface DirectFeedDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly uuid: () => string;
  readonly deviceId: string;
  readonly journal: JournalPart;
  /** How full the journal's budget is. */
  readonly journalShare: () => Share;
  /** How a planner is reached. */
  readonly post: (sink: PlannerSink) => Poster;
}

/** The planners that this device feeds itself, without the cloud. */
export interface DirectFeeds extends AsyncDisposable {
  status(): readonly SinkStatus[];
}

/** Past this the journal is needed for work: a planner that is away no longer keeps what the cloud has. */
const JOURNAL_SHARE_MAX = 0.5;
const READ_BYTES = 262_144;

/** Feeds every planner from this device's journal, which keeps what they still need while there is room. */
export async function startDirectFeeds(sinks: readonly PlannerSink[], deps: DirectFeedDeps): Promise<DirectFeeds> {
  const { clock, rng, log, uuid, journal, journalShare } = deps;
  const source = sourceOf(deps);
  const parts = { clock, rng, log, uuid, source, keeper: keeperOf(journal), totalsIn: journaledTotals(source) };
  await using stack = new AsyncDisposableStack();
  const running: RunningSink[] = [];
  for (const sink of sinks) running.push(stack.use(await startPlannerSink(sink, { ...parts, post: deps.post(sink) })));
  const neededFrom = (): number =>
    journalShare() > JOURNAL_SHARE_MAX ? Infinity : Math.min(...running.map((sink) => sink.neededFrom()));
  if (running.length > 0) stack.defer(journal.keepBehind(neededFrom));
  const started = stack.move();
  return {
    status: () => running.map((sink) => sink.status()),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Positions count on where a journal is numbered anew, so a sink never takes a new event for an old one. */
function sourceOf({ journal, deviceId, log }: DirectFeedDeps): FeedSource {
  return {
    async read(position, limit): Promise<readonly StoredEvent[]> {
      const offset = journal.offset();
      const { firstSeq, lastSeq } = journal.range();
      const wanted = position - offset + 1;
      const from = Math.max(wanted, firstSeq);
      if (from > lastSeq) return [];
      if (from > wanted && position > 0) await tellGap(journal, log, from - wanted);
      const slice = await journal.read(from, limit, READ_BYTES);
      return (slice?.events ?? []).map((event) => ({ position: event.seq + offset, deviceId, event }));
    },
    onMore: (listener) => journal.onAppended(listener),
  };
}

async function tellGap(journal: JournalPart, log: Log, events: number): Promise<void> {
  log.error({ events }, "events were forgotten before a planner had them");
  const detail = `${events} events were forgotten before a planner had them, to leave the journal room for work; the cloud has them`;
  await journal.append([{ type: "exception", data: { code: FEED_CODES.gap, severity: "HIGH", detail } }]);
}

/** What a feed has to say stands in the journal, in the same commit as its progress. */
function keeperOf(journal: JournalPart): FeedKeeper {
  return {
    load: async (key) => journal.meta(metaKey(key)),
    save: async (key, value, news) => {
      await journal.decide(() => ({
        events: news.map(eventOf),
        ops: () => [{ type: "set-meta", key: metaKey(key), value }],
      }));
    },
  };
}

function metaKey(key: string): `feed ${string}` {
  return `feed ${key.replace(/^feed /, "")}`;
}

function eventOf({ kind, code, severity, detail }: FeedNews): NewEvent {
  return kind === "exception"
    ? { type: "exception", data: { code, severity, detail } }
    : { type: "notice", data: { kind: code, text: detail } };
}

const PAGE = 200;

/** The device's ledger is its journal: the movements of a window, and where the first event behind it lies. */
function journaledTotals(source: FeedSource): TotalsIn {
  return async ({ fromMs, toMs }, position) => {
    const moved: Movement[] = [];
    let behind: number | undefined;
    let at = position;
    for (;;) {
      const page = await source.read(at, PAGE);
      for (const { event, position: here } of page) {
        if (behind === undefined && Date.parse(event.at) >= toMs) behind = here - 1;
        const movement = event.type === "movement" ? readEventData("movement", event.data) : undefined;
        const movedMs = movement && Date.parse(movement.occurred_at);
        if (movement && movedMs! >= fromMs && movedMs! < toMs) moved.push(movement);
        at = here;
      }
      if (page.length === 0) return { totals: totalsOf(moved), position: behind ?? at };
    }
  };
}
