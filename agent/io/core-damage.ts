import { AgentError } from "#lib/errors";
import type { SqliteConnection } from "#lib/node/sqlite";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";

/**
 * What in `core.db` is not what was stored, in words, though its pages fit together: a row that is JSON no more, or an event that
 * does not continue the chain of the events before it. Undefined where nothing is found. Throws what SQLite throws.
 */
export function damageOf(database: SqliteConnection): string | undefined {
  const { count } = database.prepare(UNREADABLE_ROWS).get() as { readonly count: number };
  return count > 0 ? `${count} rows hold no JSON any more` : brokenLink(database);
}

const UNREADABLE_ROWS = `SELECT (SELECT count(*) FROM journal WHERE NOT json_valid(body))
  + (SELECT count(*) FROM snapshot WHERE NOT json_valid(state))
  + (SELECT count(*) FROM contract WHERE NOT json_valid(body))
  + (SELECT count(*) FROM reply WHERE NOT json_valid(body)) AS count`;

interface Link {
  readonly seq: number;
  readonly hash: string;
}

const NEWEST_PRUNED = "SELECT seq, hash FROM snapshot";
const NEXT_ROWS = "SELECT seq, hash, body FROM journal WHERE seq > ? ORDER BY seq LIMIT 500";

/** All of it: what an agent does first is to fold it. */
function brokenLink(database: SqliteConnection): string | undefined {
  const next = database.prepare(NEXT_ROWS);
  let last = (database.prepare(NEWEST_PRUNED).get() as Link | undefined) ?? { seq: 0, hash: GENESIS_HASH };
  for (;;) {
    const rows = next.all(last.seq) as (Link & { readonly body: string })[];
    if (rows.length === 0) return undefined;
    for (const { seq, hash, body } of rows) {
      if (seq !== last.seq + 1 || hash !== hashAfter(last.hash, body)) return `event ${seq} is not what was written`;
      last = { seq, hash };
    }
  }
}

/** Undefined for what no event can be. */
function hashAfter(before: string, body: string): string | undefined {
  try {
    return chainHash(before, JSON.parse(body) as Event, sha256Hex);
  } catch (thrown) {
    if (thrown instanceof AgentError) return undefined;
    throw thrown;
  }
}
