import { closeSync, existsSync, openSync, readFileSync, readSync, renameSync } from "node:fs";
import Database from "better-sqlite3";
import { AgentError, assert, InvariantError, messageOf } from "../errors.ts";
import { judgeSchema } from "./sqlite-schema.ts";

/** A connection as `openSqlite` returns it. */
export type SqliteDatabase = Database.Database;

/** What a store needs of a connection: those of better-sqlite3 are such, and those to a disk that is simulated. */
export interface SqliteConnection {
  /** Whether it has no file. */
  readonly memory: boolean;
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  /** The rows of a PRAGMA; with `simple` the first value of the first row. */
  pragma(source: string, options?: { readonly simple?: boolean }): unknown;
  prepare(sql: string): SqliteStatement;
  /** Wraps `run` so that it commits when it returns and rolls back when it throws; inside another it is a savepoint. */
  transaction<Args extends unknown[], Result>(run: (...args: Args) => Result): SqliteTransaction<Args, Result>;
  close(): unknown;
}

export interface SqliteStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

export interface SqliteTransaction<Args extends unknown[], Result> {
  (...args: Args): Result;
  /** Takes the write lock at once instead of at the first write. */
  immediate(...args: Args): Result;
}

/** What connections throw; `code` is the name of SQLite's result code. */
export const { SqliteError } = Database;

/** The folder that database files are in. */
export interface SqliteDisk {
  /** Opens or makes the file. Throws an `SqliteError`. */
  connect(path: string): SqliteConnection;
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  /** The first bytes of a file, fewer where it has no more of them. Throws what the system says. */
  readStart(path: string, count: number): Uint8Array;
  /** The bytes of a file. Absent where bytes can't be had: nothing is salvaged there. */
  readonly read?: (path: string) => Uint8Array;
  /** For the names of what is set aside; milliseconds since the Unix epoch. */
  wallMs(): number;
  /** How far the write-ahead log is extended before work begins: beyond what lies in it between two checkpoints. */
  readonly warmWalBytes: number;
}

/** The file system of this machine. */
export const FILE_SYSTEM: SqliteDisk = {
  connect: (path) => new Database(path),
  exists: existsSync,
  rename: renameSync,
  readStart,
  read: (path) => readFileSync(path),
  wallMs: () => Date.now(),
  warmWalBytes: 1_048_576,
};

function readStart(path: string, count: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(count);
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

export interface SqliteOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** What a database in memory begins with: the bytes of another, as `serialize` gives them. */
  readonly content?: Uint8Array;
  /** SQL scripts; the one at index n leads from `user_version` n to n + 1 and changes the schema. Only ever append to it. */
  readonly migrations: readonly string[];
}

/**
 * Opens a database whose commits survive a power cut: WAL with `synchronous=FULL`, checked, migrated, its WAL
 * pre-extended. It belongs to this connection until it is closed or its process has died. Synchronous. Throws `store.in_use`
 * when another has it, `store.corrupt` when the file is damaged, `store.failed` for anything else.
 */
export function openSqlite(options: SqliteOptions): SqliteDatabase {
  const connect = (): SqliteDatabase => new Database(options.content ? Buffer.from(options.content) : options.path);
  return open(connect, options, FILE_SYSTEM);
}

/** `openSqlite` on another disk. */
export function openSqliteOn(disk: SqliteDisk, options: SqliteOptions): SqliteConnection {
  return open(() => disk.connect(options.path), options, disk);
}

/** Renames a damaged database with its WAL, never deletes it; returns the new path `<path>.corrupt-<time>`. */
export function setCorruptAside(path: string, disk: SqliteDisk = FILE_SYSTEM): string {
  const aside = asidePath(path, disk);
  renameDatabase(path, aside, disk);
  return aside;
}

/** Where a damaged database is kept that is found now. */
export function asidePath(path: string, disk: SqliteDisk): string {
  return `${path}.corrupt-${new Date(disk.wallMs()).toISOString().replaceAll(/[:.]/g, "-")}`;
}

/** The file, then those beside it: whoever dies in between leaves a log without its file, which SQLite takes for nothing. */
export function renameDatabase(from: string, to: string, disk: SqliteDisk): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (disk.exists(from + suffix)) disk.rename(from + suffix, to + suffix);
  }
}

/**
 * Anything thrown by SQLite as an `AgentError`: `store.corrupt` for damage, else `store.failed` (retryable when busy or
 * full). A broken invariant is thrown on.
 */
export function toStoreError(thrown: unknown): AgentError {
  if (thrown instanceof InvariantError) throw thrown;
  if (thrown instanceof AgentError) return thrown;
  const code = thrown instanceof SqliteError ? thrown.code : "";
  const message = `database: ${messageOf(thrown)}`;
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return new AgentError("store.corrupt", message, { cause: thrown });
  const retryable = /^SQLITE_(BUSY|FULL|LOCKED|IOERR)/.test(code);
  return new AgentError("store.failed", message, { retryable, cause: thrown });
}

function open<Connection extends SqliteConnection>(
  connect: () => Connection,
  options: SqliteOptions,
  disk: SqliteDisk,
): Connection {
  let database: Connection | undefined;
  try {
    database = connect();
    makeReady(database, options.path);
    migrate(database, options.migrations);
    if (!database.memory) warmWal(database, disk.warmWalBytes);
    assertDurable(database);
    return database;
  } catch (thrown) {
    database?.close();
    throw isOfNoFormat(thrown, options.path, disk)
      ? new AgentError("store.corrupt", "database: its header has a format that no program writes", { cause: thrown })
      : toStoreError(thrown);
  }
}

/** Where the header says which format is needed to write, and the newest that there is (https://www.sqlite.org/fileformat2.html). */
const WRITE_FORMAT_AT = 18;
const NEWEST_FORMAT = 2;

/** SQLite opens a file of a format to come to be read only, and says the same of it as of a disk that is. */
function isOfNoFormat(thrown: unknown, path: string, disk: SqliteDisk): boolean {
  if (!(thrown instanceof SqliteError) || thrown.code !== "SQLITE_READONLY" || !disk.exists(path)) return false;
  const format = disk.readStart(path, WRITE_FORMAT_AT + 1)[WRITE_FORMAT_AT];
  return format !== undefined && format > NEWEST_FORMAT;
}

/** What is asked here is right for any database: where SQLite makes no sense of it, the file is damaged (its header, say). */
function makeReady(database: SqliteConnection, path: string): void {
  try {
    lock(database, path);
    setPragmas(database);
    checkIntegrity(database, "quick_check");
  } catch (thrown) {
    if (!(thrown instanceof SqliteError) || thrown.code !== "SQLITE_ERROR") throw thrown;
    throw new AgentError("store.corrupt", `database: ${thrown.message}`, { cause: thrown });
  }
}

/** Two programs on one database would each believe that they alone speak for the device; the system drops the lock of a dead one. */
function lock(database: SqliteConnection, path: string): void {
  if (database.memory) return;
  database.pragma("locking_mode = EXCLUSIVE");
  try {
    database.exec("BEGIN EXCLUSIVE; COMMIT");
  } catch (thrown) {
    if (!(thrown instanceof SqliteError) || !thrown.code.startsWith("SQLITE_BUSY")) throw thrown;
    throw new AgentError("store.in_use", `${path} is in use by another program; stop that one first`, {
      cause: thrown,
    });
  }
}

/** `page_size` and `auto_vacuum` must come before the first page is written. */
function setPragmas(database: SqliteConnection): void {
  database.pragma("page_size = 4096");
  database.pragma("auto_vacuum = NONE");
  database.pragma("journal_mode = WAL");
  // better-sqlite3 is compiled with SQLITE_DEFAULT_WAL_SYNCHRONOUS=1 (NORMAL), which loses committed rows at a power cut.
  database.pragma("synchronous = FULL");
  database.pragma("wal_autocheckpoint = 256");
  database.pragma("journal_size_limit = -1");
  database.pragma("cache_size = -2000");
  database.pragma("foreign_keys = ON");
  database.pragma("trusted_schema = OFF");
}

/**
 * Whether pages fit together; `integrity_check` also holds each index against its table. Throws `store.corrupt`, or `store.failed`
 * where a page could not be read.
 */
export function checkIntegrity(database: SqliteConnection, how: "quick_check" | "integrity_check"): void {
  const verdict = database.pragma(`${how}(1)`, { simple: true });
  if (verdict === "ok") return;
  const message = `database: ${String(verdict)}`;
  // A page that could not be read now says nothing against the page: setting the database aside would lose what it holds.
  const isUnread = UNREAD.test(message);
  throw new AgentError(isUnread ? "store.failed" : "store.corrupt", message, { retryable: isUnread });
}

/** What the check says of a page that it could not read; 10 is SQLITE_IOERR, 266 its variant for reads. */
const UNREAD = /failed to get page|unable to get the page\. error code=(10|266)\b|error code (10|266)\b/;

function migrate(database: SqliteConnection, migrations: readonly string[]): void {
  const verdict = judgeSchema(database, migrations);
  if (verdict.says === "damaged") throw new AgentError("store.corrupt", `database: ${verdict.detail}`);
  const { version } = verdict;
  if (verdict.says === "newer") {
    const known = `this program knows version ${migrations.length}`;
    throw new AgentError("store.failed", `the database has version ${version}, ${known}: start the newer program`);
  }
  database.transaction(() => {
    for (const script of migrations.slice(version)) database.exec(script);
    database.pragma(`user_version = ${migrations.length}`);
  })();
}

/**
 * A recycled WAL costs a third of the flash wear of a growing one, so it is extended once, before work begins; not on a full
 * disk, where the room is worth more.
 */
function warmWal(database: SqliteConnection, bytes: number): void {
  try {
    database.exec("CREATE TABLE IF NOT EXISTS warm_wal (filler BLOB)");
    database.prepare("INSERT INTO warm_wal VALUES (zeroblob(?))").run(bytes);
    database.exec("DELETE FROM warm_wal");
    database.pragma("wal_checkpoint(PASSIVE)");
  } catch (thrown) {
    if (!isFull(thrown)) throw thrown;
  }
}

/** Whether SQLite refused because there is no room left, on the disk or below the cap of the file. */
export function isFull(thrown: unknown): boolean {
  return thrown instanceof SqliteError && thrown.code === "SQLITE_FULL";
}

/** SQLite shows the compiled-in level only after the first read and write, so this comes last. */
function assertDurable(database: SqliteConnection): void {
  const FULL = 2;
  assert(database.pragma("synchronous", { simple: true }) === FULL, "the database commits with synchronous=FULL");
  const mode = database.pragma("journal_mode", { simple: true });
  assert(mode === (database.memory ? "memory" : "wal"), "the database journals in WAL mode");
}
