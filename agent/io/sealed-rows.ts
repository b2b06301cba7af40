import { sha256Hex } from "#contract/io/node-crypto";
import type { SqliteConnection } from "#lib/node/sqlite";

/** Tables whose rows carry a digest, with the columns that it is over. Events have the hash of their chain. */
const SEALED = {
  meta: ["key", "value"],
  snapshot: ["id", "seq", "hash", "state"],
  contract: ["contract_id", "revision", "jws", "body"],
  reply: ["in_reply_to", "document_hash", "body"],
  cursor: ["lane", "acked"],
  duration: ["action", "place", "count", "mean", "variance"],
} as const;

export type SealedTable = keyof typeof SEALED;
const TABLES = Object.keys(SEALED) as SealedTable[];

/** The script that gives the tables their digest; rows of before have none. */
export const SEAL_TABLES = TABLES.map((table) => `ALTER TABLE ${table} ADD COLUMN digest TEXT`).join(";\n");

/** The statement that puts a row into a table, for the values that `sealed` returns. */
export function insertInto(table: SealedTable, orReplace: "or replace" | "or fail"): string {
  const columns = SEALED[table];
  const marks = columns.map(() => "?").join(", ");
  return `INSERT ${orReplace} INTO ${table} (${columns.join(", ")}, digest) VALUES (${marks}, ?)`;
}

/** The values of a row, in the order of its columns, and their digest. */
export function sealed(values: readonly unknown[]): readonly unknown[] {
  return [...values, digestOf(values)];
}

/** Whether values are those that a digest was made of; rows of before have none. */
export function isIntact(values: readonly unknown[], digest: unknown): boolean {
  return digest === null || digest === undefined || digest === digestOf(values);
}

/** A table with a row that is not what was put there; undefined where there is none. Throws what SQLite throws. */
export function brokenSeal(database: SqliteConnection): SealedTable | undefined {
  return TABLES.find((table) => {
    const columns = SEALED[table];
    const rows = database.prepare(`SELECT ${columns.join(", ")}, digest FROM ${table}`).all();
    return (rows as Readonly<Record<string, unknown>>[]).some(
      (row) =>
        !isIntact(
          columns.map((column) => row[column]),
          row["digest"],
        ),
    );
  });
}

/** Against bits that flip, not against somebody who can write to the file: 64 bits are plenty. */
function digestOf(values: readonly unknown[]): string {
  return sha256Hex(JSON.stringify(values)).slice(0, 16);
}
