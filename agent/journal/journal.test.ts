import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentError } from "#lib/errors";
import { createMemoryLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import type { Event } from "#contract/event";
import { exampleContract } from "#contract/example";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice, foldEvents } from "#contract/reducer";
import type { DraftEvent } from "../core/draft.ts";
import type { NewEvent } from "../core/ports.ts";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startJournal, type JournalPart } from "./journal.ts";
import type { Store } from "../store.ts";

let folder: string;
let path: string;
let clock: VirtualClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-journal-"));
  path = join(folder, "core.db");
  clock = new VirtualClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(store: Store, at: VirtualClock = clock): Promise<JournalPart> {
  const { log } = createMemoryLog();
  const uuid = createUuidSource(at, createRng(`journal-${at.bootId}-${at.nowMs()}`));
  return startJournal({ store, clock: at, uuid, sha256: sha256Hex, log, software: "holdfast/test" });
}

const contract = exampleContract();
const { contractId } = contract;
const notice = (text: string, of: object = { contractId }): NewEvent => ({
  type: "notice",
  ...of,
  data: { kind: "test", text },
});
const accepted: DraftEvent = {
  type: "contract.accepted",
  contractId,
  revision: 1,
  epoch: 4,
  data: {
    taskId: contract.taskId,
    stages: contract.stages.map(({ stageId, action }) => ({ stageId, action })),
    lease: contract.lease,
    session: contract.session,
    hash: "00",
    offline: "finish",
  },
};

function accept(journal: JournalPart): Promise<readonly Event[]> {
  return journal.decide(() => ({
    events: [accepted],
    ops: () => [{ type: "put-contract", jws: "a.b.c", contract }],
  }));
}

async function readAll(journal: JournalPart): Promise<readonly Event[]> {
  const events: Event[] = [];
  const { firstSeq, lastSeq } = journal.range();
  for (let seq = firstSeq; seq <= lastSeq; seq = firstSeq + events.length) {
    events.push(...(await journal.read(seq, 100, 100_000))!.events);
  }
  return events;
}

describe("a journal's start", () => {
  test("writes boot: cold the first time, restart within the boot, cold in another boot", async () => {
    const starts: unknown[] = [];
    for (const bootId of ["boot-a", "boot-a", "boot-b"]) {
      const store = openSqliteStore({ path });
      const journal = await start(store, new VirtualClock({ bootId }));
      starts.push((await readAll(journal)).at(-1)?.data["start"]);
      await journal[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    }
    expect(starts).toEqual(["cold", "restart", "cold"]);
  });

  test("keeps incarnation, numbers, fold and contracts over a restart", async () => {
    const before = openSqliteStore({ path });
    const first = await start(before);
    await accept(first);
    await first.append([notice("one")]);
    const [incarnation, state] = [first.incarnation(), first.state()];
    await before[Symbol.asyncDispose]();

    const second = await start(openSqliteStore({ path }));
    expect(second.incarnation()).toBe(incarnation);
    expect(second.range()).toEqual({ firstSeq: 1, lastSeq: 4, ackedSeq: 0 });
    expect(second.state()).toEqual({ ...state, seq: 4 });
    expect(second.contract(contractId)).toEqual(contract);
    expect(second.meta("starts")).toBe("2");
  });

  test("separates batches of different boots, because their monotonic times do not compare", async () => {
    const before = openSqliteStore({ path });
    await (await start(before, new VirtualClock({ bootId: "boot-a" }))).append([notice("a")]);
    await before[Symbol.asyncDispose]();
    const journal = await start(openSqliteStore({ path }), new VirtualClock({ bootId: "boot-b" }));
    expect(await journal.read(1, 100, 100_000)).toMatchObject({ bootId: "boot-a", events: [{ seq: 1 }, { seq: 2 }] });
    expect(await journal.read(3, 100, 100_000)).toMatchObject({ bootId: "boot-b", events: [{ seq: 3 }] });
  });

  test("says in an exception that a damaged database was set aside", async () => {
    const store = openSqliteStore({ path });
    const damaged: Store = { ...store, load: async () => ({ ...(await store.load()), setAside: "core.db.corrupt-x" }) };
    const journal = await start(damaged);
    expect(await readAll(journal)).toMatchObject([
      { type: "boot" },
      { type: "exception", data: { code: "store_corrupt" } },
    ]);
  });

  test("sends a journal whose rows were altered as a new history", async () => {
    const before = openSqliteStore({ path });
    const first = await start(before);
    await first.append([notice("true")]);
    const { incarnation } = first.state();
    await before[Symbol.asyncDispose]();

    await clock.advance(1000);
    const store = openSqliteStore({ path });
    const altered: Store = { ...store, load: async () => ({ ...(await store.load()), lastHash: GENESIS_HASH }) };
    const second = await start(altered);
    expect(second.incarnation()).not.toBe(incarnation);
    expect((await readAll(second)).map((event) => event.type)).toEqual(["boot", "notice", "exception", "boot"]);
  });
});

describe("append", () => {
  test("numbers without gaps, stamps both clocks, and fills in revision and epoch of the contract", async () => {
    const journal = await start(openSqliteStore({ path }));
    await accept(journal);
    await clock.advance(1234);
    const [event] = await journal.append([{ ...notice("hello"), stageId: "pick" }]);
    expect(event).toMatchObject({
      seq: 3,
      at: "2026-01-05T08:00:01.234Z",
      monoMs: 1234,
      clock: "synced",
      contractId,
      revision: 1,
      epoch: 4,
      stageId: "pick",
    });
    expect(event?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  test("folds and shows only what is durable, to listeners before the caller goes on", async () => {
    const inner = openSqliteStore({ path });
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let isSlow = false;
    const slow: Store = {
      ...inner,
      commit: async (ops) => {
        if (isSlow) await gate;
        await inner.commit(ops);
      },
    };
    const journal = await start(slow);
    isSlow = true;
    const order: string[] = [];
    journal.onAppended((events) => order.push(`listener ${events.length}`));
    const appended = journal.append([notice("a"), notice("b")]).then(() => order.push("caller"));
    await clock.advance(10_000);
    expect(journal.range().lastSeq).toBe(1);
    expect(order).toEqual([]);
    release();
    await appended;
    expect(order).toEqual(["listener 2", "caller"]);
    expect(journal.range().lastSeq).toBe(3);
  });

  test("gives one transaction to those who wait for the same commit, and keeps their order", async () => {
    const inner = openSqliteStore({ path });
    const sizes: number[] = [];
    const counting: Store = { ...inner, commit: (ops) => (sizes.push(ops.length), inner.commit(ops)) };
    const journal = await start(counting);
    sizes.length = 0;
    const written = await Promise.all([1, 2, 3, 4].map((at) => journal.append([notice(`n${at}`)])));
    expect(written.map(([event]) => event?.seq)).toEqual([2, 3, 4, 5]);
    expect(sizes).toEqual([1, 3]);
  });

  test("loses nothing and leaves no gap when the disk refuses", async () => {
    const inner = openSqliteStore({ path });
    let isFull = false;
    const full: Store = {
      ...inner,
      commit: (ops) => (isFull ? Promise.reject(new AgentError("store.failed", "disk full")) : inner.commit(ops)),
    };
    const journal = await start(full);
    isFull = true;
    await expect(journal.append([notice("lost")])).rejects.toMatchObject({ code: "store.failed" });
    expect(journal.range().lastSeq).toBe(1);
    isFull = false;
    const [event] = await journal.append([notice("kept")]);
    expect(event?.seq).toBe(2);
  });

  test("rejects a draft that throws, and only that one", async () => {
    const journal = await start(openSqliteStore({ path }));
    const first = journal.append([notice("first")]);
    const broken = journal.append([notice("\ud800")]);
    const last = journal.append([notice("last")]);
    await expect(broken).rejects.toMatchObject({ code: "contract.invalid" });
    expect([(await first)[0]?.seq, (await last)[0]?.seq]).toEqual([2, 3]);
  });

  test("decides on the state that the events continue", async () => {
    const journal = await start(openSqliteStore({ path }));
    const decideOnce = (): Promise<readonly Event[]> =>
      journal.decide((state) => ({ events: state.contracts[contractId] ? [] : [accepted] }));
    const [first, second] = await Promise.all([decideOnce(), decideOnce()]);
    expect([first.length, second.length]).toEqual([1, 0]);
  });

  test("coalesces events without a contract and writes the merged one when the minute allows it", async () => {
    const journal = await start(openSqliteStore({ path }));
    for (let at = 0; at < 9; at++) await journal.append([notice(`n${at}`, {})]);
    expect(journal.range().lastSeq).toBe(7);
    await clock.advance(60_000);
    expect((await readAll(journal)).at(-1)?.data).toEqual({ kind: "test", text: "n8", count: 3 });
  });

  test("writes what is merged when it ends, and refuses what comes later", async () => {
    const store = openSqliteStore({ path });
    const journal = await start(store);
    for (let at = 0; at < 7; at++) await journal.append([notice(`n${at}`, {})]);
    await journal[Symbol.asyncDispose]();
    expect((await store.load()).lastSeq).toBe(8);
    await expect(journal.append([notice("late")])).rejects.toMatchObject({ code: "store.failed" });
  });
});

describe("acknowledged events", () => {
  async function fill(journal: JournalPart, count: number): Promise<void> {
    await journal.append(Array.from({ length: count }, (_, at) => notice(`n${at}`)));
  }

  test("are pruned, and the journal folds to the same state after a restart", async () => {
    const store = openSqliteStore({ path });
    const journal = await start(store);
    await accept(journal);
    await journal.append([{ type: "contract.started", contractId, data: {} }]);
    await fill(journal, 300);
    await journal.append([{ type: "contract.cancelled", contractId, data: { reason: "cloud" } }]);
    const all = await readAll(journal);
    await journal.acknowledge(300);
    expect(journal.range()).toEqual({ firstSeq: 301, lastSeq: 304, ackedSeq: 300 });
    expect((await journal.read(301, 1, 1))?.prevHash).toBe(
      all.slice(0, 300).reduce((hash, event) => chainHash(hash, event, sha256Hex), GENESIS_HASH),
    );
    const state = journal.state();
    expect(state).toEqual(foldEvents(emptyDevice(journal.incarnation()), all));
    await store[Symbol.asyncDispose]();
    const again = await start(openSqliteStore({ path }));
    expect(again.state()).toEqual({ ...state, seq: 305 });
    expect(again.contract(contractId)).toEqual(contract);
  });

  test("are kept from the first event of an open contract on", async () => {
    const journal = await start(openSqliteStore({ path }));
    await fill(journal, 299);
    await accept(journal);
    await fill(journal, 300);
    await journal.acknowledge(600);
    expect(journal.range().firstSeq).toBe(301);
  });

  test("stay acknowledged when an older ack comes late", async () => {
    const journal = await start(openSqliteStore({ path }));
    await fill(journal, 10);
    await journal.acknowledge(8);
    await journal.acknowledge(3);
    expect(journal.range().ackedSeq).toBe(8);
  });

  test("are to be sent again, as far as they are held, when another cloud answers", async () => {
    const journal = await start(openSqliteStore({ path }));
    await fill(journal, 300);
    await journal.acknowledge(280);
    await journal.startOver("cloud-2", 100);
    expect(journal.range()).toEqual({ firstSeq: 281, lastSeq: 301, ackedSeq: 280 });
    await journal.startOver("cloud-3", 290);
    expect(journal.range().ackedSeq).toBe(290);
    expect(journal.meta("cloudId")).toBe("cloud-3");
  });
});

describe("a fork", () => {
  test("renumbers the unacknowledged events from 1 under a new incarnation and keeps what they mean", async () => {
    const store = openSqliteStore({ path });
    const journal = await start(store);
    await accept(journal);
    await journal.append([{ type: "contract.started", contractId, data: {} }, notice("a"), notice("b")]);
    await journal.acknowledge(3);
    const before = journal.incarnation();
    await journal.fork();

    expect(journal.incarnation()).not.toBe(before);
    expect(journal.range()).toEqual({ firstSeq: 1, lastSeq: 3, ackedSeq: 0 });
    const slice = await journal.read(1, 10, 10_000);
    expect(slice?.prevHash).toBe(GENESIS_HASH);
    expect(slice?.events.map((event) => [event.seq, event.type])).toEqual([
      [1, "notice"],
      [2, "notice"],
      [3, "exception"],
    ]);
    expect(journal.state().contracts[contractId]?.status).toBe("running");
    await store[Symbol.asyncDispose]();
    const again = await start(openSqliteStore({ path }));
    expect(again.state()).toEqual({ ...journal.state(), seq: 4 });
    expect(again.contract(contractId)).toEqual(contract);
  });

  test("takes with it what was being appended", async () => {
    const journal = await start(openSqliteStore({ path }));
    const [, forked, late] = await Promise.all([
      journal.append([notice("before")]),
      journal.fork(),
      journal.append([notice("after")]),
    ]);
    expect(forked).toBeUndefined();
    expect(late[0]?.seq).toBe(3);
    expect((await readAll(journal)).map((event) => event.seq)).toEqual([1, 2, 3, 4]);
  });
});
