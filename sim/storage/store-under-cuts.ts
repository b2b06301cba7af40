import { isDeepStrictEqual } from "node:util";
import { openSqliteStore } from "#agent/io/sqlite-store";
import type { Store, StoreOp } from "#agent/store";
import { AgentError, messageOf } from "#lib/errors";
import type { SqliteConnection, SqliteDisk } from "#lib/node/sqlite";
import { createRng, type Rng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { SimulatedDisk } from "./disk.ts";
import { numberedEntry } from "./numbered-entry.ts";
import type { MountedDisk, SimulatedSqlite } from "./simulated-sqlite.ts";

const COMMITS_MAX = 60;
/** Writes and syncs until the power is cut: within a commit or a checkpoint, now and then while the database is opened. */
const OPERATIONS_MAX = 600;

export interface Weakness {
  /** Instead of the store's own pragma. */
  readonly pragma?: string;
  readonly sync?: "honoured" | "ignored";
}

/** The agent's store on a computer, which is written to while the power is cut, again and again. */
export class StoreUnderCuts {
  /** What was acknowledged and is gone, or is there and was never asked for. */
  readonly losses: string[] = [];
  readonly #rng: Rng;
  readonly #disk: SimulatedDisk;
  readonly #mounted: MountedDisk;
  readonly #drive: SqliteDisk;
  #lastSeq = 0;

  constructor(sqlite: SimulatedSqlite, seed: number, { pragma, sync = "honoured" }: Weakness = {}) {
    this.#rng = createRng(seed);
    const clock = new VirtualClock();
    this.#disk = new SimulatedDisk({ clock, rng: this.#rng.fork("disk") });
    this.#mounted = sqlite.mount(this.#disk, { clock, rng: this.#rng.fork("sqlite") });
    const connect = (path: string): SqliteConnection => weakened(this.#mounted.connect(path), pragma);
    this.#drive = { ...this.#mounted, connect };
    this.#disk.set({ sync });
  }

  /** Writes events until the power is cut, then looks at what is left of them. */
  async workUntilCut(): Promise<void> {
    let isCut = false;
    const arm = (): void => {
      this.#disk.cutPowerAfter(this.#rng.integer(0, OPERATIONS_MAX), () => {
        isCut = true;
      });
    };
    let asked = this.#lastSeq;
    const isCutEarly = this.#rng.chance(1, 4);
    if (isCutEarly) arm();
    const store = this.#open();
    if (!isCutEarly) arm();
    for (let commit = 0; commit < COMMITS_MAX && store && !isCut; commit++) {
      const ops = this.#drawOps(asked);
      asked += ops.filter(({ type }) => type === "append").length;
      const failure: unknown = await store.commit(ops).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (failure === undefined) this.#lastSeq = asked;
      else if (!isCut) this.losses.push(`a commit failed: ${messageOf(failure)}`);
    }
    if (!isCut) this.#disk.cutPower();
    await store?.[Symbol.asyncDispose]();
    await this.#lookAtWhatIsLeft(asked);
  }

  fingerprint(): string {
    return this.#disk.fingerprint();
  }

  end(): void {
    this.#mounted.unmount();
  }

  async #lookAtWhatIsLeft(asked: number): Promise<void> {
    const store = openSqliteStore({ path: "core.db", disk: this.#drive });
    const { lastSeq, setAside } = await store.load();
    if (setAside !== undefined) this.losses.push("the database is damaged");
    if (lastSeq < this.#lastSeq) this.losses.push(`events from ${lastSeq + 1} to ${this.#lastSeq}`);
    if (lastSeq > asked) this.losses.push(`there are events after ${asked}`);
    for (let seq = Math.max(1, lastSeq - 500); seq <= lastSeq;) {
      const slice = await store.readJournal(seq, 500, 1_000_000);
      for (const event of slice?.events ?? []) {
        if (!isDeepStrictEqual(event, numberedEntry(event.seq).event))
          this.losses.push(`event ${event.seq} is another`);
      }
      seq += slice?.events.length ?? Infinity;
    }
    await store[Symbol.asyncDispose]();
    this.#lastSeq = lastSeq;
  }

  /** Undefined when the power is cut before the database is open. */
  #open(): Store | undefined {
    try {
      return openSqliteStore({ path: "core.db", disk: this.#drive });
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      return undefined;
    }
  }

  #drawOps(lastSeq: number): StoreOp[] {
    const count = this.#rng.integer(1, 6);
    const appends = Array.from({ length: count }, (_, at): StoreOp => ({
      type: "append",
      entry: numberedEntry(lastSeq + at + 1),
    }));
    return [...appends, { type: "set-meta", key: "leases", value: "x".repeat(this.#rng.integer(1, 9000)) }];
  }
}

/** The connection with another level of durability than the store asks for, and believes to have. */
function weakened(connection: SqliteConnection, pragma: string | undefined): SqliteConnection {
  if (pragma === undefined) return connection;
  return {
    ...connection,
    get inTransaction() {
      return connection.inTransaction;
    },
    pragma(source, options) {
      const found = connection.pragma(source === "synchronous = FULL" ? pragma : source, options);
      return source === "synchronous" ? 2 : found;
    },
  };
}
