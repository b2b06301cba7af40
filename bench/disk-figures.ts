import { openSqliteStore } from "#agent/io/sqlite-store";
import type { Store } from "#agent/store";
import { GENESIS_HASH } from "#contract/hash-chain";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { SimulatedDisk } from "#sim/storage/disk";
import { loadSimulatedSqlite } from "#sim/storage/simulated-sqlite";
import type { Figure } from "./figure.ts";
import { terminalLines, type Chapter } from "./measurements-page.ts";

const COMMITS = 2000;
const OPENINGS = 20;
const US_PER_MS = 1000;

/** What the simulated disk costs a simulated run, beside a database in memory. */
export async function measureSimulatedDisk(): Promise<Chapter> {
  const sqlite = await loadSimulatedSqlite();
  const openSimulated = (): Store => {
    const clock = new VirtualClock();
    const rng = createRng(1);
    const mounted = sqlite.mount(new SimulatedDisk({ clock, rng }), { clock, rng });
    return openSqliteStore({ path: "core.db", disk: mounted });
  };
  const openInMemory = (): Store => openSqliteStore({ path: ":memory:" });
  return {
    title: "Simulated disk",
    figures: [
      commitFigure("on the simulated disk", await timeCommits(openSimulated)),
      commitFigure("in memory", await timeCommits(openInMemory)),
      openingFigure("on the simulated disk", await timeOpenings(openSimulated)),
      openingFigure("in memory", await timeOpenings(openInMemory)),
    ],
  };
}

function commitFigure(where: string, samples: readonly number[]): Figure {
  const how = `${COMMITS} commits of one event of 300 bytes, after as many to warm up`;
  return { what: `a journal commit ${where}`, unit: "µs", samples, better: "lower", how };
}

function openingFigure(where: string, samples: readonly number[]): Figure {
  return { what: `opening a new store ${where}`, unit: "ms", samples, better: "lower", how: `${OPENINGS} times` };
}

async function timeCommits(open: () => Store): Promise<number[]> {
  await using store = open();
  const samples: number[] = [];
  for (let seq = 1; seq <= 2 * COMMITS; seq++) {
    const startedMs = performance.now();
    await store.commit([{ type: "append", entry: entryOf(seq) }]);
    if (seq > COMMITS) samples.push((performance.now() - startedMs) * US_PER_MS);
  }
  return samples;
}

async function timeOpenings(open: () => Store): Promise<number[]> {
  const samples: number[] = [];
  for (let opening = 0; opening < OPENINGS; opening++) {
    const startedMs = performance.now();
    await using _ = open();
    samples.push(performance.now() - startedMs);
  }
  return samples;
}

type Entry = Extract<Parameters<Store["commit"]>[0][number], { type: "append" }>["entry"];

function entryOf(seq: number): Entry {
  return {
    bootId: "bench",
    hash: GENESIS_HASH,
    event: {
      seq,
      id: `019b8ce6-1400-7000-8000-${String(seq).padStart(12, "0")}`,
      at: "2026-01-05T08:00:00.000Z",
      monoMs: seq,
      clock: "synced",
      type: "notice",
      data: { kind: "bench", text: "x".repeat(300) },
    },
  };
}

if (import.meta.main) process.stdout.write(`${terminalLines(await measureSimulatedDisk()).join("\n")}\n`);
