import { openSqlite, setCorruptAside, toStoreError } from "#lib/node/sqlite";
import { AgentError } from "#lib/errors";
import type { ArchivedBlock, BlockPlace, PlacedBlock, TelemetryArchive } from "../thing-io/archive.ts";

/** Only ever append to it. Cursors outlive their blocks: what was forgotten must not be asked for again. */
const MIGRATIONS = [
  `CREATE TABLE block (device_id TEXT NOT NULL, store TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
                       first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL,
                       PRIMARY KEY (device_id, lane, store, seq)) STRICT;
   CREATE INDEX block_by_time ON block (device_id, lane, last_ms);
   CREATE INDEX block_by_age ON block (last_ms);
   CREATE TABLE cursor (device_id TEXT NOT NULL, store TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
                        moved INTEGER NOT NULL, PRIMARY KEY (device_id, store, lane)) STRICT, WITHOUT ROWID;`,
  // Positions are never given twice, not even when everything was forgotten: readers outside keep them.
  `CREATE TABLE placed (position INTEGER PRIMARY KEY AUTOINCREMENT,
                        device_id TEXT NOT NULL, store TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
                        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL,
                        UNIQUE (device_id, lane, store, seq)) STRICT;
   INSERT INTO placed (device_id, store, lane, seq, first_ms, last_ms, head, body)
     SELECT device_id, store, lane, seq, first_ms, last_ms, head, body FROM block ORDER BY rowid;
   DROP TABLE block;
   ALTER TABLE placed RENAME TO block;
   CREATE INDEX block_by_time ON block (device_id, lane, last_ms);
   CREATE INDEX block_by_age ON block (last_ms);
   CREATE TABLE identity (id TEXT NOT NULL) STRICT;
   INSERT INTO identity VALUES (lower(hex(randomblob(16))));`,
];

const FORGOTTEN_AT_ONCE = 5000;

interface BlockRow {
  readonly deviceId: string;
  readonly store: string;
  readonly lane: string;
  readonly seq: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly head: string;
  readonly body: Buffer;
}

/**
 * The archive in a SQLite file of its own (or `:memory:`), apart from what must never be lost; on the calling thread. A damaged
 * file is set aside. Throws `store.failed` when the file cannot be used.
 */
export function openSqliteArchive({ path }: { readonly path: string }): TelemetryArchive {
  const database = openIntact(path);
  const insert = database.prepare<[BlockRow]>(`
    INSERT OR REPLACE INTO block (device_id, store, lane, seq, first_ms, last_ms, head, body)
    VALUES (@deviceId, @store, @lane, @seq, @firstMs, @lastMs, @head, @body)`);
  const move = database.prepare<[BlockPlace & { moved: number }]>(`
    INSERT INTO cursor VALUES (@deviceId, @store, @lane, @seq, @moved)
    ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), moved = excluded.moved`);
  const cursors = database.prepare<[], BlockPlace>(
    "SELECT device_id AS deviceId, store, lane, seq FROM cursor ORDER BY moved",
  );
  const within = database.prepare<[string, string, number, number, number], BlockRow>(`
    SELECT device_id AS deviceId, store, lane, seq, first_ms AS firstMs, last_ms AS lastMs, head, body FROM block
    WHERE device_id = ? AND lane = ? AND last_ms >= ? AND first_ms <= ? ORDER BY last_ms, seq LIMIT ?`);
  const behind = database.prepare<[number, string, number], BlockRow & { readonly position: number }>(`
    SELECT position, device_id AS deviceId, store, lane, seq, first_ms AS firstMs, last_ms AS lastMs, head, body
    FROM block WHERE position > ? AND lane = ? ORDER BY position LIMIT ?`);
  const { id } = database.prepare<[], { readonly id: string }>("SELECT id FROM identity").get()!;
  const listeners = new Set<() => void>();
  const forget = database.prepare<[number]>(
    `DELETE FROM block WHERE rowid IN (SELECT rowid FROM block WHERE last_ms < ? LIMIT ${FORGOTTEN_AT_ONCE})`,
  );
  const putAll = database.transaction((blocks: readonly ArchivedBlock[]) => {
    for (const block of blocks) {
      insert.run(rowOf(block));
      const { deviceId, store, lane, seq, lastMs } = block;
      move.run({ deviceId, store, lane, seq, moved: lastMs });
    }
  });
  return {
    id,
    cursors: async () => cursors.all(),
    put: async (blocks) => {
      attempt(() => putAll(blocks));
      for (const listener of listeners) listener();
    },
    after: async (position, lane, limit) => behind.all(position, lane, limit).map(placedOf),
    onPut: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    history: async ({ deviceId, lane, fromMs, toMs, limit }) =>
      within.all(deviceId, lane, fromMs, toMs, limit).map(blockOf),
    forget: async (beforeMs) => attempt(() => void forget.run(beforeMs)),
    [Symbol.asyncDispose]: async () => void database.close(),
  };
}

function openIntact(path: string): ReturnType<typeof openSqlite> {
  try {
    return openSqlite({ path, migrations: MIGRATIONS });
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || thrown.code !== "store.corrupt") throw thrown;
    setCorruptAside(path);
    return openSqlite({ path, migrations: MIGRATIONS });
  }
}

/** A packed body is kept as bytes, its head as JSON. */
function rowOf({ deviceId, store, lane, seq, firstMs, lastMs, content }: ArchivedBlock): BlockRow {
  const place = { deviceId, store, lane, seq, firstMs: Math.floor(firstMs), lastMs: Math.ceil(lastMs) };
  if (content.kind === "batches") return { ...place, head: JSON.stringify(content), body: Buffer.alloc(0) };
  const { body, ...packed } = content.packed;
  return { ...place, head: JSON.stringify({ kind: "packed", packed }), body: Buffer.from(body, "base64") };
}

function blockOf({ deviceId, store, lane, seq, firstMs, lastMs, head, body }: BlockRow): ArchivedBlock {
  const content = JSON.parse(head) as ArchivedBlock["content"];
  const place = { deviceId, store, lane, seq, firstMs, lastMs };
  if (content.kind === "batches") return { ...place, content };
  return { ...place, content: { kind: "packed", packed: { ...content.packed, body: body.toString("base64") } } };
}

function placedOf({ position, ...row }: BlockRow & { readonly position: number }): PlacedBlock {
  return { position, block: blockOf(row) };
}

function attempt(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throw toStoreError(thrown);
  }
}
