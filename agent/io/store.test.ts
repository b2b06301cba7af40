import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "#lib/log";
import type { Event } from "#contract/event";
import { exampleContract } from "#contract/example";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice } from "#contract/reducer";
import type { JournalEntry, Store, StoreOp, StoredState } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { startWorkerStore } from "./worker-store.ts";

const BOOT = "boot-1";

/** Of the events without a text, by number: what chains are made of here. */
const hashes = [GENESIS_HASH];

function entry(seq: number, text = "", bootId = BOOT): JournalEntry {
  for (let next = hashes.length; next < seq; next++) hashes.push(entry(next).hash);
  const event: Event = {
    seq,
    id: "019b8ce6-1400-7000-8000-000000000001",
    at: "2026-01-05T08:00:00.000Z",
    monoMs: seq,
    clock: "synced",
    type: "notice",
    data: { kind: "test", text },
  };
  return { bootId, event, hash: chainHash(hashes[seq - 1]!, event, sha256Hex) };
}

const append = (seq: number, text = "", bootId = BOOT): StoreOp => ({
  type: "append",
  entry: entry(seq, text, bootId),
});

const reply = (inReplyTo: string, documentHash = inReplyTo): StoreOp => ({
  type: "put-reply",
  stored: { documentHash, reply: { v: 1, session: "s", inReplyTo, result: "done" } },
});

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  path = join(folder, "core.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const onFatal = (error: Error): never => {
  throw error;
};
const KINDS: readonly { name: string; open: () => Promise<Store> }[] = [
  { name: "inline store", open: async () => openSqliteStore({ path }) },
  { name: "worker store", open: () => startWorkerStore({ path, log: silentLog, onFatal }) },
];

describe.each(KINDS)("$name", ({ open }) => {
  test("is empty when new", async () => {
    await using store = await open();
    expect(await store.load()).toEqual({ meta: {}, lastSeq: 0, lastHash: GENESIS_HASH, ackedSeq: 0, contracts: [] });
    expect(await store.readJournal(1, 10, 1000)).toBeUndefined();
    expect(await store.readReplies("nothing")).toEqual([]);
  });

  test("finds everything again after it was closed and opened", async () => {
    const first = await open();
    const contract = exampleContract();
    const ops: StoreOp[] = [
      append(1),
      append(2, "two"),
      { type: "set-meta", key: "incarnation", value: "inc-1" },
      { type: "set-acked", seq: 1 },
      { type: "put-contract", jws: "a.b.c", contract },
      { type: "put-contract", jws: "a.b.d", contract: { ...contract, revision: 2 } },
      reply("c/1", "aa"),
      reply("c/1", "bb"),
    ];
    await first.commit(ops);
    await first[Symbol.asyncDispose]();

    await using second = await open();
    expect(await second.load()).toEqual({
      meta: { incarnation: "inc-1" },
      lastSeq: 2,
      lastHash: entry(2, "two").hash,
      ackedSeq: 1,
      contracts: [{ ...contract, revision: 2 }],
    });
    expect(await second.readReplies("c/1")).toMatchObject([{ documentHash: "bb" }, { documentHash: "aa" }]);
    const slice = await second.readJournal(2, 10, 1000);
    expect(slice).toEqual({ bootId: BOOT, prevHash: entry(1).hash, events: [entry(2, "two").event] });
  });

  test("reads slices that end at the limit, at the size, and where the boot changes", async () => {
    await using store = await open();
    const long = "x".repeat(500);
    await store.commit([1, 2, 3, 4].map((seq) => append(seq, long)));
    await store.commit([append(5, "", "boot-2")]);
    const lengths = async (from: number, limit: number, bytes: number): Promise<number | undefined> =>
      (await store.readJournal(from, limit, bytes))?.events.length;
    expect(await lengths(1, 3, 100_000)).toBe(3);
    expect(await lengths(1, 100, 1500)).toBe(2);
    expect(await lengths(1, 100, 1)).toBe(1);
    expect(await lengths(1, 100, 100_000)).toBe(4);
    expect((await store.readJournal(5, 100, 100_000))?.bootId).toBe("boot-2");
    expect((await store.readJournal(1, 1, 1))?.prevHash).toBe(GENESIS_HASH);
    expect(await store.readJournal(6, 1, 1)).toBeUndefined();
  });

  test("keeps how long actions take by action and place, those that were learned last", async () => {
    await using store = await open();
    const learned = (place: string, mean: number): StoreOp => ({
      type: "put-duration",
      duration: { action: "pick", place, count: 1, mean, variance: 0.5 },
    });
    await store.commit([learned("rack", 4), learned("shelf", 5)]);
    await store.commit([learned("rack", 6)]);
    const places = async (): Promise<string[]> => (await store.readDurations()).map(({ place }) => place);
    expect(await store.readDurations()).toContainEqual({
      action: "pick",
      place: "rack",
      count: 1,
      mean: 6,
      variance: 0.5,
    });
    expect((await places()).toSorted()).toEqual(["rack", "shelf"]);
    await store.commit(Array.from({ length: 999 }, (_, at) => learned(`place-${at}`, 1)));
    expect(await places()).toHaveLength(1000);
    expect(await places()).not.toContain("shelf");
    expect(await places()).toContain("rack");
  });

  test("prunes to a snapshot, after which the journal goes on", async () => {
    await using store = await open();
    const contract = exampleContract();
    const state = { ...emptyDevice("inc-1"), seq: 3 };
    await store.commit([append(1), append(2), append(3), { type: "put-contract", jws: "a.b.c", contract }]);
    await store.commit([{ type: "prune", snapshot: { state, hash: entry(3).hash }, contracts: [] }]);
    expect(await store.load()).toMatchObject({
      lastSeq: 3,
      lastHash: entry(3).hash,
      snapshot: { state },
      contracts: [],
    });
    await store.commit([append(4)]);
    expect(await store.readJournal(3, 10, 1000)).toBeUndefined();
    expect(await store.readJournal(4, 10, 1000)).toMatchObject({ prevHash: entry(3).hash });
  });

  test("renumbers the whole journal in one step", async () => {
    await using store = await open();
    await store.commit([append(1), append(2), append(3)]);
    const snapshot = { state: emptyDevice("inc-2"), hash: GENESIS_HASH };
    await store.commit([
      { type: "renumber", snapshot, entries: [entry(1, "was 3")] },
      { type: "set-acked", seq: 0 },
    ]);
    expect(await store.load()).toMatchObject({
      lastSeq: 1,
      ackedSeq: 0,
      snapshot: { state: { incarnation: "inc-2" } },
    });
    expect((await store.readJournal(1, 10, 1000))?.events).toEqual([entry(1, "was 3").event]);
  });

  test("keeps the newest thousand replies", async () => {
    await using store = await open();
    await store.commit(Array.from({ length: 1005 }, (_, at) => reply(`c/${at}`)));
    expect(await store.readReplies("c/4")).toHaveLength(0);
    expect(await store.readReplies("c/5")).toHaveLength(1);
  });

  test("rejects only the caller whose batch fails, and leaves nothing of that batch", async () => {
    await using store = await open();
    const contract = exampleContract();
    await store.commit([{ type: "put-contract", jws: "a.b.c", contract }]);
    const results = await Promise.allSettled([
      store.commit([append(1)]),
      store.commit([reply("lost"), { type: "put-contract", jws: "again", contract }]),
      store.commit([append(2)]),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { code: "store.failed" } });
    expect(await store.readReplies("lost")).toEqual([]);
    expect((await store.load()).lastSeq).toBe(2);
  });

  test.each([
    { what: "is JSON no more", from: `"xxxx`, to: " xxxx" },
    { what: "tells of something else", from: `"xxxx`, to: `"yxxx` },
    { what: "has another hash", from: entry(1, "x".repeat(50)).hash, to: entry(1).hash },
  ])("sets a file aside in which an event $what, though its pages fit together", async ({ from, to }) => {
    const before = await open();
    await before.commit([append(1, "x".repeat(50))]);
    await before[Symbol.asyncDispose]();
    const bytes = readFileSync(path);
    expect(bytes.lastIndexOf(from)).toBeGreaterThan(0);
    bytes.write(to, bytes.lastIndexOf(from));
    writeFileSync(path, bytes);
    await using store = await open();
    expect(await store.load()).toMatchObject({ lastSeq: 0, setAside: expect.stringMatching(/corrupt-/) as string });
  });

  test("sets a damaged file aside, says so, and starts empty", async () => {
    writeFileSync(path, "no database at all ".repeat(500));
    await using store = await open();
    const state = await store.load();
    expect(state.setAside).toMatch(/core\.db\.corrupt-/);
    expect(readFileSync(state.setAside!, "utf8")).toMatch(/^no database/);
    expect(state.lastSeq).toBe(0);
    await store.commit([append(1)]);
    expect(readdirSync(folder).filter((name) => name.includes("corrupt"))).toHaveLength(1);
  });

  test("says so at each start until a boot has told of it", async () => {
    writeFileSync(path, "no database at all ".repeat(500));
    const { setAside } = await loadOnce();
    expect((await loadOnce()).setAside).toBe(setAside);
    await using store = await open();
    await store.commit([{ type: "set-meta", key: "setAside", value: "" }]);
    expect(await store.load()).not.toHaveProperty("setAside");
  });

  test("sets aside what a program that died had begun to", async () => {
    writeFileSync(`${path}.damaged`, "no database at all");
    const { setAside } = await loadOnce();
    expect(setAside).toMatch(/core\.db\.corrupt-/);
    expect(readFileSync(setAside!, "utf8")).toBe("no database at all");
  });

  async function loadOnce(): Promise<StoredState> {
    await using store = await open();
    return store.load();
  }

  test("refuses to open in a folder that does not exist", async () => {
    path = join(folder, "missing", "core.db");
    await expect(open()).rejects.toMatchObject({ code: "store.failed" });
  });
});

test("the worker store answers calls in their order and refuses them once it is closed", async () => {
  const store = await startWorkerStore({ path, log: silentLog, onFatal });
  const commits = Array.from({ length: 300 }, (_, at) => store.commit([append(at + 1)]));
  const seen = store.load();
  await Promise.all(commits);
  expect((await seen).lastSeq).toBe(300);
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await expect(store.load()).rejects.toMatchObject({ code: "store.failed" });
});

test("a gap in the journal is a bug and is thrown as one", async () => {
  await using store = openSqliteStore({ path });
  await expect(store.commit([append(2)])).rejects.toThrow("the journal has no gap");
});

test("a storage worker that dies is told of at once, and what waits for it is refused", async () => {
  const { promise: told, resolve } = Promise.withResolvers<Error>();
  const store = await startWorkerStore({ path, log: silentLog, onFatal: resolve });
  const [dying, waiting] = [store.commit([append(2)]), store.load()];
  await expect(dying).rejects.toMatchObject({ code: "store.failed", message: "the storage worker died" });
  await expect(waiting).rejects.toMatchObject({ code: "store.failed" });
  expect(await told).toMatchObject({ code: "store.failed" });
});

test("commits from the worker are in its files at once", async () => {
  await using store = await startWorkerStore({ path, log: silentLog, onFatal });
  await store.commit([append(1)]);
  const copy = join(folder, "copy.db");
  for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, copy + suffix);
  const reader = new Database(copy);
  expect(reader.prepare("SELECT count(*) AS rows FROM journal").get()).toEqual({ rows: 1 });
  reader.close();
});

test("a second program on the same file is refused", async () => {
  await using first = await startWorkerStore({ path, log: silentLog, onFatal });
  await expect(startWorkerStore({ path, log: silentLog, onFatal })).rejects.toThrow(/in use by another program/);
  await first.commit([append(1)]);
});
