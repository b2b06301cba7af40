import { describe, expect, it, onTestFinished } from "vitest";
import { movementData } from "#contract/feed/example-movement";
import { sha256Hex } from "#contract/io/node-crypto";
import type { Poster } from "#feed/caller";
import { PlannerSink } from "#feed/planner-sink";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startJournal, type JournalPart } from "../journal/journal.ts";
import { startDirectFeeds, type DirectFeeds } from "./direct-feeds.ts";

const SINK = PlannerSink.parse({
  name: "erp",
  url: "https://planner.example",
  warehouseId: "wh-1",
  shift: { starts: ["14:00"], settleMinutes: 1 },
});

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Rig {
  readonly clock: VirtualClock;
  readonly journal: JournalPart;
  readonly feeds: DirectFeeds;
  readonly posted: { readonly path: string; readonly body: unknown }[];
  readonly movements: () => readonly string[];
  answer: (path: string) => number;
  share: number;
  write(from: number, to: number): Promise<void>;
}

async function start(): Promise<Rig> {
  const clock = new VirtualClock();
  const store = openSqliteStore({ path: ":memory:" });
  const uuid = createUuidSource(clock, createRng("uuid"));
  const journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software: "test" });
  const posted: Rig["posted"] = [];
  const post: Poster = async (path, body) => {
    const status = rig.answer(path);
    if (status === 0) throw new AgentError("transport.unreachable", "no network");
    posted.push({ path, body });
    const items = (Array.isArray(body) ? body : [body]) as { correlation_id: string }[];
    return {
      status,
      body: { results: items.map(({ correlation_id }) => ({ correlation_id, status: status === 200 ? 201 : status })) },
    };
  };
  const deps = { clock, rng: createRng("feeds"), log: silentLog, uuid, deviceId: "amr-07", journal, post: () => post };
  const feeds = await startDirectFeeds([SINK], { ...deps, journalShare: () => rig.share });
  const rig: Rig = {
    clock,
    journal,
    feeds,
    posted,
    movements: () =>
      posted
        .filter(({ path }) => path.endsWith("/movements"))
        .flatMap(({ body }) => (body as { correlation_id: string }[]).map((record) => record.correlation_id)),
    answer: () => 200,
    share: 0,
    async write(from, to) {
      for (let n = from; n <= to; n++) {
        const contractId = "01900000-0000-7000-8000-0000000000c1";
        await journal.append([{ type: "movement", contractId, data: movementData(n) }]);
      }
    },
  };
  onTestFinished(async () => {
    await feeds[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  return rig;
}

const keys = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => movementData(from + at).correlation_id);

describe("a device that feeds a planner itself", () => {
  it("keeps events that the cloud has until the planner has them", async () => {
    const rig = await start();
    rig.answer = () => 0;
    await rig.write(1, 600);
    await rig.journal.acknowledge(rig.journal.range().lastSeq);
    expect(rig.journal.range().firstSeq).toBe(1);
    rig.answer = () => 200;
    await rig.clock.advance(600_000, settle);
    expect(rig.movements()).toEqual(keys(1, 600));
  });

  it("lets them go when the journal fills, and says that a planner missed them", async () => {
    const rig = await start();
    await rig.write(1, 1);
    await rig.clock.advance(1000, settle);
    rig.answer = () => 0;
    await rig.write(2, 600);
    rig.share = 0.6;
    await rig.journal.acknowledge(rig.journal.range().lastSeq);
    expect(rig.journal.range().firstSeq).toBeGreaterThan(600);
    await rig.write(601, 601);
    rig.answer = () => 200;
    await rig.clock.advance(600_000, settle);
    const told = (await rig.journal.read(rig.journal.range().firstSeq, 100, 100_000))!.events;
    expect(told.filter((event) => event.data["code"] === "feed_gap").length).toBeGreaterThan(0);
    expect(rig.movements().at(-1)).toBe(keys(601, 601)[0]);
  });

  it("goes on where it was when the journal is numbered anew, neither twice nor with a gap", async () => {
    const rig = await start();
    await rig.write(1, 20);
    await rig.clock.advance(1000, settle);
    await rig.journal.acknowledge(10);
    await rig.journal.fork();
    await rig.write(21, 40);
    await rig.clock.advance(10_000, settle);
    expect(rig.movements()).toEqual(keys(1, 40));
  });

  it("journals what the planner refuses, for the cloud's supervisors", async () => {
    const rig = await start();
    rig.answer = () => 422;
    await rig.write(1, 2);
    await rig.clock.advance(1000, settle);
    const { events } = (await rig.journal.read(1, 100, 100_000))!;
    expect(events.filter((event) => event.data["code"] === "feed_rejected")).toHaveLength(2);
    expect(rig.feeds.status()[0]!.streams[0]).toMatchObject({ rejected: 2 });
  });

  it("confirms the shift from its journal, the window's start included, its end not", async () => {
    const rig = await start();
    await rig.write(0, 4);
    await rig.clock.advance(6.1 * 3_600_000, settle);
    const summaries = rig.posted.filter(({ path }) => path.endsWith("shift-summary"));
    expect(summaries.map(({ body }) => body)).toMatchObject([
      {
        warehouse_id: "wh-1",
        window_end: "2026-01-05T14:00:00.000Z",
        totals: [{ kind: "PICK", sku: "SKU-1", qty: 5 }],
      },
    ]);
  });
});
