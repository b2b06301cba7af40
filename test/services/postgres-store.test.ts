import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { openPostgresStore } from "#cloud/io/postgres/store";
import type { CloudStore } from "#cloud/io/store";
import type { StoreOp } from "#cloud/io/store-ops";
import { AT, contractId, describeCloudStore, insert } from "../conformance/cloud-store-suite.ts";
import { POSTGRES, startPostgres, type Postgres } from "./postgres-process.ts";

let postgres: Postgres;
let databases = 0;

interface Opening {
  readonly database: string;
  readonly onStandby?: () => void;
  readonly onLost?: () => void;
  readonly ended?: AbortSignal;
}

function open({ database, ...watching }: Opening): Promise<CloudStore> {
  return openPostgresStore({
    url: postgres.url.replace(/postgres$/, database),
    clock: createSystemClock(),
    log: silentLog,
    newCloudId: `cloud-of-${database}`,
    isRestored: false,
    onStandby: () => undefined,
    onLost: () => undefined,
    ended: new AbortController().signal,
    ...watching,
  });
}

async function ask(sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const result = await client.query(sql);
  await client.end();
  return result;
}

async function newDatabase(): Promise<string> {
  const database = `hf${++databases}`;
  await ask(`CREATE DATABASE ${database}`);
  return database;
}

const event = (n: number): StoreOp => ({
  op: "append-events",
  deviceId: "amr-1",
  receivedAt: AT,
  rows: [
    {
      incarnation: "i",
      hash: "f".repeat(64),
      event: { seq: n, id: contractId(n), at: AT, monoMs: n, clock: "synced", type: "notice", data: {} },
    },
  ],
});

describe.skipIf(POSTGRES === undefined)("in PostgreSQL", () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  describe("the store", () => {
    describeCloudStore(async () => open({ database: await newDatabase() }));
  });

  it("keeps its identity and its rows over a restart", async () => {
    const database = await newDatabase();
    {
      await using store = await open({ database });
      await store.commit([
        insert(1),
        { op: "put-device", row: { deviceId: "amr-1", incarnation: "i", seq: 4, track: {} } },
      ]);
    }
    await using store = await open({ database });
    const fleet = await store.load();
    expect(fleet.cloudId).toBe(`cloud-of-${database}`);
    expect(fleet.activeContracts.map((row) => row.contractId)).toEqual([contractId(1)]);
    expect(fleet.devices).toEqual([{ deviceId: "amr-1", incarnation: "i", seq: 4, track: {} }]);
    expect(await store.contractCounts()).toEqual({ pushed: 1 });
  });

  it("makes every commit once although the server crashes under them and is away", async () => {
    await using store = await open({ database: await newDatabase() });
    const commits: Promise<unknown>[] = [];
    for (let n = 1; n <= 400; n++) {
      commits.push(store.commit([event(n), { op: "log", entry: { at: AT, type: "exception", data: { n } } }]));
      if (n === 150) await postgres.kill();
      if (n % 50 === 0) await Promise.race([commits.at(-1), new Promise((resolve) => setImmediate(resolve))]);
    }
    await postgres.start();
    await Promise.all(commits);
    const events = await store.deviceEvents("amr-1");
    expect(events.map((row) => row.event.seq)).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
    expect(await store.logAfter(0, 1000)).toHaveLength(400);
  });

  it("lets one process write; the next takes over when that one ends, and has everything", async () => {
    const database = await newDatabase();
    const onStandby = vi.fn<() => void>();
    const first = await open({ database });
    await first.commit([event(1)]);
    const waiting = open({ database, onStandby });
    await vi.waitFor(() => expect(onStandby).toHaveBeenCalledOnce(), 5000);
    await first[Symbol.asyncDispose]();
    await using second = await waiting;
    expect(await second.deviceEvents("amr-1")).toHaveLength(1);
  });

  it("refuses every commit of a process that has lost its connection to another one, and says so", async () => {
    const database = await newDatabase();
    const onLost = vi.fn<() => void>();
    const first = await open({ database, onLost });
    await first.commit([event(1)]);
    const waiting = open({ database });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ask(`SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
               WHERE l.locktype = 'advisory' AND l.granted AND d.datname = '${database}'`);
    await using second = await waiting;
    await second.commit([event(2)]);
    await expect(first.commit([event(3)])).rejects.toMatchObject({ code: "store.in_use" });
    expect(onLost).toHaveBeenCalled();
    expect((await second.deviceEvents("amr-1")).map((row) => row.event.seq)).toEqual([1, 2]);
    await first[Symbol.asyncDispose]();
  });
});
