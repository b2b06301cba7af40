import type {
  BindableValue,
  Database as WasmDatabase,
  PreparedStatement,
  Sqlite3Static,
} from "@sqlite.org/sqlite-wasm";
import { SqliteError, type SqliteConnection, type SqliteStatement, type SqliteTransaction } from "#lib/node/sqlite";

/**
 * A connection of SQLite's WebAssembly build that behaves as one of better-sqlite3 does, errors included, as far as our
 * stores use it. Throws `SqliteError`.
 */
export function openWasmConnection(sqlite: Sqlite3Static, filename: string, vfs: string): SqliteConnection {
  const guarded = <Value>(run: () => Value): Value => guard(sqlite, run);
  const database = guarded(() => new sqlite.oo1.DB({ filename, flags: "c", vfs }));
  const inTransaction = (): boolean => sqlite.capi.sqlite3_get_autocommit(database) === 0;
  const exec = (sql: string): void => void guarded(() => database.exec(sql));
  return {
    memory: false,
    get inTransaction() {
      return inTransaction();
    },
    exec,
    pragma(source, options) {
      const rows = guarded(() => database.selectObjects(`PRAGMA ${source}`));
      return options?.simple ? Object.values(rows[0] ?? {})[0] : rows;
    },
    prepare: (sql) => guarded(() => toStatement(database.prepare(sql), guarded)),
    transaction: (run) => toTransaction(run, { exec, inTransaction }),
    close: () => closeConnection(sqlite, database),
  };
}

type Guarded = <Value>(run: () => Value) => Value;

function toStatement(statement: PreparedStatement, guarded: Guarded): SqliteStatement {
  function perform<Value>(values: readonly unknown[], read: () => Value): Value {
    return guarded(() => {
      try {
        if (values.length > 0) statement.bind(values as readonly BindableValue[]);
        return read();
      } finally {
        statement.reset(true);
      }
    });
  }
  return {
    run: (...values) => perform(values, () => void statement.step()),
    get: (...values) => perform(values, () => (statement.step() ? statement.get({}) : undefined)),
    all: (...values) =>
      perform(values, () => {
        const rows: unknown[] = [];
        while (statement.step()) rows.push(statement.get({}));
        return rows;
      }),
  };
}

/** As better-sqlite3's: a transaction, or a savepoint where one is open; SQLite itself may have rolled all of it back. */
function toTransaction<Args extends unknown[], Result>(
  run: (...args: Args) => Result,
  database: { readonly exec: (sql: string) => void; readonly inTransaction: () => boolean },
): SqliteTransaction<Args, Result> {
  const begun =
    (begin: string) =>
    (...args: Args): Result => {
      const isInner = database.inTransaction();
      database.exec(isInner ? "SAVEPOINT inner" : begin);
      try {
        const result = run(...args);
        database.exec(isInner ? "RELEASE inner" : "COMMIT");
        return result;
      } catch (thrown) {
        if (database.inTransaction()) database.exec(isInner ? "ROLLBACK TO inner; RELEASE inner" : "ROLLBACK");
        throw thrown;
      }
    };
  return Object.assign(begun("BEGIN"), { immediate: begun("BEGIN IMMEDIATE") });
}

/** A connection whose process is dead cannot write any more, but what it takes of memory is given back. */
function closeConnection(sqlite: Sqlite3Static, database: WasmDatabase): void {
  guard(sqlite, () => database.close());
}

function guard<Value>(sqlite: Sqlite3Static, run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof sqlite.SQLite3Error)) throw thrown;
    throw new SqliteError(thrown.message, sqlite.capi.sqlite3_js_rc_str(thrown.resultCode) ?? "SQLITE_ERROR");
  }
}
