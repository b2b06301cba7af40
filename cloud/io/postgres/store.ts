import pg from "pg";
import { sleep } from "#lib/clock";
import { LOCKED_STATUSES } from "../sql/locked-statuses.ts";
import { apply } from "../sql/changes.ts";
import type { Read } from "../sql/page.ts";
import { createQueries } from "../sql/queries.ts";
import { ConflictSignal, TakenSignal, type Statement, type Writing, type Written } from "../sql/writing.ts";
import { RESTORED, type CloudStore } from "../store.ts";
import type { CommitResult, StoreOp } from "../store-ops.ts";
import type { LogEntry } from "../store-rows.ts";
import { isBulk, writeBulk } from "./bulk.ts";
import { createDialect, valuesOf, type PostgresText } from "./dialect.ts";
import { connectionConfig, isConnectionLoss, toStoreError, type Queryable } from "./session.ts";
import { startWriter, type Writer, type WriterDeps } from "./writer.ts";

export interface PostgresStoreOptions extends WriterDeps {
  /** Identity of a database that is new, or restored; an older one keeps its own. */
  readonly newCloudId: string;
  readonly isRestored: boolean;
}

interface Pending {
  readonly ops: readonly StoreOp[];
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (reason: unknown) => void;
}

interface Outcome {
  readonly result: CommitResult;
  readonly logged: readonly LogEntry[];
}

const READERS_MAX = 4;
/** How long a question waits for a database that is away, and how often it looks. */
const READ_WITHIN_MS = 30_000;
const RETRY_MS = 250;

/**
 * The cloud's database in PostgreSQL. Resolves when this process is the one that writes (`Writer`). What is asked for while
 * a transaction is under way is the next one. While the database is away, commits wait; a commit is never made twice.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<CloudStore> {
  await using stack = new AsyncDisposableStack();
  const writer = stack.use(await startWriter(options));
  const pool = new pg.Pool({ ...connectionConfig(options.url), max: READERS_MAX });
  pool.on("error", (err) => options.log.debug({ err }, "database connection"));
  stack.defer(() => pool.end());
  const dialect = createDialect();
  const cloudId = await writer.transaction((connection) => identify(connection, options));
  const listeners = new Set<(entries: readonly LogEntry[]) => void>();
  const eventListeners = new Set<() => void>();
  const groups = createGroups(writer, dialect, (group, outcomes) => {
    const logged = outcomes.flatMap((outcome) => outcome.logged);
    if (logged.length > 0) for (const listener of listeners) listener(logged);
    const hasEvents = group.some(
      ({ ops }, at) => outcomes[at]!.result.ok && ops.some((op) => op.op === "append-events"),
    );
    if (hasEvents) for (const listener of eventListeners) listener();
  });
  const running = stack.move();
  return {
    ...createQueries(readerOf(pool, dialect, options), cloudId, LOCKED_STATUSES),
    commit: groups.commit,
    onLogged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onEvents(listener) {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },
    [Symbol.asyncDispose]: async () => {
      await groups.settled();
      await running.disposeAsync();
    },
  };
}

type Dialect = (sql: string) => PostgresText;

function createGroups(
  writer: Writer,
  dialect: Dialect,
  tell: (group: readonly Pending[], outcomes: readonly Outcome[]) => void,
): Pick<CloudStore, "commit"> & { settled(): Promise<void> } {
  let waiting: Pending[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        const outcomes = await writeGroup(writer, dialect, group);
        for (const [at, pending] of group.entries()) pending.resolve(outcomes[at]!.result);
        tell(group, outcomes);
      } catch (thrown) {
        for (const pending of group) pending.reject(toStoreError(thrown));
      }
    }
    running = undefined;
  }
  return {
    commit: (ops) =>
      new Promise((resolve, reject) => {
        waiting.push({ ops, resolve, reject });
        // A promise later: whoever commits in the same turn is in the same transaction.
        running ??= Promise.resolve().then(run);
      }),
    settled: async () => running,
  };
}

/** Conflicts are rare, and savepoints are not free: a group is written as a whole, and again one by one if there is one. */
async function writeGroup(writer: Writer, dialect: Dialect, group: readonly Pending[]): Promise<readonly Outcome[]> {
  try {
    return await writer.transaction((connection) => writeTogether(connection, dialect, group));
  } catch (thrown) {
    if (!(thrown instanceof ConflictSignal)) throw thrown;
  }
  return writer.transaction((connection) => writeApart(connection, dialect, group));
}

async function writeTogether(connection: Queryable, dialect: Dialect, group: readonly Pending[]): Promise<Outcome[]> {
  await writeBulk(
    connection,
    group.flatMap(({ ops }) => ops.filter(isBulk)),
  );
  const outcomes: Outcome[] = [];
  for (const { ops } of group) {
    const logged = await applyAll(
      connection,
      dialect,
      ops.filter((op) => !isBulk(op)),
    );
    outcomes.push({ result: { ok: true }, logged });
  }
  return outcomes;
}

async function writeApart(connection: Queryable, dialect: Dialect, group: readonly Pending[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { ops } of group) {
    await connection.query("SAVEPOINT one");
    try {
      outcomes.push({ result: { ok: true }, logged: await applyAll(connection, dialect, ops) });
      await connection.query("RELEASE SAVEPOINT one");
    } catch (thrown) {
      if (!(thrown instanceof ConflictSignal)) throw thrown;
      await connection.query("ROLLBACK TO SAVEPOINT one");
      outcomes.push({ result: { ok: false, conflict: thrown.conflict }, logged: [] });
    }
  }
  return outcomes;
}

async function applyAll(connection: Queryable, dialect: Dialect, ops: readonly StoreOp[]): Promise<LogEntry[]> {
  const logged: LogEntry[] = [];
  for (const op of ops) logged.push(...(await drive(apply(op), (statement) => answer(connection, dialect, statement))));
  return logged;
}

/** Runs work to its end on a database behind a network. */
async function drive<Result>(
  writing: Writing<Result>,
  ask: (statement: Statement) => Promise<Written>,
): Promise<Result> {
  let step = writing.next();
  while (!step.done) {
    const { value } = step;
    const written = await ask(value).catch((thrown: unknown) => ({ thrown }));
    step = "thrown" in written ? writing.throw(takenOr(written.thrown)) : writing.next(written);
  }
  return step.value;
}

const UNIQUE_VIOLATION = "23505";

function takenOr(thrown: unknown): unknown {
  if (!(thrown instanceof pg.DatabaseError) || thrown.code !== UNIQUE_VIOLATION) return thrown;
  return new TakenSignal(thrown.constraint === "one_active_contract_per_task");
}

async function answer(connection: Queryable, dialect: Dialect, { sql, values }: Statement): Promise<Written> {
  const { order, ...statement } = dialect(sql);
  const { rows, rowCount } = await connection.query<Record<string, unknown>>({
    ...statement,
    values: valuesOf({ order, ...statement }, values),
  });
  return { changes: rowCount ?? 0, rows };
}

/** Reads are repeated while the database is away: they change nothing. */
function readerOf(pool: pg.Pool, dialect: Dialect, { clock, ended }: PostgresStoreOptions): Read {
  return async (sql, values = {}) => {
    const untilMs = clock.nowMs() + READ_WITHIN_MS;
    for (;;) {
      try {
        return (await answer(pool as unknown as Queryable, dialect, { sql, values: values as Statement["values"] }))
          .rows;
      } catch (thrown) {
        if (!isConnectionLoss(thrown) || clock.nowMs() > untilMs) throw toStoreError(thrown);
      }
      await sleep(clock, RETRY_MS, ended);
    }
  };
}

/** The identity of the database; a restored one gets another, so that devices send again what they still hold. */
async function identify(
  connection: Queryable,
  { newCloudId, isRestored }: Pick<PostgresStoreOptions, "newCloudId" | "isRestored">,
): Promise<string> {
  const put = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
  if (isRestored) {
    await connection.query(put, ["cloud_id", newCloudId]);
    await connection.query(put, [RESTORED, "yes"]);
  }
  await connection.query("INSERT INTO meta (key, value) VALUES ('cloud_id', $1) ON CONFLICT DO NOTHING", [newCloudId]);
  const { rows } = await connection.query<{ value: string }>("SELECT value FROM meta WHERE key = 'cloud_id'");
  return rows[0]!.value;
}
