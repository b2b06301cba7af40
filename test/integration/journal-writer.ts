import { createRng } from "#lib/rng";
import { silentLog } from "#lib/log";
import { createSystemClock } from "#lib/node/system-clock";
import { createUuidSource } from "#lib/uuid";
import { startWorkerStore } from "#agent/io/worker-store";
import { startJournal } from "#agent/journal/journal";
import { sha256Hex } from "#contract/io/node-crypto";

const [path = "", seed = ""] = process.argv.slice(2);
const WRITERS = 4;

/** Appends to the journal at `path` until it is killed, and prints each number once it is durable. */
async function main(): Promise<void> {
  const clock = createSystemClock();
  const uuid = createUuidSource(clock, createRng(seed));
  const onFatal = (error: Error): never => {
    throw error;
  };
  const store = await startWorkerStore({ path, log: silentLog, onFatal });
  const journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software: "writer" });
  const contractId = uuid();
  const write = async (): Promise<never> => {
    for (;;) {
      const [event] = await journal.append([
        { type: "notice", contractId, data: { kind: "test", text: "x".repeat(300) } },
      ]);
      process.stdout.write(`${event!.seq}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

await main();
