import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Telemetry } from "#contract/messages";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { openSqliteStore, type DeviceStore } from "../io/sqlite-store.ts";
import { Drain, type DrainLimits } from "./drain.ts";
import type { Recording } from "./store.ts";

const BLOCKS = 40;
const ACCEPTS = { accepts: ["columns/1"] };

let clock: VirtualClock;
let store: DeviceStore;
let journalWaits: boolean;
let sent: { readonly atMs: number; readonly message: Telemetry; readonly bytes: number }[];
let drains: Drain[];

beforeEach(async () => {
  clock = new VirtualClock();
  const telemetry = { newStore: "store-1", budgets: { backfill: 1_000_000, logs: 100_000 }, retainMs: 3_600_000 };
  store = openSqliteStore({ path: ":memory:", telemetry });
  const blocks = Array.from({ length: BLOCKS }, (_, at) => recordingOf(at));
  await store.telemetry!.record(blocks, { close: true });
  journalWaits = false;
  sent = [];
  drains = [];
});

afterEach(async () => {
  for (const drain of drains) drain.end();
  await store[Symbol.asyncDispose]();
});

describe("a drain", () => {
  test("sends nothing before the cloud has said how far it is, then the oldest first", async () => {
    const drain = start();
    await pass(5);
    expect(sent).toEqual([]);
    await drain.acked(ACCEPTS);
    await pass(5);
    const numbers = sent.map(({ message }) => message.blockSeq);
    expect(numbers).toEqual(Array.from({ length: BLOCKS }, (_, at) => at + 1));
  });

  test("begins a backlog within the jitter after a connect, not at once", async () => {
    const drain = start({ startJitterMs: 60_000 });
    await drain.acked(ACCEPTS);
    await pass(1);
    expect(sent).toEqual([]);
    await pass(60);
    expect(new Set(sent.map(({ message }) => message.blockSeq)).size).toBe(BLOCKS);
  });

  test("lets events go first", async () => {
    journalWaits = true;
    const drain = start();
    await drain.acked(ACCEPTS);
    await pass(30);
    expect(sent).toEqual([]);
    journalWaits = false;
    await pass(2);
    expect(sent.length).toBeGreaterThan(0);
  });

  test.each([
    { who: "a link that costs", limits: { startJitterMs: 0, bytesPerSecond: 1000 }, grant: {} },
    { who: "the cloud's grant", limits: { startJitterMs: 0 }, grant: { grantBytesPerSecond: 1000 } },
  ])("keeps the pace of $who", async ({ limits, grant }) => {
    const drain = start(limits);
    await drain.acked({ ...ACCEPTS, ...grant });
    await pass(10);
    const bytes = sent.reduce((sum, message) => sum + message.bytes, 0);
    const largest = Math.max(...sent.map((message) => message.bytes));
    expect(bytes).toBeGreaterThan(8000);
    expect(bytes).toBeLessThanOrEqual(10_000 + largest);
  });

  test("goes on slowly where the cloud grants nothing, for the ack that lifts that may be lost", async () => {
    const drain = start();
    await drain.acked({ ...ACCEPTS, grantBytesPerSecond: 0 });
    await pass(20);
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.length).toBeLessThan(BLOCKS);
  });

  test("sends again what the cloud has not committed in ten seconds", async () => {
    const drain = start();
    await drain.acked(ACCEPTS);
    await pass(5);
    await drain.acked({ ...ACCEPTS, telemetry: [{ lane: "backfill", store: "store-1", blockSeq: 30 }] });
    await pass(4);
    expect(sent).toHaveLength(BLOCKS);
    await pass(15);
    expect(sent.slice(BLOCKS).map(({ message }) => message.blockSeq)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
  });

  test("forgets only what the cloud has committed, and begins behind it in the next connection", async () => {
    const first = start();
    await first.acked({ ...ACCEPTS, telemetry: [{ lane: "backfill", store: "store-1", blockSeq: 10 }] });
    first.end();
    sent = [];
    const { lanes } = await store.telemetry!.fill();
    expect(lanes[0]).toMatchObject({ ackedSeq: 10, waiting: 30 });
    await start().acked(ACCEPTS);
    await pass(5);
    expect(sent[0]?.message).toMatchObject({ blockSeq: 11, after: 10 });
  });
});

function start(limits: DrainLimits = { startJitterMs: 0 }): Drain {
  const drain = new Drain({
    store: store.telemetry!,
    clock,
    rng: createRng("drain"),
    log: silentLog,
    deviceId: "amr-07",
    publish: async (payload) => {
      sent.push({ atMs: clock.nowMs(), message: Telemetry.parse(JSON.parse(payload)), bytes: payload.length });
    },
    isJournalWaiting: () => journalWaits,
    limits,
  });
  drains.push(drain);
  return drain;
}

function pass(seconds: number): Promise<void> {
  return clock.advance(seconds * 1000, () => new Promise((resolve) => setImmediate(resolve)));
}

/** Each of a boot of its own, so that each is a block. */
function recordingOf(at: number): Recording {
  const atMs = Array.from({ length: 100 }, (_, step) => step * 100);
  const ticks = atMs.map((ms) => Math.round(1000 * Math.sin(ms * ms + at)));
  const columns = [{ name: "linear", resolution: 0.001, ticks }];
  const base = { bootId: `boot-${at}`, wallAtZeroMs: 1_767_600_000_000, clock: "synced" } as const;
  return { lane: "backfill", base, content: { kind: "series", series: [{ channel: "speed", atMs, columns }] } };
}
