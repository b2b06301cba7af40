import { rmSync } from "node:fs";
import { AgentError } from "#lib/errors";
import { isFull } from "#lib/node/sqlite";
import type { HistoryQuery, Recording, StoredBlock, StoredLane, TelemetryFill, Thinning } from "../telemetry/store.ts";
import { countOf } from "./growing-block.ts";
import { TelemetryDatabase, type TelemetryDatabaseOptions } from "./telemetry-database.ts";

type State = { readonly at: "open"; readonly database: TelemetryDatabase } | { readonly at: "given-up" };

/**
 * The telemetry database and what becomes of it when the disk is full: samples that can't be written are counted and
 * dropped, and the whole database is given up when the journal needs its room. Synchronous.
 */
export class TelemetryKeeper {
  readonly #options: TelemetryDatabaseOptions;
  readonly #hasRoom: () => boolean;
  #state: State;
  #opened = 1;
  #lost: Thinning[] = [];

  /** `hasRoom` says whether the disk has room to begin a database anew; one that finds none begins given up. Throws `store.failed`. */
  constructor(options: TelemetryDatabaseOptions, hasRoom: () => boolean) {
    this.#options = options;
    this.#hasRoom = hasRoom;
    this.#state = opened(options);
  }

  /** As `TelemetryStore.record`. */
  record(recordings: readonly Recording[], closes: boolean): readonly Thinning[] {
    try {
      const database = this.#database();
      const lost = this.#lost;
      const thinned = this.#recordWithin(database, [...recordings], closes, lost);
      this.#lost = [];
      return [...lost, ...thinned];
    } catch (thrown) {
      for (const { lane, content } of recordings) this.#lose(lane, countOf(content));
      throw thrown;
    }
  }

  read(lane: StoredLane, afterSeq: number, maxBytes: number): readonly StoredBlock[] {
    return this.#state.at === "open" ? this.#state.database.read(lane, afterSeq, maxBytes) : [];
  }

  acknowledge(lane: StoredLane, seq: number): void {
    if (this.#state.at === "open") this.#state.database.acknowledge(lane, seq);
  }

  history(query: HistoryQuery): readonly StoredBlock[] {
    return this.#state.at === "open" ? this.#state.database.history(query) : [];
  }

  fill(): TelemetryFill {
    if (this.#state.at === "given-up") return { store: "given-up", lanes: [], fileBytes: 0 };
    return this.#state.database.fill();
  }

  /** Deletes the database, so that its room is free; whether there was anything to give up. */
  giveUp(): boolean {
    if (this.#state.at === "given-up" || this.#options.path === ":memory:") return false;
    for (const { lane } of this.fill().lanes) this.#lose(lane, this.#state.database.waitingSamples(lane));
    try {
      this.#state.database.close();
    } catch (thrown) {
      // Its last checkpoint finds no room either; the handle is closed all the same.
      if (!(thrown instanceof Error)) throw thrown;
    }
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.#options.path + suffix, { force: true });
    this.#state = { at: "given-up" };
    return true;
  }

  close(): void {
    if (this.#state.at === "open") this.#state.database.close();
  }

  #database(): TelemetryDatabase {
    if (this.#state.at === "open") return this.#state.database;
    if (!this.#hasRoom()) {
      throw new AgentError("store.failed", "telemetry: the disk is full, nothing is recorded", { retryable: true });
    }
    const newStore = `${this.#options.newStore}-${++this.#opened}`;
    const database = TelemetryDatabase.open({ ...this.#options, newStore });
    this.#state = { at: "open", database };
    return database;
  }

  #recordWithin(
    database: TelemetryDatabase,
    recordings: readonly Recording[],
    closes: boolean,
    lost: readonly Thinning[],
  ): readonly Thinning[] {
    try {
      return database.record(recordings, closes, lost);
    } catch (thrown) {
      if (!(thrown instanceof AgentError) || !thrown.retryable) throw thrown;
      // At the cap of the file there is room to be made; on a full disk even that needs room, and the journal waits meanwhile.
      if (!this.#hasRoom()) throw thrown;
      const shrunk = database.shrink();
      return [...shrunk, ...database.record(recordings, closes, lost)];
    }
  }

  #lose(lane: StoredLane, dropped: number): void {
    if (dropped === 0) return;
    const before = this.#lost.find((loss) => loss.lane === lane)?.dropped ?? 0;
    const others = this.#lost.filter((loss) => loss.lane !== lane);
    this.#lost = [...others, { lane, samples: 0, dropped: before + dropped, reason: "disk_full" }];
  }
}

function opened(options: TelemetryDatabaseOptions): State {
  try {
    return { at: "open", database: TelemetryDatabase.open(options) };
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || !isFull(thrown.cause)) throw thrown;
    return { at: "given-up" };
  }
}
