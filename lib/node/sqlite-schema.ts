import Database from "better-sqlite3";
import type { SqliteConnection } from "./sqlite.ts";

/** What a database says of itself. */
export type SchemaVerdict =
  | { readonly says: "fits"; readonly version: number }
  /** A later program has made it. */
  | { readonly says: "newer"; readonly version: number }
  /** Its `user_version`, or the SQL that it keeps of its tables, is not what any program wrote. */
  | { readonly says: "damaged"; readonly detail: string };

/**
 * Holds `user_version` and the stored SQL of tables and indexes against what the scripts make of an empty database: no check of
 * SQLite's own notices a bit that flips there. What somebody has added is left alone. Throws what a broken script throws.
 */
export function judgeSchema(database: SqliteConnection, migrations: readonly string[]): SchemaVerdict {
  const version = Number(database.pragma("user_version", { simple: true }));
  const found = schemaOf(database);
  const newest = madeBy(migrations);
  if (version < 0 || version > migrations.length) {
    // A later program would have changed something.
    const isOurs = found.size === newest.size && holds(found, newest);
    return version < 0 || isOurs ? damaged(`its version is ${version}`) : { says: "newer", version };
  }
  const made = version === migrations.length ? newest : madeBy(migrations.slice(0, version));
  const missing = [...made].find(([name, sql]) => found.get(name) !== sql);
  if (missing) return damaged(`what it keeps of ${missing[0]} is not what makes it`);
  const isLater = !holds(made, newest) && holds(found, newest);
  return isLater ? damaged(`its version is ${version}, and it has what comes later`) : { says: "fits", version };
}

function damaged(detail: string): SchemaVerdict {
  return { says: "damaged", detail };
}

type Schema = ReadonlyMap<string, string>;

function holds(schema: Schema, part: Schema): boolean {
  return [...part].every(([name, sql]) => schema.get(name) === sql);
}

/** The SQL of what somebody made, by name; how a script is broken into lines does not count. */
function schemaOf(database: Pick<SqliteConnection, "prepare">): Schema {
  const rows = database.prepare(OBJECTS).all() as { name: string; sql: string }[];
  return new Map(rows.map(({ name, sql }) => [name, sql.replaceAll(/\s+/g, " ")]));
}

const OBJECTS = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'warm_wal'";

function madeBy(migrations: readonly string[]): Schema {
  const empty = new Database(":memory:");
  try {
    for (const script of migrations) empty.exec(script);
    return schemaOf(empty);
  } finally {
    empty.close();
  }
}
