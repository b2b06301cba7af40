import { packBlock, unpackBlock, type BlockContent } from "#contract/io/block-codec";
import { thinSeries } from "../telemetry/thinning.ts";
import type { StoredLane, Thinning } from "../telemetry/store.ts";
import { countOf, isSameBase, joinContents, spanOf } from "./growing-block.ts";
import {
  baseOf,
  BOTTOM_LEVEL,
  isSound,
  rowOf,
  sizeOf,
  type BlockRow,
  type TelemetryStatements,
} from "./telemetry-rows.ts";

/** One step towards more room: how many bytes it gave back, and what it cost. */
export interface RoomStep {
  readonly freed: number;
  readonly blocks: number;
  readonly thinning?: Thinning;
}

const ACKED_AT_ONCE = 16;
/** Joined blocks stay small enough for a slow link. */
const JOINED_BYTES_MAX = 2048;
const JOINED_MAX = 8;

/**
 * Makes room in a lane by the smallest loss there is, or undefined when there is nothing to lose: acknowledged blocks go
 * first; then the oldest of the finest blocks are joined and thinned by halves; blocks that
 * can't be thinned (one point a minute, lines of a log) go last, the oldest first. Every loss leaves a row in `gap`. Runs inside a transaction.
 */
export function makeRoom(sql: TelemetryStatements, lane: StoredLane, ackedSeq: number): RoomStep | undefined {
  const acked = sql.oldestAcked.all(lane, ackedSeq, ACKED_AT_ONCE);
  if (acked.length > 0) return removeAll(sql, acked);
  const finest = lane === "backfill" ? sql.finest.get(lane) : undefined;
  if (finest) return thinOldest(sql, lane, finest.level);
  const oldest = sql.oldest.get(lane);
  return oldest && drop(sql, oldest, "budget");
}

/** Forgets a block that can't be read or kept, with a record of it. */
export function drop(sql: TelemetryStatements, row: BlockRow, reason: Thinning["reason"]): RoomStep {
  sql.remove.run(row.seq);
  noteGap(sql, row, 0, row.samples, reason);
  const thinning = { lane: row.lane, samples: 0, dropped: row.samples, reason };
  return { freed: sizeOf(row), blocks: 1, thinning };
}

function removeAll(sql: TelemetryStatements, rows: readonly BlockRow[]): RoomStep {
  for (const { seq } of rows) sql.remove.run(seq);
  return { freed: rows.reduce((sum, row) => sum + sizeOf(row), 0), blocks: rows.length };
}

/**
 * As many of the oldest blocks as still make one of a fair size: small blocks are mostly names. Their points are joined once; the
 * raw ones twice, because the first time costs as much for extremes as it saves.
 */
function thinOldest(sql: TelemetryStatements, lane: StoredLane, level: number): RoomStep | undefined {
  const [first, ...others] = sql.ofLevel.all(lane, level, JOINED_MAX);
  if (!first) return undefined;
  const unsound = [first, ...others].find((row) => !isSound(row));
  if (unsound) return drop(sql, unsound, "damaged");
  const rows = neighbours(sql, [first, ...others]);
  for (let count = rows.length; count > 1; count = Math.ceil(count / 2)) {
    const thinned = thin(rows.slice(0, count));
    if (thinned.body.length <= JOINED_BYTES_MAX) return replace(sql, rows.slice(0, count), thinned);
  }
  const alone = thin([first]);
  const isBottom = pointsIn(unpackBlock(alone)) === pointsIn(unpackBlock(first));
  return replace(sql, [first], isBottom ? { ...alone, level: BOTTOM_LEVEL } : alone);
}

/** The rows from the first on that follow one another in the lane and share a time base. */
function neighbours(sql: TelemetryStatements, rows: readonly BlockRow[]): readonly BlockRow[] {
  const end = rows.findIndex((row, at) => at > 0 && !areNeighbours(sql, rows[at - 1]!, row));
  return end === -1 ? rows : rows.slice(0, end);
}

/** One block of all that is in some, under the number of the last: so it still comes after everything that is in it. */
function thin(rows: readonly BlockRow[]): BlockRow {
  const last = rows.at(-1)!;
  let content = rows.map((row) => unpackBlock(row)).reduce(joinContents);
  const times = last.level === 0 ? 2 : 1;
  for (let time = 0; time < times; time++) content = thinContent(content, last.wall_at_zero_ms);
  return withContent(last, content, last.level + times);
}

function thinContent(content: BlockContent, wallAtZeroMs: number): BlockContent {
  if (content.kind === "log") return content;
  return { kind: "series", series: content.series.map((series) => thinSeries(series, wallAtZeroMs)) };
}

function pointsIn(content: BlockContent): number {
  if (content.kind === "log") return content.lines.length;
  return content.series.reduce((sum, { atMs }) => sum + atMs.length, 0);
}

function withContent(row: BlockRow, content: BlockContent, level: number): BlockRow {
  const { seq, lane, is_complete } = row;
  const { firstMs, lastMs } = spanOf(content);
  const samples = countOf(content);
  const parts = { seq, lane, level, is_complete, first_ms: firstMs, last_ms: lastMs, samples };
  return rowOf(parts, baseOf(row), packBlock(content));
}

function areNeighbours(sql: TelemetryStatements, first: BlockRow, second: BlockRow): boolean {
  const isBetween = sql.between.get(first.lane, first.seq, second.seq) !== undefined;
  return !isBetween && isSameBase(baseOf(first), baseOf(second));
}

function replace(sql: TelemetryStatements, before: readonly BlockRow[], after: BlockRow): RoomStep {
  for (const { seq } of before) sql.remove.run(seq);
  sql.insert.run(after);
  const bytes = before.reduce((sum, row) => sum + sizeOf(row), 0);
  const samples = before.reduce((sum, row) => sum + row.samples, 0);
  noteGap(sql, after, samples, 0, "budget");
  const thinning = { lane: after.lane, samples, dropped: 0, reason: "budget" } as const;
  return { freed: bytes - sizeOf(after), blocks: before.length - 1, thinning };
}

function noteGap(
  sql: TelemetryStatements,
  row: BlockRow,
  samples: number,
  dropped: number,
  reason: Thinning["reason"],
): void {
  const { lane, first_ms, last_ms, wall_at_zero_ms } = row;
  sql.noteGap.run(lane, first_ms + wall_at_zero_ms, last_ms + wall_at_zero_ms, samples, dropped, reason);
}
