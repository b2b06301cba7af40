import { dirname, join } from "node:path";
import { AgentError } from "#lib/errors";
import { isFull, type SqliteDisk } from "#lib/node/sqlite";
import type { Share } from "#lib/units";
import type { StoreOp } from "../store.ts";
import type { StoredLane } from "../telemetry/store.ts";
import { CoreDatabase } from "./core-database.ts";
import { DiskReserve } from "./disk-reserve.ts";
import { TelemetryKeeper } from "./telemetry-keeper.ts";

export interface StorageOptions {
  /** Of `core.db`, or `:memory:`; everything else lies beside it. */
  readonly path: string;
  /** Where `core.db` is; the file system unless given. Nothing is reserved on another, and no telemetry recorded. */
  readonly disk?: SqliteDisk;
  /** What `core.db` should not outgrow; new contracts are refused before it does. */
  readonly journalBytes?: number;
  /** Without it, nothing is recorded. */
  readonly telemetry?: TelemetryOptions;
}

export interface TelemetryOptions {
  /** Names the database if it is made now. */
  readonly newStore: string;
  readonly budgets: Readonly<Record<StoredLane, number>>;
  /** How long acknowledged blocks are kept for local readers, while there is room. */
  readonly retainMs: number;
}

const JOURNAL_BYTES = 67_108_864;
const RESERVE_BYTES = 1_048_576;
const MEMORY = ":memory:";

/**
 * All databases of a device behind one writer, with synchronous calls. On a full disk the journal comes first: the reserve is
 * given back to it, then all of the telemetry.
 */
export class Storage implements Disposable {
  readonly core: CoreDatabase;
  readonly telemetry: TelemetryKeeper | undefined;
  readonly #journalBytes: number;
  readonly #reserve: DiskReserve | undefined;

  private constructor(
    core: CoreDatabase,
    telemetry: TelemetryKeeper | undefined,
    reserve: DiskReserve | undefined,
    journalBytes: number,
  ) {
    this.core = core;
    this.telemetry = telemetry;
    this.#reserve = reserve;
    this.#journalBytes = journalBytes;
  }

  /** Throws `store.failed` when the journal's file cannot be opened. */
  static open({ path, disk, journalBytes = JOURNAL_BYTES, telemetry }: StorageOptions): Storage {
    const isInMemory = path === MEMORY;
    const beside = (name: string): string => (isInMemory ? MEMORY : join(dirname(path), name));
    const reserve = isInMemory || disk ? undefined : new DiskReserve(beside("reserve"), RESERVE_BYTES);
    const core = withReserve(reserve, () => CoreDatabase.open(path, disk));
    reserve?.hold();
    const hasRoom = (): boolean => reserve?.hasRoom(4 * RESERVE_BYTES) ?? true;
    const settings = disk ? undefined : telemetry;
    const keeper = settings && new TelemetryKeeper({ path: beside("telemetry.db"), ...settings }, hasRoom);
    return new Storage(core, keeper, reserve, journalBytes);
  }

  /** `CoreDatabase.commitGroup`, with everything tried that makes room for it. */
  commitGroup(batches: readonly (readonly StoreOp[])[]): readonly (AgentError | undefined)[] {
    let failures = this.core.commitGroup(batches);
    if (areFull(failures) && this.#reserve?.release()) failures = this.core.commitGroup(batches);
    if (areFull(failures) && this.telemetry?.giveUp()) failures = this.core.commitGroup(batches);
    if (!areFull(failures)) this.#reserve?.hold();
    return failures;
  }

  /** How full the journal's budget is. */
  journalShare(): Share {
    return this.core.usedBytes() / this.#journalBytes;
  }

  [Symbol.dispose](): void {
    this.telemetry?.close();
    this.core.close();
  }
}

/** A device that is started again on a full disk has work to finish, too. */
function withReserve<Opened>(reserve: DiskReserve | undefined, open: () => Opened): Opened {
  try {
    return open();
  } catch (thrown) {
    if (!(thrown instanceof AgentError) || !isFull(thrown.cause) || !reserve?.release()) throw thrown;
    return open();
  }
}

function areFull(failures: readonly (AgentError | undefined)[]): boolean {
  return failures.some((failure) => isFull(failure?.cause));
}
