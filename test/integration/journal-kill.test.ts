import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assert } from "#lib/errors";
import { createRng } from "#lib/rng";
import { openSqliteStore } from "#agent/io/sqlite-store";
import type { StoredState } from "#agent/store";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";

const KILLS = 10;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-kill-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a journal that is killed while it writes loses nothing it confirmed, and has no gap", async () => {
  const path = join(folder, "core.db");
  const rng = createRng("journal-kill");
  let confirmed = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    confirmed = Math.max(confirmed, await writeUntilKilled(path, `writer/${kill}`, rng.integer(1, 400)));
    const { lastSeq } = await readChain(path);
    expect(lastSeq).toBeGreaterThanOrEqual(confirmed);
  }
  expect(confirmed).toBeGreaterThan(KILLS);
});

/** The highest number that the writer confirmed before it was killed, which is after `count` confirmations. */
async function writeUntilKilled(path: string, seed: string, count: number): Promise<number> {
  const script = fileURLToPath(new URL("./journal-writer.ts", import.meta.url));
  const writer = spawn(process.execPath, [script, path, seed], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(writer, "exit");
  let [last, seen] = [0, 0];
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Math.max(last, Number(line));
    if (++seen === count) writer.kill("SIGKILL");
  }
  const [, signal] = (await exit) as [number | null, string | null];
  assert(signal === "SIGKILL", "the writer ends only because it is killed");
  return last;
}

/** Reads the whole journal and checks numbers and hashes. */
async function readChain(path: string): Promise<StoredState> {
  await using store = openSqliteStore({ path });
  const state = await store.load();
  let hash = GENESIS_HASH;
  for (let seq = 1; seq <= state.lastSeq;) {
    const slice = await store.readJournal(seq, 500, 1_000_000);
    assert(slice, "the journal has no gap");
    expect(slice.prevHash).toBe(hash);
    for (const event of slice.events) {
      expect(event.seq).toBe(seq++);
      hash = chainHash(hash, event, sha256Hex);
    }
  }
  expect(hash).toBe(state.lastHash);
  return state;
}
