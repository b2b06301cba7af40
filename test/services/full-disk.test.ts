import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startWorkerStore } from "#agent/io/worker-store";
import { AgentError, assert } from "#lib/errors";
import { silentLog } from "#lib/log";
import type { DeviceStore } from "#agent/io/sqlite-store";
import { entryOf, recordingOf } from "./power-cut/content.ts";
import { makeDisk, canCutPower, mountDisk } from "./power-cut/small-disk.ts";

const MEGABYTES = 24;
const PAGE = 4096;

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
  const telemetry = { newStore: "full-disk", budgets: { backfill: 8_000_000, logs: 100_000 }, retainMs: 0 };
  const onFatal = (error: Error): never => {
    throw error;
  };
  const path = join(mounted, "core.db");
  await using store = await startWorkerStore({ path, telemetry, log: silentLog, onFatal });
  const run = new Run(store);
  await run.write(100);
  const others = join(mounted, "others");
  fillWith(others);
  // The file system keeps some blocks for itself.
  assert(freeBytes(mounted) < 1_048_576, "the disk is full");
  // Far more than the write-ahead logs hold that are there already.
  await run.write(400);
  const whileFull = { ...run.refused };
  rmSync(others);
  await run.write(100);
  const { lastSeq: journal } = await store.load();
  return { whileFull, afterwards: run.refused, lost: run.lost, written: run.lastSeq, journal };
}

const SECONDS = 120;

/** A contract under way: an event and some seconds of telemetry at a time. */
class Run {
  readonly refused = { events: 0, telemetry: 0 };
  lastSeq = 0;
  /** Samples that the store has reported as dropped. */
  lost = 0;
  readonly #store: DeviceStore;

  constructor(store: DeviceStore) {
    this.#store = store;
  }

  async write(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) await this.#writeOnce();
  }

  async #writeOnce(): Promise<void> {
    const seq = this.lastSeq + 1;
    const committed = await attempt(() => this.#store.commit([{ type: "append", entry: entryOf(seq) }]));
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

/** Fills the disk until nothing fits any more: large pieces first, then single pages. */
function fillWith(file: string): void {
  for (const bytes of [64 * PAGE, PAGE]) while (hasRoomFor(file, bytes));
}

function hasRoomFor(file: string, bytes: number): boolean {
  try {
    writeFileSync(file, new Uint8Array(bytes), { flag: "a" });
    return true;
  } catch {
    // No space left on the device: that is what was wanted.
    return false;
  }
}

function freeBytes(folder: string): number {
  const { bfree, bsize } = statfsSync(folder);
  return bfree * bsize;
}
