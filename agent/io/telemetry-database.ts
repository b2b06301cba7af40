import { statSync } from "node:fs";
import { AgentError } from "#lib/errors";
import { openSqlite, setCorruptAside, toStoreError, type SqliteDatabase } from "#lib/node/sqlite";
import { packBlock, type BlockContent, type PackedBody } from "#contract/io/block-codec";
import type { TimeBase } from "#contract/telemetry-block";
import type {
  HistoryQuery,
  LaneFill,
  Recording,
  StoredBlock,
  StoredLane,
  TelemetryFill,
  Thinning,
} from "../telemetry/store.ts";
import { countOf, isSameBase, joinContents, spanOf, type GrowingBlock } from "./growing-block.ts";
import { drop, makeRoom, type RoomStep } from "./telemetry-room.ts";
import {
  baseOf,
  isSound,
  prepareTelemetry,
  rowOf,
  sizeOf,
  TELEMETRY_MIGRATIONS,
  type BlockRow,
  type TelemetryStatements,
} from "./telemetry-rows.ts";

export interface TelemetryDatabaseOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Names the database if it is made now. */
  readonly newStore: string;
  /** Bytes of blocks that each lane may hold. */
  readonly budgets: Readonly<Record<StoredLane, number>>;
  /** How long acknowledged blocks are kept for local readers, while there is room. */
  readonly retainMs: number;
}

const LANES: readonly StoredLane[] = ["backfill", "logs"];
/** A block is complete when it is worth a message, or when it is so old that its samples should be on their way. */
const BLOCK_BYTES = 1400;
const BLOCK_MS = 30_000;
/** So many steps towards more room in one transaction: an fsync more, but never a long one. */
const ROOM_STEPS = 16;
const PAGE = 4096;
/** Pages are never filled to the brim, indices and gap records take some; beyond this the file does not grow. */
const FILE_SHARE = 1.4;
const FILE_BYTES_MIN = 2_097_152;
/** Above this share of the cap, room is made although the lanes keep their budgets. */
const FULL_SHARE = 0.94;
const READ_BLOCKS = 64;

interface Lane {
  growing: GrowingBlock | undefined;
  bytes: number;
  blocks: number;
  ackedSeq: number;
}

/** What is known of the file without asking it. */
interface InMemory {
  readonly lanes: Record<StoredLane, Lane>;
  readonly lastSeq: number;
}

/** `telemetry.db` with synchronous calls; the storage worker and the inline store put promises around it. */
export class TelemetryDatabase {
  readonly #options: TelemetryDatabaseOptions;
  readonly #database: SqliteDatabase;
  readonly #sql: TelemetryStatements;
  readonly #setAside: string | undefined;
  readonly #lanes: Record<StoredLane, Lane>;
  readonly #store: string;
  readonly #capBytes: number;
  #lastSeq: number;

  private constructor(options: TelemetryDatabaseOptions, database: SqliteDatabase, setAside: string | undefined) {
    this.#options = options;
    this.#database = database;
    this.#setAside = setAside;
    const budget = LANES.reduce((sum, lane) => sum + options.budgets[lane], 0);
    this.#capBytes = Math.max(FILE_BYTES_MIN, budget * FILE_SHARE);
    database.pragma(`max_page_count = ${Math.ceil(this.#capBytes / PAGE)}`);
    this.#sql = prepareTelemetry(database);
    this.#sql.complete.run();
    this.#store = this.#sql.meta.get("store")?.value ?? options.newStore;
    this.#sql.setMeta.run("store", this.#store);
    this.#lastSeq = this.#sql.lastSeq.get()?.seq ?? 0;
    this.#lanes = { backfill: this.#laneOf("backfill"), logs: this.#laneOf("logs") };
  }

  /** A damaged file is renamed, never deleted, and a new database takes its place. Throws `store.failed`. */
  static open(options: TelemetryDatabaseOptions): TelemetryDatabase {
    try {
      return openFile(options, undefined);
    } catch (thrown) {
      if (!(thrown instanceof AgentError) || thrown.code !== "store.corrupt") throw thrown;
      return openFile(options, setCorruptAside(options.path));
    }

    function openFile(given: TelemetryDatabaseOptions, setAside: string | undefined): TelemetryDatabase {
      const database = openSqlite({ path: given.path, migrations: TELEMETRY_MIGRATIONS });
      try {
        return new TelemetryDatabase(given, database, setAside);
      } catch (thrown) {
        // An open handle would keep the file from whoever tries again.
        database.close();
        throw toStoreError(thrown);
      }
    }
  }

  /** `TelemetryStore.record`; `lost` is what could not be recorded since the last time and becomes part of the record. */
  record(recordings: readonly Recording[], closes: boolean, lost: readonly Thinning[]): Thinning[] {
    const before = this.#snapshot();
    const write = this.#database.transaction((): Thinning[] => {
      for (const { lane, dropped, reason } of lost) this.#sql.noteGap.run(lane, 0, 0, 0, dropped, reason);
      for (const recording of recordings) this.#write(recording);
      if (closes) for (const lane of LANES) this.#completeGrowing(lane);
      for (const lane of LANES) this.#sql.setAcked.run(lane, this.#lanes[lane].ackedSeq);
      this.#forgetOld(recordings);
      const thinned = LANES.flatMap((lane) => this.#keepBudget(lane));
      if (thinned.length > 0) this.#sql.forgetGaps.run();
      return merged(thinned);
    });
    try {
      return write.immediate();
    } catch (thrown) {
      this.#restore(before);
      throw toStoreError(thrown);
    }
  }

  /** After `record` found no page left below the cap: gives up an eighth of every lane. Throws `store.failed`. */
  shrink(): Thinning[] {
    const before = this.#snapshot();
    try {
      return this.#database
        .transaction(() => merged(LANES.flatMap((lane) => this.#free(lane, this.#lanes[lane].bytes / 8))))
        .immediate();
    } catch (thrown) {
      this.#restore(before);
      throw toStoreError(thrown);
    }
  }

  read(lane: StoredLane, afterSeq: number, maxBytes: number): StoredBlock[] {
    const blocks: StoredBlock[] = [];
    let [bytes, before] = [0, afterSeq];
    for (const row of this.#sql.behind.all(lane, afterSeq, READ_BLOCKS)) {
      if (!isSound(row)) {
        this.#take(lane, drop(this.#sql, row, "damaged"));
        continue;
      }
      bytes += row.body.length;
      if (blocks.length > 0 && bytes > maxBytes) break;
      blocks.push({ ...blockOf(row, this.#store), after: before });
      before = row.seq;
    }
    return blocks;
  }

  /** Remembered with the next `record`: a cursor that is behind after a power cut costs a block sent twice. */
  acknowledge(lane: StoredLane, seq: number): void {
    const known = this.#lanes[lane];
    known.ackedSeq = Math.max(known.ackedSeq, Math.min(seq, this.#lastSeq));
  }

  history({ lane, fromMs, toMs, limit }: HistoryQuery): StoredBlock[] {
    return this.#sql.within
      .all(lane, fromMs, toMs, limit)
      .flatMap((row) => (isSound(row) ? [blockOf(row, this.#store)] : []));
  }

  /** Samples that the cloud has not acknowledged. */
  waitingSamples(lane: StoredLane): number {
    return this.#sql.waitingSamples.get(lane, this.#lanes[lane].ackedSeq)?.samples ?? 0;
  }

  fill(): TelemetryFill {
    return {
      store: this.#store,
      lanes: LANES.map((lane) => this.#fillOf(lane)),
      fileBytes: this.#options.path === ":memory:" ? this.#pages() * PAGE : statSync(this.#options.path).size,
      ...(this.#setAside === undefined ? {} : { setAside: this.#setAside }),
    };
  }

  close(): void {
    this.#database.close();
  }

  #laneOf(lane: StoredLane): Lane {
    const ackedSeq = this.#sql.acked.get(lane)?.acked ?? 0;
    const { blocks, bytes } = this.#sql.sums.get(ackedSeq, lane)!;
    return { growing: undefined, blocks, bytes, ackedSeq };
  }

  #fillOf(lane: StoredLane): LaneFill {
    const { ackedSeq, bytes, blocks } = this.#lanes[lane];
    const { waiting, last } = this.#sql.sums.get(ackedSeq, lane)!;
    const lastSeq = Math.max(last, ackedSeq);
    return { lane, blocks, waiting, bytes, budgetBytes: this.#options.budgets[lane], lastSeq, ackedSeq };
  }

  /** Adds to the growing block of the lane, or begins one. */
  #write({ lane, base, content }: Recording): void {
    if (countOf(content) === 0) return;
    const known = this.#lanes[lane];
    if (known.growing && !isSameBase(known.growing.base, base)) this.#completeGrowing(lane);
    const growing = known.growing ?? this.#begin(lane, base, content.kind);
    const joined = joinContents(growing.content, content);
    const packed = packBlock(joined);
    const { firstMs, lastMs } = spanOf(joined);
    const isComplete = packed.body.length >= BLOCK_BYTES || lastMs - firstMs >= BLOCK_MS;
    const row = this.#rowOf({ ...growing, content: joined }, lane, packed, isComplete);
    (growing.bytes === 0 ? this.#sql.insert : this.#sql.rewrite).run(row);
    known.bytes += sizeOf(row) - growing.bytes;
    known.growing = isComplete ? undefined : { ...growing, content: joined, bytes: sizeOf(row) };
  }

  #begin(lane: StoredLane, base: TimeBase, kind: BlockContent["kind"]): GrowingBlock {
    this.#lanes[lane].blocks++;
    const content: BlockContent = kind === "log" ? { kind, lines: [] } : { kind, series: [] };
    return { seq: ++this.#lastSeq, base, content, bytes: 0 };
  }

  #completeGrowing(lane: StoredLane): void {
    const known = this.#lanes[lane];
    const { growing } = known;
    known.growing = undefined;
    if (growing) this.#sql.rewrite.run(this.#rowOf(growing, lane, packBlock(growing.content), true));
  }

  #rowOf(
    { seq, base, content }: Omit<GrowingBlock, "bytes">,
    lane: StoredLane,
    packed: PackedBody,
    isComplete: boolean,
  ): BlockRow {
    const { firstMs, lastMs } = spanOf(content);
    const times = { first_ms: firstMs, last_ms: lastMs, samples: countOf(content) };
    return rowOf({ seq, lane, level: 0, is_complete: isComplete ? 1 : 0, ...times }, base, packed);
  }

  /** Acknowledged blocks whose time is over, by the wall clock of the newest sample. */
  #forgetOld(recordings: readonly Recording[]): void {
    const newest = recordings.at(-1);
    if (!newest) return;
    const nowMs = spanOf(newest.content).lastMs + newest.base.wallAtZeroMs;
    for (const lane of LANES) {
      for (const row of this.#sql.oldestAcked.all(lane, this.#lanes[lane].ackedSeq, 4)) {
        if (row.last_ms + row.wall_at_zero_ms > nowMs - this.#options.retainMs) break;
        this.#sql.remove.run(row.seq);
        this.#take(lane, { freed: sizeOf(row), blocks: 1 });
      }
    }
  }

  #keepBudget(lane: StoredLane): Thinning[] {
    const over = this.#lanes[lane].bytes - this.#options.budgets[lane];
    const isFileFull = this.#pages() * PAGE > this.#capBytes * FULL_SHARE;
    if (over <= 0 && !isFileFull) return [];
    return this.#free(lane, Math.max(over, isFileFull ? BLOCK_BYTES : 0));
  }

  #free(lane: StoredLane, bytes: number): Thinning[] {
    const thinned: Thinning[] = [];
    for (let [step, freed] = [0, 0]; step < ROOM_STEPS && freed < bytes; step++) {
      const room = makeRoom(this.#sql, lane, this.#lanes[lane].ackedSeq);
      if (!room) break;
      freed += room.freed;
      this.#take(lane, room);
      if (room.thinning) thinned.push(room.thinning);
    }
    return thinned;
  }

  #take(lane: StoredLane, { freed, blocks }: RoomStep): void {
    this.#lanes[lane].bytes -= freed;
    this.#lanes[lane].blocks -= blocks;
  }

  /** Pages that hold something. */
  #pages(): number {
    const all = Number(this.#database.pragma("page_count", { simple: true }));
    return all - Number(this.#database.pragma("freelist_count", { simple: true }));
  }

  #snapshot(): InMemory {
    return { lanes: { backfill: { ...this.#lanes.backfill }, logs: { ...this.#lanes.logs } }, lastSeq: this.#lastSeq };
  }

  /** What a transaction that was rolled back had changed in memory. */
  #restore({ lanes, lastSeq }: InMemory): void {
    Object.assign(this.#lanes, lanes);
    this.#lastSeq = lastSeq;
  }
}

function blockOf(row: BlockRow, store: string): StoredBlock {
  const { lane, seq, level, encoding, body } = row;
  return { store, lane, seq, after: seq - 1, base: baseOf(row), level, encoding, body };
}

/** One account for each lane and reason. */
function merged(thinned: readonly Thinning[]): Thinning[] {
  const sums = new Map<string, Thinning>();
  for (const { lane, reason, samples, dropped } of thinned) {
    const before = sums.get(`${lane} ${reason}`) ?? { lane, reason, samples: 0, dropped: 0 };
    sums.set(`${lane} ${reason}`, {
      lane,
      reason,
      samples: before.samples + samples,
      dropped: before.dropped + dropped,
    });
  }
  return [...sums.values()];
}
