import { describe, expect, it } from "vitest";
import { createMemoryLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { createUuidSource } from "#lib/uuid";
import type { PlannerAnswer } from "#contract/feed/answers";
import { totalsOf } from "#contract/feed/shift";
import { FaultyPlanner } from "./faulty-planner.ts";
import { movementData } from "#contract/feed/example-movement";
import { createFeedFixture, type FeedFixture } from "./feed-fixture.ts";
import { PlannerSink, startPlannerSink, type RunningSink } from "./planner-sink.ts";
import type { Poster } from "./caller.ts";

const SETTINGS = PlannerSink.parse({ name: "erp", url: "https://planner.example", warehouseId: "wh-1" });
const CONTRACT = "01900000-0000-7000-8000-00000000c0de";

async function start(clock: VirtualClock, feed: FeedFixture, post: Poster, settings = SETTINGS): Promise<RunningSink> {
  const rng = createRng("sink");
  const { log } = createMemoryLog(10);
  const { source, keeper } = feed;
  const totalsIn = async (): Promise<{ totals: ReturnType<typeof totalsOf>; position: number }> => ({
    totals: totalsOf([{ kind: "PICK", sku: "SKU-1", uom: "EA", qty: 4 }]),
    position: 7,
  });
  return startPlannerSink(settings, {
    clock,
    rng,
    log,
    source,
    keeper,
    post,
    uuid: createUuidSource(clock, rng),
    totalsIn,
  });
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Answers whatever is posted by `answer`, and keeps it. */
function scripted(answer: (path: string, items: readonly { correlation_id: string }[]) => PlannerAnswer): {
  readonly post: Poster;
  readonly calls: { readonly path: string; readonly ids: readonly string[] }[];
} {
  const calls: { path: string; ids: readonly string[] }[] = [];
  const post: Poster = async (path, body) => {
    const items = (Array.isArray(body) ? body : [body]) as { correlation_id: string }[];
    calls.push({ path, ids: items.map((item) => item.correlation_id) });
    return answer(path, items);
  };
  return { post, calls };
}

const accepted = (items: readonly { correlation_id: string }[]): PlannerAnswer => ({
  status: 200,
  body: { results: items.map(({ correlation_id }) => ({ correlation_id, status: 201 })) },
});

describe("a planner on a bad day", () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    "ends with a ledger equal to the journal, seed %i",
    async (seed) => {
      const clock = new VirtualClock();
      const rng = createRng(`feed/${seed}`);
      const planner = new FaultyPlanner(clock, rng.fork("planner"));
      const feed = createFeedFixture();
      let sink = await start(clock, feed, planner.post);
      const expected: string[] = [];
      const refused: string[] = [];
      for (let n = 1; n <= 400; n++) {
        const isUnknown = rng.chance(1, 20);
        const { data } = feed.append({ type: "movement", data: movementData(n, isUnknown ? "unknown" : "SKU-1") });
        (isUnknown ? refused : expected).push(String(data["correlation_id"]));
        feed.append({ type: "exception", data: { code: "blocked", severity: "LOW", detail: "a pallet" } });
        feed.append({ type: "stage.progress", data: { share: 0.5 } });
        if (rng.chance(1, 4)) await clock.advance(rng.integer(1, 5000), settle);
        if (rng.chance(1, 80)) {
          await sink[Symbol.asyncDispose]();
          sink = await start(clock, feed, planner.post);
        }
      }
      planner.faultsOfTen = 2;
      await clock.advance(3_600_000, settle);

      expect(planner.ledger.map((movement) => movement.correlation_id).sort()).toEqual(expected.sort());
      expect(planner.exceptions).toHaveLength(400);
      expect(planner.storms).toBe(0);
      const [movements] = sink.status().streams;
      expect(movements).toMatchObject({ rejected: refused.length, position: feed.stored.length });
      expect(movements!.deadLetters.map((letter) => letter.correlationId).sort()).toEqual(refused.sort());
      expect(feed.news.filter((news) => news.code === "feed_rejected")).toHaveLength(refused.length);
      await sink[Symbol.asyncDispose]();
    },
  );
});

describe("a sink", () => {
  it("packs what there is into batches of at most 200, each record with its own correlation id", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    for (let n = 1; n <= 450; n++) feed.append({ type: "movement", data: movementData(n) });
    const { post, calls } = scripted((_path, items) => accepted(items));
    await using _sink = await start(clock, feed, post);
    await clock.advance(1000, settle);
    expect(calls.map((call) => call.ids.length)).toEqual([200, 200, 50]);
    expect(new Set(calls.flatMap((call) => call.ids)).size).toBe(450);
  });

  it("dead-letters the record to blame when a whole batch is refused, and sends the rest", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    for (let n = 1; n <= 20; n++) feed.append({ type: "movement", data: movementData(n) });
    const culprit = String(feed.stored[12]!.event.data["correlation_id"]);
    const { post } = scripted((_path, items) =>
      items.some((item) => item.correlation_id === culprit)
        ? { status: 422, body: { title: "wrong", detail: "unknown location" } }
        : accepted(items),
    );
    await using sink = await start(clock, feed, post);
    await clock.advance(1000, settle);
    const [movements] = sink.status().streams;
    expect(movements).toMatchObject({ accepted: 19, rejected: 1 });
    expect(movements!.deadLetters).toMatchObject([{ correlationId: culprit, reason: "422: wrong: unknown location" }]);
    expect(feed.news).toMatchObject([{ kind: "exception", code: "feed_rejected" }]);
  });

  it.each([401, 403])("stops all streams at %i and raises it once", async (status) => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    feed.append({ type: "movement", data: movementData(1) });
    const { post, calls } = scripted(() => ({ status }));
    await using sink = await start(clock, feed, post);
    await clock.advance(1000, settle);
    feed.append({ type: "movement", data: movementData(2) });
    await clock.advance(86_400_000, settle);
    expect(calls).toHaveLength(1);
    expect(sink.status().state).toMatchObject({ kind: "stopped" });
    expect(feed.news).toMatchObject([{ kind: "exception", code: "feed_stopped", severity: "HIGH" }]);
  });

  it("switches an optional stream off at 404 with one notice; the required ones go on", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    const { post, calls } = scripted((path, items) =>
      path.endsWith("work-status") ? { status: 404 } : accepted(items),
    );
    await using sink = await start(clock, feed, post);
    for (let n = 1; n <= 5; n++) {
      feed.append({ type: "contract.accepted", contractId: CONTRACT, data: accepting() });
      feed.append({ type: "movement", data: movementData(n) });
      await clock.advance(5000, settle);
    }
    expect(calls.filter((call) => call.path.endsWith("work-status"))).toHaveLength(1);
    expect(feed.news).toMatchObject([{ kind: "notice", code: "feed_stream_off" }]);
    expect(sink.status().streams.map((stream) => [stream.accepted, stream.isOff])).toEqual([
      [5, false],
      [0, false],
      [0, true],
    ]);
  });

  it("keeps asking for a required stream that is missing, once a minute, and raises it once", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    feed.append({ type: "movement", data: movementData(1) });
    let isThere = false;
    const { post, calls } = scripted((_path, items) => (isThere ? accepted(items) : { status: 404 }));
    await using sink = await start(clock, feed, post);
    await clock.advance(600_000, settle);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.length).toBeLessThan(12);
    expect(feed.news).toMatchObject([{ kind: "exception", code: "feed_endpoint_missing" }]);
    isThere = true;
    await clock.advance(180_000, settle);
    expect(sink.status().streams[0]).toMatchObject({ accepted: 1 });
  });

  it("gives every sink a position of its own on the same data", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    for (let n = 1; n <= 3; n++) feed.append({ type: "movement", data: movementData(n) });
    const first = scripted((_path, items) => accepted(items));
    const second = scripted(() => ({ status: 503 }));
    await using one = await start(clock, feed, first.post);
    await using two = await start(clock, feed, second.post, { ...SETTINGS, name: "wms" });
    await clock.advance(2000, settle);
    expect([one.neededFrom(), two.neededFrom()]).toEqual([0, 0]);
    expect([one, two].map((sink) => sink.status().streams[0]!.position)).toEqual([3, 0]);
  });

  it("confirms every shift once under a key that survives a restart, also one that ended while nobody ran", async () => {
    const clock = new VirtualClock();
    const feed = createFeedFixture();
    const settings = PlannerSink.parse({
      ...SETTINGS,
      shift: { starts: ["06:00", "14:00", "22:00"], settleMinutes: 1 },
    });
    const summaries: Record<string, unknown>[] = [];
    let isUp = false;
    const post: Poster = async (path, body) => {
      if (!path.endsWith("shift-summary")) return accepted(body as { correlation_id: string }[]);
      summaries.push(body as Record<string, unknown>);
      return isUp ? { status: 201, body: { result: "RECONCILED" } } : { status: 503 };
    };
    const sink = await start(clock, feed, post, settings);
    await clock.advance(6.1 * 3_600_000, settle);
    await sink[Symbol.asyncDispose]();
    const before = summaries.length;
    expect(before).toBeGreaterThan(0);
    await clock.advance(9 * 3_600_000, settle);
    isUp = true;
    await using _again = await start(clock, feed, post, settings);
    await clock.advance(120_000, settle);
    expect(new Set(summaries.slice(0, before + 1).map((summary) => summary["correlation_id"])).size).toBe(1);
    expect(summaries.slice(before).map((summary) => [summary["window_start"], summary["window_end"]])).toEqual([
      ["2026-01-05T06:00:00.000Z", "2026-01-05T14:00:00.000Z"],
      ["2026-01-05T14:00:00.000Z", "2026-01-05T22:00:00.000Z"],
    ]);
  });
});

function accepting(): Record<string, unknown> {
  const lease = { durationSeconds: 600, windDownSeconds: 60 };
  const stages = [{ stageId: "s1", action: "pick" }];
  return { taskId: "task-1", stages, lease, session: "s", hash: "h", offline: "finish" };
}
