import { AgentError, assert } from "#lib/errors";
import {
  FILE_SYSTEM,
  openSqliteOn,
  asidePath,
  renameDatabase,
  toStoreError,
  type SqliteConnection,
  type SqliteDisk,
  type SqliteStatement,
} from "#lib/node/sqlite";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import { GENESIS_HASH } from "#contract/hash-chain";
import type { DeviceState } from "#contract/state";
import type { LearnedDuration } from "../core/durations.ts";
import { checkContent } from "./core-damage.ts";
import { isLogDamaged, isPutAway, putAway, salvageFile } from "./salvage/damaged-file.ts";
import { insertInto, SEAL_TABLES, sealed, type SealedTable } from "./sealed-rows.ts";
import type {
  JournalEntry,
  JournalSlice,
  MetaKey,
  SalvageReport,
  Snapshot,
  StoredReply,
  StoredState,
  StoreOp,
} from "../store.ts";

/** Only ever append to it: databases in the field run the scripts that they have not run yet. */
const MIGRATIONS = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE journal (seq INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
   CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL,
                          state TEXT NOT NULL) STRICT;
   CREATE TABLE contract (contract_id TEXT NOT NULL, revision INTEGER NOT NULL, jws TEXT NOT NULL, body TEXT NOT NULL,
                          PRIMARY KEY (contract_id, revision)) STRICT;
   CREATE TABLE reply (id INTEGER PRIMARY KEY AUTOINCREMENT, in_reply_to TEXT NOT NULL,
                       document_hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
   CREATE INDEX reply_in_reply_to ON reply (in_reply_to);
   CREATE TABLE cursor (lane TEXT PRIMARY KEY, acked INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE duration (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, place TEXT NOT NULL,
                          count INTEGER NOT NULL, mean REAL NOT NULL, variance REAL NOT NULL,
                          UNIQUE (action, place)) STRICT;`,
  SEAL_TABLES,
];

const REPLIES_KEPT = 1000;
const DURATIONS_KEPT = 1000;

/** Undefined when the file is damaged. */
function unlessDamaged(open: () => SqliteConnection): SqliteConnection | undefined {
  try {
    return open();
  } catch (thrown) {
    if (thrown instanceof AgentError && thrown.code === "store.corrupt") return undefined;
    throw thrown;
  }
}

/** SQLite checks that its pages fit together; what was stored in them must be what was stored, too. Throws `store.corrupt`. */
function checked(database: SqliteConnection): SqliteConnection {
  try {
    checkContent(database);
    return database;
  } catch (thrown) {
    database.close();
    throw toStoreError(thrown);
  }
}

/** `core.db` with synchronous calls; the storage worker and the inline store put promises around it. */
export class CoreDatabase {
  readonly #database: SqliteConnection;
  readonly #statements = new Map<string, SqliteStatement>();

  private constructor(database: SqliteConnection) {
    this.#database = database;
  }

  /**
   * A damaged file is renamed, never deleted, and a new database takes its place with what can be salvaged. Throws `store.failed`,
   * and `store.in_use`.
   */
  static open(path: string, disk: SqliteDisk = FILE_SYSTEM): CoreDatabase {
    const open = (): SqliteConnection => openSqliteOn(disk, { path, migrations: MIGRATIONS });
    const damaged = `${path}.damaged`;
    let database = isLogDamaged(path, disk) ? undefined : unlessDamaged(() => checked(open()));
    if (!database) {
      putAway(path, { damaged, older: asidePath(damaged, disk) }, disk);
      database = open();
    }
    const core = new CoreDatabase(database);
    if (isPutAway(damaged, disk)) core.#succeed(damaged, asidePath(path, disk), disk);
    return core;
  }

  /**
   * Takes over what can be saved, then gives the damaged file a name of its own. Until both are done it is called `damaged`, so
   * that a program that dies in between is followed by one that does it.
   */
  #succeed(damaged: string, aside: string, disk: SqliteDisk): void {
    try {
      if (!this.#row("SELECT 1 FROM meta WHERE key = 'setAside'")) {
        const { ops, kept } = salvageFile(damaged, disk);
        this.#database.transaction(() => {
          for (const op of ops) this.#apply(op);
          this.#apply({ type: "set-meta", key: "salvaged", value: JSON.stringify(kept) });
          this.#apply({ type: "set-meta", key: "setAside", value: aside });
        })();
      }
      renameDatabase(damaged, aside, disk);
    } catch (thrown) {
      this.#database.close();
      throw toStoreError(thrown);
    }
  }

  load(): StoredState {
    const metaRows = this.#rows<{ key: MetaKey; value: string }>("SELECT key, value FROM meta");
    const { setAside, salvaged, ...meta }: StoredState["meta"] = Object.fromEntries(
      metaRows.map((row) => [row.key, row.value]),
    );
    const snapshot = this.#readSnapshot();
    const acked = this.#row<{ acked: number }>("SELECT acked FROM cursor WHERE lane = 'journal'");
    // Of columns without an aggregate, SQLite takes those of the row that holds the max.
    const contracts = this.#rows<{ body: string }>("SELECT body, max(revision) FROM contract GROUP BY contract_id");
    return {
      meta,
      ...this.#newest(snapshot),
      ackedSeq: acked?.acked ?? 0,
      contracts: contracts.map((row) => JSON.parse(row.body) as Contract),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(setAside ? { setAside } : {}),
      ...(setAside && salvaged ? { salvaged: JSON.parse(salvaged) as SalvageReport } : {}),
    };
  }

  /**
   * Commits several callers' batches in one transaction, so that they share one fsync. Each batch is atomic and one that
   * fails fails alone: the result at its place says why. When the transaction itself fails, every batch has failed.
   */
  commitGroup(batches: readonly (readonly StoreOp[])[]): readonly (AgentError | undefined)[] {
    const database = this.#database;
    const applyBatch = database.transaction((ops: readonly StoreOp[]) => {
      for (const op of ops) this.#apply(op);
    });
    const applyGroup = database.transaction(() =>
      batches.map((ops) => {
        try {
          applyBatch(ops);
          return undefined;
        } catch (thrown) {
          // A full disk rolls the whole transaction back; then no batch of the group is left.
          if (!database.inTransaction) throw thrown;
          return toStoreError(thrown);
        }
      }),
    );
    try {
      return applyGroup.immediate();
    } catch (thrown) {
      const failure = toStoreError(thrown);
      return batches.map(() => failure);
    }
  }

  readJournal(fromSeq: number, limit: number, maxBytes: number): JournalSlice | undefined {
    const before = this.#hashAt(fromSeq - 1);
    const rows = this.#rows<{ seq: number; boot_id: string; body: string }>(
      "SELECT seq, boot_id, body FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?",
      [fromSeq, limit],
    );
    const first = rows[0];
    if (first?.seq !== fromSeq || before === undefined) return undefined;
    let bytes = 0;
    const events: Event[] = [];
    for (const row of rows) {
      bytes += Buffer.byteLength(row.body);
      if (row.boot_id !== first.boot_id || (events.length > 0 && bytes > maxBytes)) break;
      events.push(JSON.parse(row.body) as Event);
    }
    return { bootId: first.boot_id, prevHash: before, events };
  }

  readReplies(inReplyTo: string): readonly StoredReply[] {
    const sql = "SELECT body FROM reply WHERE in_reply_to = ? ORDER BY id DESC";
    return this.#rows<{ body: string }>(sql, [inReplyTo]).map((row) => JSON.parse(row.body) as StoredReply);
  }

  readDurations(): readonly LearnedDuration[] {
    return this.#rows("SELECT action, place, count, mean, variance FROM duration");
  }

  /** Bytes of the pages that hold something. */
  usedBytes(): number {
    const count = (name: string): number => Number(this.#database.pragma(name, { simple: true }));
    return (count("page_count") - count("freelist_count")) * count("page_size");
  }

  close(): void {
    this.#database.close();
  }

  #apply(op: StoreOp): void {
    switch (op.type) {
      case "append":
        return this.#append(op.entry);
      case "put-contract":
        return this.#putContract(op);
      case "put-reply":
        return this.#putReply(op.stored);
      case "set-meta":
        return this.#put("meta", [op.key, op.value]);
      case "set-acked":
        return this.#put("cursor", ["journal", op.seq]);
      case "put-duration":
        return this.#putDuration(op.duration);
      case "prune":
        return this.#prune(op.snapshot, op.contracts);
      case "renumber":
        this.#run("DELETE FROM journal", []);
        this.#writeSnapshot(op.snapshot);
        for (const entry of op.entries) this.#append(entry);
    }
  }

  #append({ bootId, event, hash }: JournalEntry): void {
    const last = this.#row<{ seq: number }>(
      "SELECT coalesce((SELECT max(seq) FROM journal), (SELECT seq FROM snapshot), 0) AS seq",
    );
    assert(event.seq === (last?.seq ?? 0) + 1, "the journal has no gap");
    this.#run("INSERT INTO journal VALUES (?, ?, ?, ?)", [event.seq, bootId, JSON.stringify(event), hash]);
  }

  /** A revision that is there already is refused. */
  #putContract({ contract, jws }: Extract<StoreOp, { type: "put-contract" }>): void {
    const { contractId, revision } = contract;
    const values = sealed([contractId, revision, jws, JSON.stringify(contract)]);
    this.#run(insertInto("contract", "or fail"), values);
  }

  #putReply(stored: StoredReply): void {
    this.#put("reply", [stored.reply.inReplyTo, stored.documentHash, JSON.stringify(stored)]);
    this.#run("DELETE FROM reply WHERE id <= (SELECT max(id) FROM reply) - ?", [REPLIES_KEPT]);
  }

  /** A row that is replaced gets a new id, so the lowest ids are those that were not learned for longest. */
  #putDuration({ action, place, count, mean, variance }: LearnedDuration): void {
    this.#put("duration", [action, place, count, mean, variance]);
    this.#run("DELETE FROM duration WHERE id IN (SELECT id FROM duration ORDER BY id DESC LIMIT -1 OFFSET ?)", [
      DURATIONS_KEPT,
    ]);
  }

  #prune(snapshot: Snapshot, contracts: readonly string[]): void {
    this.#run("DELETE FROM journal WHERE seq <= ?", [snapshot.state.seq]);
    this.#writeSnapshot(snapshot);
    const kept = JSON.stringify(contracts);
    this.#run("DELETE FROM contract WHERE contract_id NOT IN (SELECT value FROM json_each(?))", [kept]);
  }

  #newest(snapshot: Snapshot | undefined): Pick<StoredState, "lastSeq" | "lastHash"> {
    const last = this.#row<{ seq: number; hash: string }>("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1");
    if (last) return { lastSeq: last.seq, lastHash: last.hash };
    return snapshot ? { lastSeq: snapshot.state.seq, lastHash: snapshot.hash } : { lastSeq: 0, lastHash: GENESIS_HASH };
  }

  #readSnapshot(): Snapshot | undefined {
    const row = this.#row<{ hash: string; state: string }>("SELECT hash, state FROM snapshot");
    return row && { hash: row.hash, state: JSON.parse(row.state) as DeviceState };
  }

  #writeSnapshot({ state, hash }: Snapshot): void {
    this.#put("snapshot", [1, state.seq, hash, JSON.stringify(state)]);
  }

  #hashAt(seq: number): string | undefined {
    if (seq === 0) return GENESIS_HASH;
    const sql = "SELECT hash FROM journal WHERE seq = ? UNION ALL SELECT hash FROM snapshot WHERE seq = ?";
    return this.#row<{ hash: string }>(sql, [seq, seq])?.hash;
  }

  /** In place of the row with the same key, if there is one. */
  #put(table: SealedTable, values: readonly unknown[]): void {
    this.#run(insertInto(table, "or replace"), sealed(values));
  }

  #run(sql: string, values: readonly unknown[]): void {
    this.#statement(sql).run(...values);
  }

  #row<Row>(sql: string, values: readonly unknown[] = []): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  #rows<Row>(sql: string, values: readonly unknown[] = []): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  #statement(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
