import { openSqlite, toStoreError, type SqliteDatabase } from "#lib/node/sqlite";
import { LOCKED_STATUSES } from "./sql/locked-statuses.ts";
import { apply } from "./sql/changes.ts";
import type { Read } from "./sql/page.ts";
import { createQueries } from "./sql/queries.ts";
import { ConflictSignal, TakenSignal, type Statement, type Writing, type Written } from "./sql/writing.ts";
import { MIGRATIONS } from "./sqlite-schema.ts";
import type { CommitResult, StoreOp } from "./store-ops.ts";
import type { LogEntry } from "./store-rows.ts";
import { type CloudStore, RESTORED } from "./store.ts";

interface Pending {
  readonly ops: readonly StoreOp[];
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (reason: unknown) => void;
}

interface Outcome {
  readonly pending: Pending;
  readonly result: CommitResult;
  readonly logged: readonly LogEntry[];
}

export interface SqliteStoreOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Identity of a database that is made now, or restored; an older one keeps its own. */
  readonly newCloudId: string;
  /** The database takes the place of a lost one: it is a copy that was put back, or a new one. One in memory begins with `copy`. */
  readonly restored?: { readonly copy?: Uint8Array | undefined };
  /**
   * Calls back when it is time to write what has come together; as soon as the current turn's promises have settled unless
   * given. A process that hears many devices does better with once a turn of its event loop: one flush of the disk for all.
   */
  readonly gather?: (write: () => void) => void;
}

export interface SqliteCloudStore extends CloudStore {
  /** A copy of the database as it is now. */
  backUp(): Uint8Array;
}

/**
 * The cloud's database in one SQLite file (or `:memory:`), on the calling thread. Commits that are asked for before
 * `gather` calls back are written as one transaction, each in a savepoint of its own.
 * Throws `store.failed` or `store.corrupt` when the file cannot be used.
 */
export function openSqliteStore({
  path,
  newCloudId,
  restored,
  gather = queueMicrotask,
}: SqliteStoreOptions): SqliteCloudStore {
  const content = restored?.copy;
  const database = openSqlite({ path, migrations: MIGRATIONS, ...(content && { content }) });
  if (restored) noteRestored(database);
  const listeners = new Set<(entries: readonly LogEntry[]) => void>();
  const eventListeners = new Set<() => void>();
  const writeAll = createGroupWrite(database);
  let waiting: Pending[] = [];

  function flush(): void {
    if (waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    const written = attempt(() => writeAll(group));
    if ("thrown" in written) {
      for (const pending of group) pending.reject(toStoreError(written.thrown));
      return;
    }
    for (const { pending, result } of written.value) pending.resolve(result);
    const logged = written.value.flatMap((outcome) => outcome.logged);
    if (logged.length > 0) for (const listener of listeners) listener(logged);
    if (written.value.some(hasEvents)) for (const listener of eventListeners) listener();
  }
  return {
    ...createQueries(readerOf(database), cloudIdOf(database, newCloudId), LOCKED_STATUSES),
    commit: (ops) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ ops, resolve, reject }) === 1) gather(flush);
      }),
    backUp: () => database.serialize(),
    onLogged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onEvents(listener) {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },
    [Symbol.asyncDispose]: async () => {
      if (waiting.length > 0) flush();
      database.close();
    },
  };
}

function hasEvents({ pending, result }: Outcome): boolean {
  return result.ok && pending.ops.some((op) => op.op === "append-events");
}

function createGroupWrite(database: SqliteDatabase): (group: readonly Pending[]) => Outcome[] {
  const answer = statementsOn(database);
  const writeOne = database.transaction((ops: readonly StoreOp[]) => ops.flatMap((op) => drive(apply(op), answer)));
  return database.transaction((group: readonly Pending[]) =>
    group.map((pending): Outcome => {
      const written = attempt(() => writeOne(pending.ops));
      if (!("thrown" in written)) return { pending, result: { ok: true }, logged: written.value };
      if (!(written.thrown instanceof ConflictSignal)) throw written.thrown;
      return { pending, result: { ok: false, conflict: written.thrown.conflict }, logged: [] };
    }),
  );
}

/** Runs work to its end on a database that answers at once. */
function drive<Result>(writing: Writing<Result>, answer: (statement: Statement) => Written): Result {
  let step = writing.next();
  while (!step.done) {
    const { value } = step;
    const written = attempt(() => answer(value));
    step = "thrown" in written ? writing.throw(takenOr(written.thrown)) : writing.next(written.value);
  }
  return step.value;
}

/** SQLite names the columns of a violated index, not the index. */
function takenOr(thrown: unknown): unknown {
  const { code, message } = thrown as { code?: string; message?: string };
  const isTaken = code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY";
  return isTaken ? new TakenSignal(message?.includes("contract.task_id") ?? false) : thrown;
}

/** Every text is prepared once. */
function preparedOn(database: SqliteDatabase): (sql: string) => ReturnType<SqliteDatabase["prepare"]> {
  const prepared = new Map<string, ReturnType<SqliteDatabase["prepare"]>>();
  return (sql) => {
    const known = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, known);
    return known;
  };
}

function statementsOn(database: SqliteDatabase): (statement: Statement) => Written {
  const prepared = preparedOn(database);
  return ({ sql, values }) => {
    const statement = prepared(sql);
    if (!statement.reader) return { changes: statement.run(values).changes, rows: [] };
    const rows = statement.all(values) as Written["rows"];
    return { changes: rows.length, rows };
  };
}

function readerOf(database: SqliteDatabase): Read {
  const prepared = preparedOn(database);
  return async (sql, values = {}) => prepared(sql).all(values) as Written["rows"];
}

/** Another identity than the lost database had: devices then send again what they still hold. */
function noteRestored(database: SqliteDatabase): void {
  database.prepare("DELETE FROM meta WHERE key = 'cloud_id'").run();
  database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, 'yes')").run(RESTORED);
}

function cloudIdOf(database: SqliteDatabase, newCloudId: string): string {
  database.prepare("INSERT INTO meta (key, value) VALUES ('cloud_id', ?) ON CONFLICT DO NOTHING").run(newCloudId);
  return String(database.prepare("SELECT value FROM meta WHERE key = 'cloud_id'").pluck().get());
}

function attempt<Value>(run: () => Value): { readonly value: Value } | { readonly thrown: unknown } {
  try {
    return { value: run() };
  } catch (thrown) {
    return { thrown };
  }
}
