import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { startJournal } from "#agent/journal/journal";
import { canonicalJson } from "#contract/canonical";
import { CONTRACT } from "#contract/example-journal";
import { isFinal } from "#contract/status";
import { sha256Hex } from "#contract/io/node-crypto";
import { FILE_SYSTEM } from "#lib/node/sqlite";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import { damaged, DAMAGES, type Damage } from "./damage.ts";
import type { Specimen } from "./specimen.ts";

/** What a start on damaged files came to. */
export interface Trial {
  readonly damage: Damage;
  /** `unharmed`: nothing that the store looks at was hit. */
  readonly outcome: "unharmed" | "salvaged";
  /** Whether the robot still knows the contract that it was working on. */
  readonly hasContract: boolean;
  /** Whether it goes on with it before anybody has looked. */
  readonly isAtWork: boolean;
  /** Of the events that the cloud did not have, how many are still there, and how many that were never written. */
  readonly kept: number;
  readonly ofUnacknowledged: number;
  readonly invented: number;
  /** Whether the damaged original is still there. */
  readonly isOriginalKept: boolean;
}

/** A folder on a disk of memory where there is one: nothing here is about durability. */
export function trialFolder(): string {
  return mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "holdfast-corruption-"));
}

/** Damages a specimen as number `seed` says, and starts a journal on what is left. */
export async function tryDamage(specimen: Specimen, seed: number, damage?: Damage): Promise<Trial> {
  const rng = createRng(seed).fork("corruption");
  const drawn = damage ?? DAMAGES[rng.integer(0, DAMAGES.length - 1)]!;
  const files = damaged(specimen, drawn, rng);
  const folder = trialFolder();
  try {
    const path = join(folder, "core.db");
    if (files.file.length > 0) writeFileSync(path, files.file);
    if (files.log.length > 0) writeFileSync(`${path}-wal`, files.log);
    return { damage: drawn, ...(await startOn(path, specimen)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function startOn(path: string, { entries, ackedSeq }: Specimen): Promise<Omit<Trial, "damage">> {
  const clock = new VirtualClock();
  const uuid = createUuidSource(clock, createRng(1));
  await using store = openSqliteStore({ path, disk: FILE_SYSTEM });
  const before = await store.load();
  const journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log: silentLog, software: "trial" });
  const bodies = new Map(entries.map(({ event }) => [event.id, canonicalJson({ ...event, seq: 0 })]));
  const written: string[] = [];
  for (let seq = journal.range().firstSeq; seq <= before.lastSeq;) {
    const slice = await journal.read(seq, 500, 1_000_000);
    for (const event of slice!.events) written.push(canonicalJson({ ...event, seq: 0 }));
    seq += slice!.events.length;
  }
  const [known, genuine] = [new Set(written), new Set(bodies.values())];
  const unacknowledged = entries.filter(({ event }) => event.seq > ackedSeq);
  const contract = journal.state().contracts[CONTRACT];
  const names = readdirSync(join(path, ".."));
  return {
    outcome: before.setAside === undefined ? "unharmed" : "salvaged",
    hasContract: contract !== undefined && journal.contract(CONTRACT) !== undefined,
    isAtWork: contract !== undefined && !isFinal(contract.status) && contract.holds.length === 0,
    kept: unacknowledged.filter(({ event }) => known.has(bodies.get(event.id)!)).length,
    ofUnacknowledged: unacknowledged.length,
    invented: written.filter((text) => !genuine.has(text)).length,
    isOriginalKept: before.setAside === undefined || names.some((name) => name.includes(".corrupt-")),
  };
}
