import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "#lib/log";
import { unpackBlock } from "#contract/io/block-codec";
import { seriesOf, type TimeBase } from "#contract/telemetry-block";
import type { Series } from "#contract/telemetry-columns";
import type { Recording, StoredBlock, TelemetryStore, Thinning } from "../telemetry/store.ts";
import { openSqliteStore, type DeviceStore } from "./sqlite-store.ts";
import { startWorkerStore } from "./worker-store.ts";

const BASE: TimeBase = { bootId: "boot-1", wallAtZeroMs: 1_767_600_000_000, clock: "synced" };
const SMALL = 20_000;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-telemetry-"));
  path = join(folder, "core.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = (backfill = 1_000_000) => ({
  path,
  telemetry: { newStore: "store-1", budgets: { backfill, logs: 20_000 }, retainMs: 3_600_000 },
});
const onFatal = (error: Error): never => {
  throw error;
};
const KINDS: readonly { name: string; open: (budget?: number) => Promise<DeviceStore> }[] = [
  { name: "inline", open: async (budget) => openSqliteStore(options(budget)) },
  { name: "worker", open: (budget) => startWorkerStore({ ...options(budget), log: silentLog, onFatal }) },
];

/** A second of a wandering speed, at 20 Hz. */
function second(at: number, base = BASE): Recording {
  const samples = Array.from({ length: 20 }, (_, step) => {
    const atMs = at * 1000 + step * 50;
    return { atMs, values: { linear: Math.sin(atMs / 700) + 0.05 * Math.sin(atMs * atMs), angular: 0 } };
  });
  const series = seriesOf("speed", { linear: 0.001, angular: 0.001 }, samples);
  return { lane: "backfill", base, content: { kind: "series", series: [series] } };
}

async function recordSeconds(store: TelemetryStore, from: number, to: number): Promise<Thinning[]> {
  const thinned: Thinning[] = [];
  for (let at = from; at < to; at++) thinned.push(...(await store.record([second(at)])));
  thinned.push(...(await store.record([], { close: true })));
  return thinned;
}

async function readAll(store: TelemetryStore, afterSeq = 0): Promise<StoredBlock[]> {
  const blocks: StoredBlock[] = [];
  for (let last = afterSeq; ; last = blocks.at(-1)!.seq) {
    const more = await store.read("backfill", last, 20_000);
    if (more.length === 0) return blocks;
    blocks.push(...more);
  }
}

function seriesIn(blocks: readonly StoredBlock[]): Series[] {
  return blocks.flatMap((block) => {
    const content = unpackBlock(block);
    return content.kind === "series" ? content.series : [];
  });
}

describe.each(KINDS)("telemetry, $name", ({ open }) => {
  test("is read back in blocks that follow one another, sample by sample", async () => {
    await using store = await open();
    await recordSeconds(store.telemetry!, 0, 90);
    const blocks = await readAll(store.telemetry!);
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.map(({ after }) => after)).toEqual([0, ...blocks.slice(0, -1).map(({ seq }) => seq)]);
    const times = seriesIn(blocks).flatMap(({ atMs }) => atMs);
    expect(times).toEqual(Array.from({ length: 90 * 20 }, (_, at) => at * 50));
  });

  test("shows a growing block only when it is complete", async () => {
    await using store = await open();
    await store.telemetry!.record([second(0)]);
    expect(await readAll(store.telemetry!)).toEqual([]);
    await store.telemetry!.record([], { close: true });
    expect(await readAll(store.telemetry!)).toHaveLength(1);
  });

  test("begins a new block with a new time base", async () => {
    await using store = await open();
    await store.telemetry!.record([second(0)]);
    await store.telemetry!.record([second(1, { ...BASE, clock: "unsynced" })]);
    await store.telemetry!.record([second(0, { ...BASE, bootId: "boot-2" })], { close: true });
    const bases = (await readAll(store.telemetry!)).map(({ base }) => `${base.bootId} ${base.clock}`);
    expect(bases).toEqual(["boot-1 synced", "boot-1 unsynced", "boot-2 synced"]);
  });

  test("survives an end without a close, numbers going on", async () => {
    const first = await open();
    await first.telemetry!.record([second(0)]);
    await first[Symbol.asyncDispose]();
    await using store = await open();
    await store.telemetry!.record([second(1)], { close: true });
    expect((await readAll(store.telemetry!)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect((await store.telemetry!.fill()).store).toBe("store-1");
  });

  test("thins a full lane evenly, says what it cost, and stays within its budget", async () => {
    await using store = await open(SMALL);
    const thinned = await recordSeconds(store.telemetry!, 0, 900);
    const fill = await store.telemetry!.fill();
    const lane = fill.lanes.find((entry) => entry.lane === "backfill")!;
    expect(lane.bytes).toBeLessThanOrEqual(SMALL);
    expect(thinned.map(({ reason }) => reason)).toContain("budget");
    expect(thinned.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(0);
    const series = seriesIn(await readAll(store.telemetry!));
    const counted = series.flatMap(({ atMs, columns }) => {
      return columns.find(({ name }) => name === "samples")?.ticks ?? atMs.map(() => 1);
    });
    expect(counted.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(900 * 20);
    const times = series.flatMap(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(880 * 1000);
  });

  test("gives up acknowledged blocks before it thins", async () => {
    await using store = await open(SMALL);
    const { telemetry } = store;
    for (let minute = 0; minute < 15; minute++) {
      const thinned = await recordSeconds(telemetry!, minute * 60, minute * 60 + 60);
      expect(thinned).toEqual([]);
      const { lastSeq } = (await telemetry!.fill()).lanes[0]!;
      await telemetry!.acknowledge("backfill", lastSeq);
    }
    expect((await telemetry!.fill()).lanes[0]).toMatchObject({ waiting: 0 });
  });

  test("keeps acknowledged blocks for readers, and then forgets them", async () => {
    await using store = await open();
    const { telemetry } = store;
    await recordSeconds(telemetry!, 0, 60);
    const [newest] = (await readAll(telemetry!)).toReversed();
    await telemetry!.acknowledge("backfill", newest!.seq);
    const wanted = {
      lane: "backfill",
      fromMs: BASE.wallAtZeroMs,
      toMs: BASE.wallAtZeroMs + 60_000,
      limit: 100,
    } as const;
    await telemetry!.record([second(100)]);
    expect((await telemetry!.history(wanted)).length).toBeGreaterThan(1);
    for (let at = 0; at < 20; at++) await telemetry!.record([second(8000 + at)]);
    expect(await telemetry!.history(wanted)).toEqual([]);
  });

  test("drops the oldest lines of a log that outgrows its lane", async () => {
    await using store = await open();
    const { telemetry } = store;
    let dropped = 0;
    for (let at = 0; at < 400; at++) {
      const message = Array.from({ length: 40 }, (_, word) => ((at * 31 + word * 17) % 997).toString(36)).join(" ");
      const lines = [{ atMs: at * 40_000, level: "warn", message, data: "{}" }];
      const thinned = await telemetry!.record([{ lane: "logs", base: BASE, content: { kind: "log", lines } }], {
        close: true,
      });
      dropped += thinned.reduce((sum, entry) => sum + entry.dropped, 0);
    }
    const [oldest] = await telemetry!.read("logs", 0, 1000);
    const content = unpackBlock(oldest!);
    expect(dropped).toBeGreaterThan(0);
    expect(content.kind === "log" && content.lines[0]!.atMs).toBe(dropped * 40_000);
  });
});

describe("damage to the telemetry", () => {
  test("of the file is set aside and told, and a new database begins", async () => {
    const first = openSqliteStore(options());
    await recordSeconds(first.telemetry!, 0, 5);
    await first[Symbol.asyncDispose]();
    writeFileSync(join(folder, "telemetry.db"), "not a database at all");
    await using store = openSqliteStore({ ...options(), telemetry: { ...options().telemetry, newStore: "store-2" } });
    const fill = await store.telemetry!.fill();
    expect(fill.store).toBe("store-2");
    expect(readdirSync(folder).some((name) => name.startsWith("telemetry.db.corrupt-"))).toBe(true);
    expect(fill.setAside).toContain("telemetry.db.corrupt-");
  });

  test("of one block costs that block and leaves a record", async () => {
    const first = openSqliteStore(options());
    await recordSeconds(first.telemetry!, 0, 90);
    await first[Symbol.asyncDispose]();
    const database = new Database(join(folder, "telemetry.db"));
    database.exec("UPDATE block SET body = zeroblob(length(body)) WHERE seq = 2");
    database.close();
    const store = openSqliteStore(options());
    expect((await readAll(store.telemetry!)).map(({ seq }) => seq)).not.toContain(2);
    await store[Symbol.asyncDispose]();
    const after = new Database(join(folder, "telemetry.db"));
    expect(after.prepare("SELECT reason FROM gap").pluck().all()).toEqual(["damaged"]);
    after.close();
  });
});
