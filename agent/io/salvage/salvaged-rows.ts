import { canonicalJson } from "#contract/canonical";
import { Contract } from "#contract/contract";
import { readCompactJws } from "#contract/compact-jws";
import { Event } from "#contract/event";
import { Reply } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import type { JournalEntry, MetaKey, Snapshot, StoreOp, StoredReply } from "../../store.ts";
import { isIntact } from "../sealed-rows.ts";
import type { StoredRow, StoredValue } from "./records.ts";

type PutContract = Extract<StoreOp, { readonly type: "put-contract" }>;

/** What was found in the leaves of a damaged `core.db`, row by row; several of one kind where older images of pages were found, too. */
export interface SalvagedRows {
  readonly entries: ReadonlyMap<number, readonly JournalEntry[]>;
  readonly snapshots: readonly Snapshot[];
  readonly contracts: readonly PutContract[];
  readonly replies: readonly StoredReply[];
  readonly meta: ReadonlyMap<MetaKey, string>;
  readonly ackedSeq: number;
}

/** Sorts rows by their shape, as the tables of `core.db` have it, the newest images first. What does not fit its schema is left out. */
export function sortRows(rows: Iterable<StoredRow>): SalvagedRows {
  const found = { entries: new Map<number, JournalEntry[]>(), snapshots: [] as Snapshot[] };
  const newest = {
    contracts: new Map<string, PutContract>(),
    replies: new Map<string, StoredReply>(),
    meta: new Map<MetaKey, string>(),
    acked: new Map<"journal", number>(),
  };
  for (const row of rows) {
    addEntry(found.entries, readEntry(row));
    found.snapshots.push(...[readSnapshot(row)].filter((snapshot) => snapshot !== undefined));
    const put = readContract(row);
    if (put) setNew(newest.contracts, `${put.contract.contractId}/${put.contract.revision}`, put);
    const reply = readReply(row);
    if (reply) setNew(newest.replies, reply.documentHash, reply);
    if (row.rowid === undefined) addNamed(newest, row.values);
  }
  const { contracts, replies, meta, acked } = newest;
  return {
    ...found,
    contracts: [...contracts.values()],
    replies: [...replies.values()],
    meta,
    ackedSeq: acked.get("journal") ?? 0,
  };
}

function addEntry(entries: Map<number, JournalEntry[]>, entry: JournalEntry | undefined): void {
  if (entry) entries.set(entry.event.seq, [...(entries.get(entry.event.seq) ?? []), entry]);
}

/** Rows of the tables that are looked up by a name. */
function addNamed(
  { meta, acked }: { readonly meta: Map<MetaKey, string>; readonly acked: Map<"journal", number> },
  [key, value, digest]: StoredRow["values"],
): void {
  if (!isIntact([key, value], digest)) return;
  if (isMeta(key) && typeof value === "string") setNew(meta, key, value);
  if (key === "journal" && typeof value === "number") setNew(acked, key, value);
}

function setNew<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  if (!map.has(key)) map.set(key, value);
}

const HASH = /^[0-9a-f]{64}$/;

function isHash(value: StoredValue | undefined): value is string {
  return typeof value === "string" && HASH.test(value);
}

function readEntry({ rowid, values: [key, bootId, body, hash, ...rest] }: StoredRow): JournalEntry | undefined {
  if (key !== null || typeof bootId !== "string" || !isHash(hash) || rest.length > 0) return undefined;
  const event = Event.safeParse(parse(body));
  return event.success && event.data.seq === rowid ? { bootId, event: event.data, hash } : undefined;
}

function readSnapshot({ rowid, values: [key, seq, hash, body, digest] }: StoredRow): Snapshot | undefined {
  if (rowid !== 1 || key !== null || typeof seq !== "number" || !isHash(hash)) return undefined;
  if (!isIntact([1, seq, hash, body], digest)) return undefined;
  const state = parse(body) as Partial<DeviceState> | undefined;
  const isState = typeof state?.incarnation === "string" && typeof state.contracts === "object";
  return isState && state.seq === seq ? { hash, state: state as DeviceState } : undefined;
}

/** One without a digest must agree with the signed document that is kept beside it. */
function readContract({ values: [id, revision, jws, body, digest] }: StoredRow): PutContract | undefined {
  if (typeof jws !== "string" || !isIntact([id, revision, jws, body], digest)) return undefined;
  const contract = Contract.safeParse(parse(body));
  if (!contract.success || contract.data.contractId !== id || contract.data.revision !== revision) return undefined;
  if (typeof digest !== "string" && !isAsSigned(contract.data, jws)) return undefined;
  return { type: "put-contract", jws, contract: contract.data };
}

function isAsSigned(contract: Contract, jws: string): boolean {
  const document = readCompactJws(jws, "hf-contract+jws");
  const signed = document.ok ? Contract.safeParse(document.payload) : undefined;
  return signed?.success === true && canonicalJson(signed.data) === canonicalJson(contract);
}

function readReply({ values: [key, inReplyTo, documentHash, body, digest] }: StoredRow): StoredReply | undefined {
  if (key !== null || typeof documentHash !== "string" || !isIntact([inReplyTo, documentHash, body], digest))
    return undefined;
  const stored = parse(body) as Partial<StoredReply> | undefined;
  const reply = Reply.safeParse(stored?.reply);
  if (!reply.success || stored?.documentHash !== documentHash || reply.data.inReplyTo !== inReplyTo) return undefined;
  return stored as StoredReply;
}

const META: ReadonlySet<string> = new Set([
  "incarnation",
  "bootId",
  "starts",
  "cloudId",
  "leases",
  "revoked",
  "offset",
] satisfies MetaKey[]);

function isMeta(key: StoredValue | undefined): key is MetaKey {
  return typeof key === "string" && (META.has(key) || key.startsWith("feed "));
}

function parse(text: StoredValue | undefined): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Damage is what is looked for here.
    return undefined;
  }
}
