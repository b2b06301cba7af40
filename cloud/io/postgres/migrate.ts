import { AgentError } from "#lib/errors";
import { MIGRATIONS } from "./schema.ts";
import type { Queryable } from "./session.ts";

/**
 * Brings the database to the version that this program knows: each script and the note of it in one transaction. The caller
 * holds the lock of the writer, so nobody else migrates. Throws `store.failed` when the database is of a newer program.
 */
export async function migrate(client: Queryable): Promise<void> {
  await client.query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
  const { rows } = await client.query<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM schema_version",
  );
  const version = rows[0]!.version;
  if (version > MIGRATIONS.length) {
    const known = `this program knows version ${MIGRATIONS.length}`;
    throw new AgentError("store.failed", `the database has version ${version}, ${known}: start the newer program`);
  }
  for (const [at, script] of MIGRATIONS.entries()) {
    if (at < version) continue;
    await client.query(`BEGIN; ${script}; INSERT INTO schema_version VALUES (${at + 1}); COMMIT`);
  }
}
