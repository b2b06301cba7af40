import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { timestamp } from "#lib/clock";
import { totalsOf } from "#contract/feed/shift";
import type { Poster } from "#feed/caller";
import { startPlannerSink, type PlannerSink, type RunningSink, type SinkStatus } from "#feed/planner-sink";
import type { TotalsIn } from "#feed/shift-loop";
import type { FeedKeeper, FeedNews, FeedSource } from "#feed/source";
import { logOp } from "./context.ts";
import { raise } from "./exceptions.ts";
import type { StoreOp } from "./io/store-ops.ts";
import type { CloudStore } from "./io/store.ts";

export interface FeedDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly store: CloudStore;
  /** Partner under whom the fleet's own movements stand in the ledger. */
  readonly partnerId: string;
  /** Its warehouse there, whatever a planner calls it. */
  readonly warehouseId: string;
  /** How a planner is reached. */
  readonly post: (sink: PlannerSink) => Poster;
}

/** The feeds that this cloud sends, each from its own position in the same committed events. */
export interface Feeds extends AsyncDisposable {
  status(): readonly SinkStatus[];
}

/** Feeds every planner with what the devices of this cloud have journaled. */
export async function startFeeds(sinks: readonly PlannerSink[], deps: FeedDeps): Promise<Feeds> {
  const { clock, log, store } = deps;
  const rng = deps.rng.fork("feeds");
  const uuid = createUuidSource(clock, rng.fork("uuid"));
  const parts = { clock, rng, log, uuid, source: sourceOf(store), keeper: keeperOf(clock, store) };
  await using stack = new AsyncDisposableStack();
  const running: RunningSink[] = [];
  for (const sink of sinks) {
    const totalsIn = ledgerTotals(store, deps.partnerId, deps.warehouseId);
    running.push(stack.use(await startPlannerSink(sink, { ...parts, post: deps.post(sink), totalsIn })));
  }
  const started = stack.move();
  return {
    status: () => running.map((sink) => sink.status()),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function sourceOf(store: CloudStore): FeedSource {
  return {
    read: (position, limit) => store.eventsAfter(position, limit),
    onMore: (listener) => store.onEvents(listener),
  };
}

/** Keeps progress in the cloud's store. What a feed has to say stands in the supervisor's queue, in the same commit as its progress. */
export function keeperOf(clock: Clock, store: CloudStore): FeedKeeper {
  return {
    load: (key) => store.meta(key),
    save: async (key, value, news) => {
      await store.commit([{ op: "put-meta", key, value }, ...news.flatMap((entry) => newsOps(clock, entry))]);
    },
  };
}

function newsOps(clock: Clock, { kind, code, severity, detail }: FeedNews): readonly StoreOp[] {
  if (kind === "exception") return raise({ clock }, { code, severity, detail });
  return [logOp({ clock }, { type: "feed", data: { code, detail } })];
}

/** Nothing of the ledger is ever forgotten, so the position is of no interest. */
function ledgerTotals(store: CloudStore, partnerId: string, warehouseId: string): TotalsIn {
  return async ({ fromMs, toMs }, position) => {
    const moved = await store.movementsIn(partnerId, warehouseId, timestamp(fromMs), timestamp(toMs));
    return { totals: totalsOf(moved), position };
  };
}
