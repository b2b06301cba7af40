import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { numberedEntry } from "#sim/storage/numbered-entry";
import Database from "better-sqlite3";
import type { Figure } from "../figure.ts";
import { startRealSite } from "../real-site.ts";

const EVENTS = 2000;
const WAL_BYTES = 29_000_000;
const PIECE_BYTES = 100_000;
const RESTARTS = 3;

/** How soon a device is there again: its store after a power cut, and its work after its program was killed. */
export async function restartFigures(): Promise<Figure[]> {
  const { firstReadMs, walBytes } = await timeFirstRead();
  return [
    {
      what: "goal 2: first read after a power cut",
      unit: "ms",
      better: "lower",
      samples: firstReadMs,
      goal: { of: "median", limit: 100 },
      how: `opening, checking and loading a journal of ${EVENTS} events beside a log of ${(walBytes / 1e6).toFixed(0)} MB that no checkpoint has taken in`,
    },
    {
      what: "goal 2: SIGKILL under way to driving on",
      unit: "s",
      better: "lower",
      samples: await timeDrivingOn(),
      goal: { of: "median", limit: 2 },
      how: "the real agent is started again at once; its robot stands meanwhile, looks where it is, and moves on",
    },
  ];
}

async function timeFirstRead(): Promise<{ readonly firstReadMs: readonly number[]; readonly walBytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const path = join(folder, "core.db");
  try {
    {
      await using store = openSqliteStore({ path });
      for (let seq = 1; seq <= EVENTS; seq++) await store.commit([{ type: "append", entry: numberedEntry(seq) }]);
    }
    // The store's own log never grows so long, so that somebody else has to make it.
    const database = new Database(path);
    database.pragma("wal_autocheckpoint = 0");
    const insert = database.prepare("INSERT INTO warm_wal VALUES (zeroblob(?))");
    for (let bytes = 0; bytes < WAL_BYTES; bytes += PIECE_BYTES) insert.run(PIECE_BYTES);
    const walBytes = statSync(`${path}-wal`).size;
    const firstReadMs: number[] = [];
    for (let run = 0; run < RESTARTS; run++) {
      const cut = join(folder, `cut-${run}.db`);
      for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, cut + suffix);
      const startedMs = performance.now();
      await using store = openSqliteStore({ path: cut });
      await store.load();
      firstReadMs.push(performance.now() - startedMs);
    }
    database.close();
    return { firstReadMs, walBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function timeDrivingOn(): Promise<number[]> {
  await using site = await startRealSite();
  const seconds: number[] = [];
  await site.push();
  await site.firstMotion();
  for (let run = 0; run < RESTARTS; run++) seconds.push((await site.killUnderWay()) / 1000);
  return seconds;
}
