import pg from "pg";
import { AgentError, messageOf } from "#lib/errors";

/** Whatever runs queries: a connection, or a pool of them. */
export type Queryable = Pick<pg.Client, "query">;

/** Numbers of 64 bits are counters and row ids here, far below 2^53; JSON stays the text that it was. */
const TYPES = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    const INT8 = 20;
    const JSON_TEXT = 114;
    if (oid === INT8) return Number;
    if (oid === JSON_TEXT) return String;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

/** How every connection is made; a server whose client has vanished without a word should notice within half a minute. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    types: TYPES as pg.CustomTypesConfig,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: "holdfast",
    options:
      "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c synchronous_commit=on",
  };
}

/** Anything thrown by PostgreSQL as `store.failed`; retryable where only the connection is to blame. */
export function toStoreError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const retryable = isConnectionLoss(thrown);
  return new AgentError("store.failed", `PostgreSQL: ${messageOf(thrown)}`, { retryable, cause: thrown });
}

/** Whether the server, or the way to it, was gone; otherwise it has refused what it was asked. */
export function isConnectionLoss(thrown: unknown): boolean {
  // SQLSTATE class 08: connection; 57P: shut down, crashed, or starting up; 53300: too many connections.
  if (thrown instanceof pg.DatabaseError) return /^(08|57P|53300)/.test(thrown.code ?? "");
  if (!(thrown instanceof Error)) return false;
  return "errno" in thrown || /connection|timeout expired|not queryable/i.test(thrown.message);
}
