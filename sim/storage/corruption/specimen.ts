import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "#agent/io/sqlite-store";
import type { JournalEntry, StoreOp } from "#agent/store";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import {
  accepted,
  attempted,
  completed,
  CONTRACT,
  journal,
  STARTED,
  stageStarted,
  type Line,
} from "#contract/example-journal";
import { exampleContract } from "#contract/example";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { emptyDevice, foldEvents } from "#contract/reducer";
import { FILE_SYSTEM } from "#lib/node/sqlite";

/** A `core.db` as a device leaves it whose power is cut, and what is in it. */
export interface Specimen {
  readonly file: Uint8Array;
  readonly log: Uint8Array;
  readonly contract: Contract;
  readonly entries: readonly JournalEntry[];
  readonly ackedSeq: number;
}

const PRUNED = 50;
const EVENTS = 700;
const ACKED = 300;
/** Commits that are only in the log when the power is cut. */
const IN_LOG = 150;

/** Writes one into `folder`: a robot at work in its second stage, half of its journal unknown to the cloud, the last part in the log. */
export async function makeSpecimen(folder: string): Promise<Specimen> {
  const path = join(folder, "core.db");
  const entries = chained(journal(lines()));
  const contract = exampleContract({ contractId: CONTRACT });
  const base = {
    state: foldEvents(
      emptyDevice("incarnation-1"),
      entries.slice(0, PRUNED).map(({ event }) => event),
    ),
    hash: entries[PRUNED - 1]!.hash,
  };
  const append = (from: number, to: number): StoreOp[] =>
    entries.slice(from, to).map((entry) => ({ type: "append", entry }));
  await using store = openSqliteStore({ path, disk: FILE_SYSTEM });
  await store.commit([
    ...append(0, PRUNED + 1),
    { type: "put-contract", jws: documentOf(contract), contract },
    { type: "set-meta", key: "incarnation", value: "incarnation-1" },
    { type: "set-meta", key: "bootId", value: "boot-1" },
    { type: "prune", snapshot: base, contracts: [CONTRACT] },
  ]);
  await store.commit([...append(PRUNED + 1, EVENTS - IN_LOG), { type: "set-acked", seq: ACKED }]);
  for (let seq = EVENTS - IN_LOG; seq < EVENTS; seq++) await store.commit(append(seq, seq + 1));
  const [file, log] = [bytesOf(path), bytesOf(`${path}-wal`)];
  return { file, log, contract, entries, ackedSeq: ACKED };
}

/** Not a `Buffer`, whose `slice` would share its bytes. */
function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

function lines(): Line[] {
  const before = Array.from({ length: PRUNED }, (_, at): Line => ({ type: "notice", data: { text: `before ${at}` } }));
  const work = [accepted(), STARTED, stageStarted("go"), attempted("go", 1), completed("go"), stageStarted("pick")];
  const progress = (at: number): Line => ({
    type: "stage.progress",
    stageId: "pick",
    // Some do not fit on one page.
    data: { share: at / EVENTS, route: Array.from({ length: at % 40 === 0 ? 600 : 4 }, (_, point) => [point, at]) },
  });
  const rest = EVENTS - before.length - work.length;
  return [...before, ...work, ...Array.from({ length: rest }, (_, at) => progress(at))];
}

function chained(events: readonly Event[]): JournalEntry[] {
  let hash = GENESIS_HASH;
  return events.map((event) => {
    hash = chainHash(hash, event, sha256Hex);
    return { bootId: "boot-1", event, hash };
  });
}

/** As it came, but for the signature, which no store looks at. */
function documentOf(contract: Contract): string {
  const encode = (text: string): string => Buffer.from(text).toString("base64url");
  const header = { alg: "EdDSA", kid: "k", typ: "hf-contract+jws" };
  return [
    encode(JSON.stringify(header)),
    encode(JSON.stringify(contract)),
    Buffer.alloc(64).toString("base64url"),
  ].join(".");
}
