import { crc32 } from "node:zlib";
import type { SqliteDatabase } from "#lib/node/sqlite";
import type { PackedBody } from "#contract/io/block-codec";
import type { TimeBase } from "#contract/telemetry-block";
import type { StoredLane } from "../telemetry/store.ts";

/** Only ever append to it. Times of a block are monotonic milliseconds of its boot. */
export const TELEMETRY_MIGRATIONS = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE block (seq INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, level INTEGER NOT NULL,
                       is_complete INTEGER NOT NULL, boot_id TEXT NOT NULL, clock TEXT NOT NULL,
                       wall_at_zero_ms INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
                       samples INTEGER NOT NULL, encoding TEXT NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
   CREATE INDEX block_by_level ON block (lane, level, seq);
   CREATE TABLE gap (id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, first_wall_ms INTEGER NOT NULL,
                     last_wall_ms INTEGER NOT NULL, samples INTEGER NOT NULL, dropped INTEGER NOT NULL,
                     reason TEXT NOT NULL) STRICT;
   CREATE TABLE cursor (lane TEXT PRIMARY KEY, acked INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
];

/** A level that no thinning leads to: nothing of such a block can be joined any more. */
export const BOTTOM_LEVEL = 99;

/** A block as its row. */
export interface BlockRow {
  readonly seq: number;
  readonly lane: StoredLane;
  readonly level: number;
  readonly is_complete: number;
  readonly boot_id: string;
  readonly clock: TimeBase["clock"];
  readonly wall_at_zero_ms: number;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly samples: number;
  readonly encoding: PackedBody["encoding"];
  readonly crc: number;
  readonly body: Uint8Array;
}

/** The database's own spending on a block, about: row header, two index entries. */
const ROW_BYTES = 80;

export function sizeOf({ body }: Pick<BlockRow, "body">): number {
  return body.length + ROW_BYTES;
}

export function baseOf(row: BlockRow): TimeBase {
  return { bootId: row.boot_id, clock: row.clock, wallAtZeroMs: row.wall_at_zero_ms };
}

export function isSound(row: BlockRow): boolean {
  return crc32(row.body) === row.crc;
}

/** A row to be, with its check sum. */
export function rowOf(
  block: Omit<BlockRow, "boot_id" | "clock" | "wall_at_zero_ms" | "crc" | "encoding" | "body">,
  base: TimeBase,
  { encoding, body }: PackedBody,
): BlockRow {
  const { bootId, clock, wallAtZeroMs } = base;
  return { ...block, boot_id: bootId, clock, wall_at_zero_ms: wallAtZeroMs, encoding, body, crc: crc32(body) };
}

export type TelemetryStatements = ReturnType<typeof prepare>;

/** Every statement of the telemetry database. */
export function prepareTelemetry(database: SqliteDatabase): TelemetryStatements {
  return prepare(database);
}

function prepare(database: SqliteDatabase) {
  return {
    insert: database.prepare<[BlockRow]>(`
      INSERT INTO block VALUES (@seq, @lane, @level, @is_complete, @boot_id, @clock, @wall_at_zero_ms, @first_ms,
                                @last_ms, @samples, @encoding, @crc, @body)`),
    // Leaves the indexed columns alone, so that a growing block costs its own page and no other.
    rewrite: database.prepare<[BlockRow]>(`
      UPDATE block SET is_complete = @is_complete, first_ms = @first_ms, last_ms = @last_ms, samples = @samples,
                       encoding = @encoding, crc = @crc, body = @body WHERE seq = @seq`),
    complete: database.prepare("UPDATE block SET is_complete = 1 WHERE is_complete = 0"),
    remove: database.prepare<[number]>("DELETE FROM block WHERE seq = ?"),
    lastSeq: database.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'block'"),
    sums: database.prepare<
      [number, StoredLane],
      { blocks: number; bytes: number; waiting: number; last: number }
    >(`SELECT count(*) AS blocks, coalesce(sum(length(body) + ${ROW_BYTES}), 0) AS bytes,
              coalesce(max(seq), 0) AS last, count(*) FILTER (WHERE seq > ?) AS waiting FROM block WHERE lane = ?`),
    waitingSamples: database.prepare<[StoredLane, number], { samples: number }>(
      "SELECT coalesce(sum(samples), 0) AS samples FROM block WHERE lane = ? AND seq > ?",
    ),
    behind: database.prepare<[StoredLane, number, number], BlockRow>(
      "SELECT * FROM block WHERE lane = ? AND seq > ? AND is_complete = 1 ORDER BY seq LIMIT ?",
    ),
    within: database.prepare<[StoredLane, number, number, number], BlockRow>(`
      SELECT * FROM block WHERE lane = ? AND last_ms + wall_at_zero_ms >= ? AND first_ms + wall_at_zero_ms <= ?
      ORDER BY seq LIMIT ?`),
    oldestAcked: database.prepare<[StoredLane, number, number], BlockRow>(
      "SELECT * FROM block WHERE lane = ? AND seq <= ? AND is_complete = 1 ORDER BY seq LIMIT ?",
    ),
    finest: database.prepare<[StoredLane], { level: number }>(
      `SELECT level FROM block WHERE lane = ? AND level < ${BOTTOM_LEVEL} AND is_complete = 1 ORDER BY level LIMIT 1`,
    ),
    ofLevel: database.prepare<[StoredLane, number, number], BlockRow>(
      "SELECT * FROM block WHERE lane = ? AND level = ? AND is_complete = 1 ORDER BY seq LIMIT ?",
    ),
    oldest: database.prepare<[StoredLane], BlockRow>(
      "SELECT * FROM block WHERE lane = ? AND is_complete = 1 ORDER BY seq LIMIT 1",
    ),
    between: database.prepare<[StoredLane, number, number]>(
      "SELECT 1 FROM block WHERE lane = ? AND seq > ? AND seq < ? LIMIT 1",
    ),
    noteGap: database.prepare<[StoredLane, number, number, number, number, string]>(
      "INSERT INTO gap (lane, first_wall_ms, last_wall_ms, samples, dropped, reason) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    forgetGaps: database.prepare("DELETE FROM gap WHERE id <= (SELECT max(id) FROM gap) - 2000"),
    acked: database.prepare<[StoredLane], { acked: number }>("SELECT acked FROM cursor WHERE lane = ?"),
    setAcked: database.prepare<[StoredLane, number]>("INSERT OR REPLACE INTO cursor VALUES (?, ?)"),
    meta: database.prepare<[string], { value: string }>("SELECT value FROM meta WHERE key = ?"),
    setMeta: database.prepare<[string, string]>("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
  };
}
