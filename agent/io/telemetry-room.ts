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
/** A point stands for at most 2^n samples. */
const HALVINGS_MAX = 24;
/** Joined blocks stay small enough for a slow link. */
const JOINED_BYTES_MAX = 2048;

/**
 * Makes room in a lane by the smallest loss there is, or undefined when there is nothing to lose: acknowledged blocks go
 * first; then the oldest of the finest blocks are thinned by halves until they take half of their room; blocks that
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

function thinOldest(sql: TelemetryStatements, lane: StoredLane, level: number): RoomStep | undefined {
  const [first, second] = sql.ofLevel.all(lane, level);
  if (!first) return undefined;
  if (!isSound(first)) return drop(sql, first, "damaged");
  const thinned = halve(first);
  const partner = second && isSound(second) && areNeighbours(sql, first, second) ? halve(second) : undefined;
  if (partner && second && thinned.level === partner.level) {
    const joined = join(thinned, partner);
    if (joined.body.length <= JOINED_BYTES_MAX) return replace(sql, [first, second], [joined]);
  }
  return replace(sql, [first], [thinned]);
}

/** The block with its points joined until it takes half of the room; at the bottom when no two points may be joined. */
function halve(row: BlockRow): BlockRow {
  let content = unpackBlock(row);
  let [level, points] = [row.level, pointsIn(content)];
  while (level < HALVINGS_MAX) {
    content = thin(content, row.wall_at_zero_ms);
    level++;
    const left = pointsIn(content);
    const packed = packBlock(content);
    const isBottom = left === points;
    if (isBottom || packed.body.length * 2 <= row.body.length)
      return withContent(row, content, isBottom ? BOTTOM_LEVEL : level);
    points = left;
  }
  return withContent(row, content, BOTTOM_LEVEL);
}

function thin(content: BlockContent, wallAtZeroMs: number): BlockContent {
  if (content.kind === "log") return content;
  return { kind: "series", series: content.series.map((series) => thinSeries(series, wallAtZeroMs)) };
}

function pointsIn(content: BlockContent): number {
  if (content.kind === "log") return content.lines.length;
  return content.series.reduce((sum, { atMs }) => sum + atMs.length, 0);
}

/** The later of two neighbours takes in the earlier, so that its number still comes after everything that is in it. */
function join(earlier: BlockRow, later: BlockRow): BlockRow {
  return withContent(later, joinContents(unpackBlock(earlier), unpackBlock(later)), later.level);
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

function replace(sql: TelemetryStatements, before: readonly BlockRow[], after: readonly BlockRow[]): RoomStep {
  for (const { seq } of before) sql.remove.run(seq);
  for (const row of after) sql.insert.run(row);
  const bytes = (rows: readonly BlockRow[]): number => rows.reduce((sum, row) => sum + sizeOf(row), 0);
  const samples = before.reduce((sum, row) => sum + row.samples, 0);
  noteGap(sql, before.at(-1)!, samples, 0, "budget");
  const thinning = { lane: before[0]!.lane, samples, dropped: 0, reason: "budget" } as const;
  return { freed: bytes(before) - bytes(after), blocks: before.length - after.length, thinning };
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
