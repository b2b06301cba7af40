import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openSqliteStore, type DeviceStore } from "#agent/io/sqlite-store";
import { startWorkerStore } from "#agent/io/worker-store";
import type { StoreOp } from "#agent/store";
import { silentLog } from "#lib/log";
import { FILE_SYSTEM, type SqliteDisk } from "#lib/node/sqlite";
import { numberedEntry } from "#sim/storage/numbered-entry";
import { recordingOf, TELEMETRY } from "./content.ts";

/**
 * Writes to a store without a pause until it is killed: events by several writers at once, telemetry beside. After each durable
 * answer a record is appended to the file of acknowledgements: kind ('A' for events, 'T' for telemetry), 0, number.
 */
const [folder = "", acknowledgements = "", mode = "full"] = process.argv.slice(2);
const WRITERS = 4;
const path = join(folder, "core.db");
const file = openSync(acknowledgements, "a");

const store: DeviceStore =
  mode === "normal"
    ? openSqliteStore({ path, disk: careless() })
    : await startWorkerStore({ path, telemetry: TELEMETRY, log: silentLog, onFatal: () => process.exit(1) });
let { lastSeq } = await store.load();
process.stdout.write("writing\n");
await Promise.all([...Array.from({ length: WRITERS }, write), record()]);

async function write(): Promise<never> {
  for (;;) {
    const seq = ++lastSeq;
    await store.commit([{ type: "append", entry: numberedEntry(seq) } satisfies StoreOp]);
    acknowledge("A", seq);
    // Inline, everything has happened when the call returns; the others want their turn.
    await new Promise(setImmediate);
  }
}

async function record(): Promise<void> {
  const { telemetry } = store;
  if (!telemetry) return;
  const { lastSeq: before } = (await telemetry.fill()).lanes[0]!;
  // What an earlier life of this program has recorded is told by another boot.
  const bootId = `boot-${before}`;
  for (let second = 0; ; second++) {
    await telemetry.record([recordingOf(bootId, second)]);
    acknowledge("T", before * 1_000_000 + second);
  }
}

function acknowledge(kind: string, number: number): void {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(kind.charCodeAt(0), 0);
  bytes.writeBigUInt64LE(BigInt(number), 8);
  writeSync(file, bytes);
}

/** The file system, with connections that commit without waiting for it. */
function careless(): SqliteDisk {
  return {
    ...FILE_SYSTEM,
    connect(name) {
      const database = new Database(name);
      const pragma = database.pragma.bind(database);
      return Object.assign(database, {
        pragma(source: string, options?: Database.PragmaOptions): unknown {
          if (source === "synchronous = FULL") return pragma("synchronous = NORMAL");
          return source === "synchronous" ? 2 : pragma(source, options);
        },
      });
    },
  };
}
