import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { activeContract, emptyDevice, foldEvents } from "#contract/reducer";
import type { DeviceState } from "#contract/state";
import { AgentError } from "#lib/errors";
import type { JournalEntry, SalvageReport, Snapshot, StoreOp } from "../../store.ts";
import { readRows, type PageSource, type StoredRow } from "./records.ts";
import { sortRows, type SalvagedRows } from "./salvaged-rows.ts";
import { PAGE_BYTES, readWal } from "./wal.ts";

/** What was saved of a damaged database. */
export interface Salvage {
  /** What makes a new database of it; empty when there is nothing to save. */
  readonly ops: readonly StoreOp[];
  readonly kept: SalvageReport;
}

/**
 * Saves what can be proved from the bytes of a `core.db` and its log: events whose hash continues the event before, the snapshot,
 * contracts that agree with their signed documents, answers given, and what is remembered by name. Learned durations are left.
 * Pure; total on any bytes.
 */
export function salvage(file: Uint8Array, log: Uint8Array): Salvage {
  const rows = sortRows(rowsOf(file, log));
  const base = rows.snapshots.toSorted((a, b) => b.state.seq - a.state.seq)[0];
  const proven = provenEntries(rows, base);
  const start = base ?? { state: emptyDevice(""), hash: GENESIS_HASH };
  const end = Math.max(start.state.seq, ...rows.entries.keys());
  const found = proven.filter(({ event }) => event.seq > start.state.seq);
  const missing = end - start.state.seq - found.length;
  const incarnation = rows.meta.get("incarnation") ?? base?.state.incarnation ?? incarnationIn(found);
  if (end === 0) return { ops: others(rows), kept: { journal: "none", unacknowledged: 0, missing: 0 } };
  const journal = missing === 0 && incarnation !== undefined ? "whole" : "part";
  const ops = journal === "whole" ? wholeJournal(rows, base, found, incarnation!) : newHistory(rows, start, found);
  const contract = activeContract(
    foldEvents(
      start.state,
      found.map(({ event }) => event),
    ),
  );
  const unacknowledged = found.filter(({ event }) => event.seq > rows.ackedSeq).length;
  return {
    ops: [...others(rows), ...ops],
    kept: { journal, unacknowledged, missing, ...(contract && { contract: contract.contractId }) },
  };
}

/** The newest images first: those that were committed to the log, then what the file alone says. */
function* rowsOf(file: Uint8Array, log: Uint8Array): Generator<StoredRow> {
  const pages = Math.floor(file.length / PAGE_BYTES);
  const inFile: PageSource = (page) =>
    page >= 1 && page <= pages ? file.subarray((page - 1) * PAGE_BYTES, page * PAGE_BYTES) : undefined;
  const wal = readWal(log);
  const count = [...wal.pages.keys()]
    .filter((page) => page <= PAGES_MAX)
    .reduce((most, page) => Math.max(most, page), pages);
  if (wal.pages.size > 0) yield* readRows((page) => wal.pages.get(page) ?? inFile(page), count);
  yield* readRows(inFile, pages);
}

/** 1 GB: a page number beyond is damage. */
const PAGES_MAX = 262_144;

/** One entry for each number that has one whose hash continues that of an entry, or of the snapshot, before it; ascending. */
function provenEntries({ entries }: SalvagedRows, base: Snapshot | undefined): readonly JournalEntry[] {
  const hashesAt = (seq: number): readonly string[] => [
    ...(seq === 0 ? [GENESIS_HASH] : []),
    ...(base?.state.seq === seq ? [base.hash] : []),
    ...(entries.get(seq) ?? []).map(({ hash }) => hash),
  ];
  const proven: JournalEntry[] = [];
  // Pages that are free now may hold events as they were numbered before a fork.
  const ids = new Set<string>();
  for (const seq of [...entries.keys()].toSorted((a, b) => a - b)) {
    const before = hashesAt(seq - 1);
    const found = entries.get(seq)!.find((entry) => before.some((hash) => continues(hash, entry)));
    if (!found || ids.has(found.event.id)) continue;
    ids.add(found.event.id);
    proven.push(found);
  }
  return proven;
}

function continues(before: string, { event, hash }: JournalEntry): boolean {
  try {
    return chainHash(before, event, sha256Hex) === hash;
  } catch (thrown) {
    // It has no canonical form, so it is nothing that was ever written.
    if (thrown instanceof AgentError) return false;
    throw thrown;
  }
}

function incarnationIn(found: readonly JournalEntry[]): string | undefined {
  const said = found.findLast(({ event }) => event.type === "boot")?.event.data["incarnation"];
  return typeof said === "string" ? said : undefined;
}

function wholeJournal(
  { ackedSeq }: SalvagedRows,
  base: Snapshot | undefined,
  entries: readonly JournalEntry[],
  incarnation: string,
): readonly StoreOp[] {
  const rows: readonly StoreOp[] = base
    ? [{ type: "renumber", snapshot: base, entries }]
    : entries.map((entry) => ({ type: "append", entry }));
  const last = entries.at(-1)?.event.seq ?? base?.state.seq ?? 0;
  return [
    ...rows,
    { type: "set-meta", key: "incarnation", value: incarnation },
    ...(ackedSeq > 0 ? [{ type: "set-acked", seq: Math.min(ackedSeq, last) } as const] : []),
  ];
}

/** As after a fork: what the cloud has is folded, what it has not is numbered from 1 (wire format, section 3.3). */
function newHistory(
  { meta, ackedSeq }: SalvagedRows,
  start: Snapshot,
  found: readonly JournalEntry[],
): readonly StoreOp[] {
  const acked = found.filter(({ event }) => event.seq <= ackedSeq).map(({ event }) => event);
  const last = found.at(-1)?.hash ?? start.hash;
  // Drawn from what is left, so that a program that dies here finds the same again.
  const incarnation = `salvaged-${sha256Hex(`${last}${found.length}`).slice(0, 32)}`;
  const state: DeviceState = { ...foldEvents(start.state, acked), incarnation, seq: 0 };
  const entries: JournalEntry[] = [];
  let hash = GENESIS_HASH;
  for (const { bootId, event: old } of found.filter(({ event }) => event.seq > ackedSeq)) {
    const event = { ...old, seq: entries.length + 1 };
    hash = chainHash(hash, event, sha256Hex);
    entries.push({ bootId, event, hash });
  }
  const offset = Number(meta.get("offset") ?? 0) + Math.max(start.state.seq, acked.at(-1)?.seq ?? 0);
  return [
    { type: "renumber", snapshot: { state, hash: GENESIS_HASH }, entries },
    { type: "set-meta", key: "incarnation", value: incarnation },
    { type: "set-meta", key: "offset", value: String(offset) },
  ];
}

/** What stands beside the journal. */
function others({ contracts, replies, meta }: SalvagedRows): readonly StoreOp[] {
  return [
    ...contracts,
    ...replies.map((stored) => ({ type: "put-reply", stored }) as const),
    ...[...meta].map(([key, value]) => ({ type: "set-meta", key, value }) as const),
  ];
}
