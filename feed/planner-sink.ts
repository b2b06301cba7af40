import { z } from "zod";
import type { Clock } from "#lib/clock";
import { messageOf } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { STREAM_NAMES } from "#contract/feed/streams";
import type { Poster, SinkState } from "./caller.ts";
import { Pause } from "./pause.ts";
import { ShiftLoop, type TotalsIn } from "./shift-loop.ts";
import { ShiftPlan } from "./shifts.ts";
import type { FeedKeeper, FeedNews, FeedSource } from "./source.ts";
import { StreamLoop, type StreamStatus } from "./stream-loop.ts";

/** A planner that is fed, as configuration files name it. */
export const PlannerSink = z.strictObject({
  name: z
    .string()
    .regex(/^[\w-]{1,40}$/)
    .meta({ description: "under which its progress is kept" }),
  url: z.url({ protocol: /^https?$/ }).meta({ description: "without /wes/v1" }),
  warehouseId: z.string().min(1).max(64),
  tls: z
    .strictObject({
      cert: z.string().min(1).meta({ description: "client certificate, PEM" }),
      key: z.string().min(1),
      ca: z.string().min(1).optional().meta({ description: "who has signed the planner's certificate" }),
    })
    .optional()
    .meta({ description: "files; in production planners know us by this certificate" }),
  apiKey: z.string().min(1).max(500).optional().meta({ description: "development and test only" }),
  lingerMs: z.number().int().min(0).max(5000).default(200).meta({
    unit: "ms",
    description: "how long fewer than ten records wait for company",
  }),
  shift: ShiftPlan.optional(),
});
export type PlannerSink = z.infer<typeof PlannerSink>;

export interface SinkDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly source: FeedSource;
  readonly keeper: FeedKeeper;
  readonly post: Poster;
  readonly uuid: () => string;
  /** What was moved in a window; without it, no shift is confirmed. */
  readonly totalsIn?: TotalsIn;
}

export interface SinkStatus {
  readonly name: string;
  readonly state: SinkState;
  readonly streams: readonly StreamStatus[];
}

/** A running sink. Disposing of it ends what waits; a call under way is not waited for longer than it takes. */
export interface RunningSink extends AsyncDisposable {
  status(): SinkStatus;
  /** The position behind which stored events are still needed. */
  neededFrom(): number;
}

/** However wrong the wall clock is after a start. */
const QUIET_MS_MAX = 3_600_000;

/** Starts the streams of a sink side by side: each has a position of its own, all share the planner's patience. */
export async function startPlannerSink(settings: PlannerSink, deps: SinkDeps): Promise<RunningSink> {
  const { name, warehouseId, lingerMs, shift } = settings;
  const { clock, source, keeper, post, totalsIn, uuid } = deps;
  const log = deps.log.child({ sink: name });
  const ending = new AbortController();
  let state: SinkState = { kind: "running" };
  const stop = (reason: string): void => {
    state = { kind: "stopped", reason };
    log.error({ reason }, "feed stopped");
    ending.abort(reason);
  };
  const put = async (key: string, value: string, news: readonly FeedNews[]): Promise<void> => {
    await keeper.save(`feed ${name} ${key}`, value, news).catch((thrown: unknown) => {
      log.error({ reason: messageOf(thrown), key, value }, "feed could not store what it learned");
    });
  };
  const tell = async (news: FeedNews): Promise<void> => {
    log.warn({ ...news }, "feed has news");
    await put("news", news.code, [news]);
  };
  const keepQuiet = (untilMs: number): Promise<void> => put("quiet", String(untilMs), []);
  const pause = new Pause(deps.rng.fork(`feed/${name}`));
  const quietMs = Number((await keeper.load(`feed ${name} quiet`)) ?? 0) - clock.wallMs();
  if (quietMs > 0) pause.putOff(clock.nowMs(), Math.min(quietMs, QUIET_MS_MAX));
  const shared = {
    clock,
    log,
    post,
    pause,
    ended: ending.signal,
    stop,
    tell,
    keepQuiet,
    source,
    keeper,
    warehouseId,
    lingerMs,
  };
  const streams = await Promise.all(
    STREAM_NAMES.map((stream) => StreamLoop.load(stream, { ...shared, key: `feed ${name} ${stream}` })),
  );
  const drained = (): boolean => streams.every((loop) => loop.stream !== "movements" || loop.isDrained());
  const summing = { ...shared, key: `feed ${name} shift`, uuid, drained };
  const confirming = shift && totalsIn ? [await ShiftLoop.load(shift, { ...summing, totalsIn })] : [];
  const runs = [...streams, ...confirming].map((loop) => loop.run());
  return {
    status: () => ({ name, state, streams: streams.map((loop) => loop.status()) }),
    neededFrom: () => Math.min(...[...streams, ...confirming].flatMap((loop) => loop.neededFrom() ?? [])),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await Promise.all(runs);
    },
  };
}
