import { AgentError } from "#lib/errors";
import { checkIntegrity, type SqliteConnection } from "#lib/node/sqlite";
import type { Event } from "#contract/event";
import { chainHash, GENESIS_HASH } from "#contract/hash-chain";
import { sha256Hex } from "#contract/io/node-crypto";
import { brokenSeal } from "./sealed-rows.ts";

/**
 * Looks for what in `core.db` is not what was stored, though its pages fit together: an index that has not what its table has, a
 * row that has changed, or an event that does not continue the chain of those before it. Throws `store.corrupt`, and what SQLite
 * throws.
 */
export function checkContent(database: SqliteConnection): void {
  checkIntegrity(database, "integrity_check");
  const table = brokenSeal(database);
  const damage = table === undefined ? brokenLink(database) : `a row of ${table} is not what was written`;
  if (damage !== undefined) throw new AgentError("store.corrupt", `database: ${damage}`);
}

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

/** Undefined for what no event can be: no JSON, or none that has a canonical form. */
function hashAfter(before: string, body: string): string | undefined {
  try {
    return chainHash(before, JSON.parse(body) as Event, sha256Hex);
  } catch (thrown) {
    if (thrown instanceof AgentError || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
