import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startWorkerStore } from "#agent/io/worker-store";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import type { DeviceStore } from "#agent/io/sqlite-store";
import { fillUp } from "./fill-up.ts";
import { numberedEntry } from "#sim/storage/numbered-entry";
import { recordingOf } from "./power-cut/content.ts";
import { makeDisk, canCutPower, mountDisk } from "./power-cut/small-disk.ts";

const MEGABYTES = 24;

describe.skipIf(!canCutPower())("a disk that others fill to the last block", () => {
  it("costs telemetry; the journal goes on, and both recover when there is room again", async () => {
    const folder = mkdtempSync("/var/tmp/holdfast-full-disk-");
    try {
      makeDisk(join(folder, "disk"), MEGABYTES);
      using _ = mountDisk(join(folder, "disk"), join(folder, "mounted"));
      const told = await fillAndRecover(join(folder, "mounted"));
      expect(told.whileFull.events).toBe(0);
      expect(told.whileFull.telemetry).toBeGreaterThan(0);
      expect(told.afterwards).toEqual({ events: 0, telemetry: told.whileFull.telemetry });
      expect(told.lost).toBeGreaterThan(0);
      expect(told.journal).toBe(told.written);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps no device from starting: the journal goes on, and telemetry when there is room again", async () => {
    const folder = mkdtempSync("/var/tmp/holdfast-full-disk-");
    try {
      makeDisk(join(folder, "disk"), MEGABYTES);
      using _ = mountDisk(join(folder, "disk"), join(folder, "mounted"));
      const told = await startOnFullDisk(join(folder, "mounted"));
      expect(told.whileFull.events).toBe(0);
      expect(told.afterwards).toEqual(told.whileFull);
      expect(told.journal).toBe(told.written);
      expect(told.blocks).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

interface Told {
  /** How often events and telemetry were refused, first while the disk was full, then in all. */
  readonly whileFull: Run["refused"];
  readonly afterwards: Run["refused"];
  /** Samples that the store reported as dropped. */
  readonly lost: number;
  /** Events that were acknowledged, and events in the journal. */
  readonly written: number;
  readonly journal: number;
}

async function fillAndRecover(mounted: string): Promise<Told> {
  await using store = await openStore(mounted);
  const run = new Run(store);
  await run.write(100);
  const others = fillUp(mounted);
  // Far more than the write-ahead logs hold that are there already.
  await run.write(400);
  const whileFull = { ...run.refused };
  rmSync(others);
  await run.write(100);
  const { lastSeq: journal } = await store.load();
  return { whileFull, afterwards: run.refused, lost: run.lost, written: run.lastSeq, journal };
}

/** A device that ended with a full disk, in order, so that even its logs are gone, and is started again. */
async function startOnFullDisk(mounted: string): Promise<Told & { readonly blocks: number }> {
  let seq = 0;
  {
    await using store = await openStore(mounted);
    const run = new Run(store);
    await run.write(100);
    seq = run.lastSeq;
  }
  const others = fillUp(mounted);
  await using store = await openStore(mounted);
  const run = new Run(store, seq);
  await run.write(20);
  const whileFull = { ...run.refused };
  rmSync(others);
  await run.write(20);
  const { lastSeq: journal } = await store.load();
  const blocks = (await store.telemetry!.fill()).lanes.reduce((sum, lane) => sum + lane.blocks, 0);
  return { whileFull, afterwards: run.refused, lost: run.lost, written: run.lastSeq, journal, blocks };
}

async function openStore(mounted: string): Promise<DeviceStore> {
  const telemetry = { newStore: "full-disk", budgets: { backfill: 8_000_000, logs: 100_000 }, retainMs: 0 };
  const onFatal = (error: Error): never => {
    throw error;
  };
  return startWorkerStore({ path: join(mounted, "core.db"), telemetry, log: silentLog, onFatal });
}

const SECONDS = 120;

/** A contract under way: an event and some seconds of telemetry at a time. */
class Run {
  readonly refused = { events: 0, telemetry: 0 };
  lastSeq: number;
  /** Samples that the store has reported as dropped. */
  lost = 0;
  readonly #store: DeviceStore;

  constructor(store: DeviceStore, lastSeq = 0) {
    this.#store = store;
    this.lastSeq = lastSeq;
  }

  async write(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) await this.#writeOnce();
  }

  async #writeOnce(): Promise<void> {
    const seq = this.lastSeq + 1;
    const committed = await attempt(() => this.#store.commit([{ type: "append", entry: numberedEntry(seq) }]));
    if (committed) this.lastSeq = seq;
    else this.refused.events++;
    const recorded = await attempt(async () => {
      const thinned = await this.#store.telemetry!.record([recordingOf("boot", seq * SECONDS, SECONDS)]);
      this.lost += thinned.reduce((sum, { dropped }) => sum + dropped, 0);
    });
    if (!recorded) this.refused.telemetry++;
  }
}

async function attempt(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return false;
  }
}
