import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openPostgresStore } from "#cloud/io/postgres/store";
import { openSqliteStore } from "#cloud/io/sqlite-store";
import type { CloudStore } from "#cloud/io/store";
import type { StoreOp } from "#cloud/io/store-ops";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { startPostgres } from "../test/services/postgres-process.ts";

const DEVICES = 500;
const ROUNDS = 60;
const AT = "2026-01-05T08:00:00.000Z";

/** `npm run bench:ingest [-- --database sqlite|postgres]`: journal batches of 1 kB a second that the store alone makes durable. */
async function main(): Promise<void> {
  const { database } = parseArgs({ options: { database: { type: "string", default: "postgres" } } }).values;
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openStore(database, stack));
  const batches = Array.from({ length: ROUNDS }, (_, round) =>
    Array.from({ length: DEVICES }, (_device, at) => batchOf(`d-${at}`, round + 1)),
  );
  const began = performance.now();
  for (const round of batches) await Promise.all(round.map((ops) => store.commit(ops)));
  const seconds = (performance.now() - began) / 1000;
  const rate = (DEVICES * ROUNDS) / seconds;
  process.stdout.write(
    `${database}: ${rate.toFixed(0)} batches of 1 kB a second (${DEVICES} devices at once, ${ROUNDS} rounds, ${seconds.toFixed(1)} s)\n`,
  );
}

async function openStore(database: string, stack: AsyncDisposableStack): Promise<CloudStore> {
  if (database === "sqlite")
    return openSqliteStore({
      path: join(mkdtempSync(join(tmpdir(), "holdfast-ingest-")), "cloud.db"),
      newCloudId: "bench",
      gather: setImmediate,
    });
  const postgres = stack.use(await startPostgres());
  return openPostgresStore({
    url: postgres.url,
    clock: createSystemClock(),
    log: silentLog,
    newCloudId: "bench",
    isRestored: false,
    onStandby: () => undefined,
    onLost: () => undefined,
    ended: new AbortController().signal,
  });
}

/** What a batch of one device leads to: an event of a kilobyte, and the end of its journal. */
function batchOf(deviceId: string, seq: number): readonly StoreOp[] {
  const data = { text: "x".repeat(850) };
  const event = { seq, id: randomUUID(), at: AT, monoMs: seq, clock: "synced" as const, type: "notice", data };
  const hash = "f".repeat(64);
  return [
    { op: "append-events", deviceId, receivedAt: AT, rows: [{ incarnation: "i", event, hash }] },
    { op: "put-device", row: { deviceId, incarnation: "i", seq, hash, track: {} } },
  ];
}

await main();
