import pg from "pg";
import { sleep, type Clock } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import type { Log } from "#lib/log";
import { migrate } from "./migrate.ts";
import { connectionConfig, isConnectionLoss, toStoreError, type Queryable } from "./session.ts";

/**
 * The one connection of a database through which anything is written. Of several processes one has it; the others wait for
 * it to be free. Its holder is fenced twice: the advisory lock goes with the connection, and every transaction names the
 * generation that its process drew when it took over, so that one that was away too long cannot write any more.
 */
export interface Writer extends AsyncDisposable {
  /**
   * Runs `work` in a transaction and resolves when it is durable. A lost connection is made again, and the work is then
   * repeated unless the database says that it had been committed: it happens once. Only one at a time. Rejects what `work`
   * throws, `store.in_use` when another process has taken over.
   */
  transaction<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result>;
}

export interface WriterDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when another process writes, and this one waits. */
  readonly onStandby: () => void;
  /** Called when another process has taken over: nothing that this one believes is current any more. */
  readonly onLost: (reason: AgentError) => void;
  /** Ends the waiting. */
  readonly ended: AbortSignal;
}

/** Of our advisory lock, which is one of the database: any number that no other program uses. */
const LOCK = 0x68_66_77_72;
const RETRY_MS = 500;
const TAKEN_OVER = "another cloud process has taken over the database";

/** Resolves when this process is the one that writes; that may take until another one ends. Migrates the database. */
export async function startWriter(deps: WriterDeps): Promise<Writer> {
  const { clock, log, ended } = deps;
  const first = await connectHolding(deps, () => undefined);
  let connection: pg.Client | undefined = first.client;
  await migrate(first.client).catch(rejectAsStoreError);
  const generation = await drawGeneration(first.client).catch(rejectAsStoreError);
  let transactionNo = 0;
  watch(first.client);

  function watch(client: pg.Client): void {
    client.once("end", () => {
      if (connection === client) connection = undefined;
    });
  }
  /** The connection, made again where it was lost, and how far the database has come under our generation. */
  async function resumed(): Promise<{ readonly client: pg.Client; readonly committedNo: number }> {
    log.warn({}, "database connection lost");
    const { client, committedNo } = await connectHolding(deps, async (candidate) => {
      const state = await writerState(candidate);
      if (state.generation === generation) return state.transactionNo;
      const reason = new AgentError("store.in_use", TAKEN_OVER);
      deps.onLost(reason);
      throw reason;
    });
    connection = client;
    watch(client);
    log.info({ generation }, "database connection is back");
    assert(committedNo !== undefined, "a generation that is ours has a count");
    return { client, committedNo };
  }
  return {
    async transaction<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result> {
      const no = ++transactionNo;
      let kept: { readonly result: Result } | undefined;
      for (;;) {
        if (!connection) {
          const { committedNo } = await resumed();
          if (committedNo === no && kept) return kept.result;
        }
        const client = connection!;
        try {
          await client.query("BEGIN");
          await nameGeneration(client, generation, no);
          kept = { result: await work(client) };
          await client.query("COMMIT");
          return kept.result;
        } catch (thrown) {
          if (isConnectionLoss(thrown)) {
            connection = undefined;
            client.end().catch(() => client.removeAllListeners());
            await sleep(clock, RETRY_MS, ended);
            continue;
          }
          await client.query("ROLLBACK");
          if (thrown instanceof AgentError && thrown.code === "store.in_use") deps.onLost(thrown);
          throw thrown instanceof pg.DatabaseError ? toStoreError(thrown) : thrown;
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      await connection?.end();
    },
  };
}

/** A connection that has the lock, and what `look` says of it; waits for both. */
async function connectHolding<Seen>(
  { url, clock, ended, onStandby, log }: WriterDeps,
  look: (client: pg.Client) => Seen | Promise<Seen>,
): Promise<{ readonly client: pg.Client; readonly committedNo: Seen }> {
  let isWaiting = false;
  for (;;) {
    ended.throwIfAborted();
    const client = new pg.Client(connectionConfig(url));
    // A lost connection also fails what was asked over it, and that is where it is dealt with.
    client.on("error", (err) => log.debug({ err }, "database connection"));
    try {
      await client.connect();
      const seen = await look(client);
      const { rows } = await client.query<{ has: boolean }>("SELECT pg_try_advisory_lock($1) AS has", [LOCK]);
      if (rows[0]?.has) return { client, committedNo: seen };
      if (!isWaiting) onStandby();
      isWaiting = true;
    } catch (thrown) {
      if (!isConnectionLoss(thrown)) {
        await client.end();
        throw toStoreError(thrown);
      }
      log.debug({ err: thrown }, "database not reached");
    }
    await client.end().catch(() => undefined);
    await sleep(clock, RETRY_MS, ended);
  }
}

async function writerState(
  client: Queryable,
): Promise<{ readonly generation: number; readonly transactionNo: number }> {
  const { rows } = await client.query<{ generation: number; no: number }>(
    "SELECT generation, transaction_no AS no FROM writer",
  );
  return { generation: rows[0]!.generation, transactionNo: rows[0]!.no };
}

async function drawGeneration(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ generation: number }>(
    "UPDATE writer SET generation = generation + 1, transaction_no = 0 RETURNING generation",
  );
  return rows[0]!.generation;
}

/** Fails when the database has come under another generation. */
async function nameGeneration(client: Queryable, generation: number, transactionNo: number): Promise<void> {
  const { rowCount } = await client.query({
    name: "hf-fence",
    text: "UPDATE writer SET transaction_no = $1 WHERE generation = $2",
    values: [transactionNo, generation],
  });
  if (rowCount !== 1) throw new AgentError("store.in_use", TAKEN_OVER);
}

function rejectAsStoreError(thrown: unknown): never {
  throw toStoreError(thrown);
}
