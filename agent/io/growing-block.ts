import type { BlockContent } from "#contract/io/block-codec";
import type { TimeBase } from "#contract/telemetry-block";
import { joinSeries, samplesIn } from "../telemetry/thinning.ts";

/** The newest block of a lane: written again with every group of samples until it is worth a message. */
export interface GrowingBlock {
  readonly seq: number;
  readonly base: TimeBase;
  readonly content: BlockContent;
  /** Its size on disk, about. */
  readonly bytes: number;
}

/** Whether times of both bases compare: one boot, and the same idea of the wall clock. */
export function isSameBase(one: TimeBase, other: TimeBase): boolean {
  return one.bootId === other.bootId && one.clock === other.clock && one.wallAtZeroMs === other.wallAtZeroMs;
}

/** Both contents as one, channel by channel; they are of one kind. */
export function joinContents(earlier: BlockContent, later: BlockContent): BlockContent {
  if (earlier.kind === "log" || later.kind === "log") {
    const linesOf = (content: BlockContent) => (content.kind === "log" ? content.lines : []);
    return { kind: "log", lines: [...linesOf(earlier), ...linesOf(later)] };
  }
  const joined = new Map(earlier.series.map((series) => [series.channel, series]));
  for (const series of later.series) {
    const before = joined.get(series.channel);
    joined.set(series.channel, before ? joinSeries(before, series) : series);
  }
  return { kind: "series", series: [...joined.values()] };
}

/** First and last moment in a block, monotonic milliseconds. */
export function spanOf(content: BlockContent): { readonly firstMs: number; readonly lastMs: number } {
  const times =
    content.kind === "log"
      ? content.lines.map(({ atMs }) => atMs)
      : content.series.flatMap(({ atMs }) => [atMs[0] ?? Infinity, atMs.at(-1) ?? -Infinity]);
  return { firstMs: Math.min(...times), lastMs: Math.max(...times) };
}

/** Samples, or lines of a log. */
export function countOf(content: BlockContent): number {
  if (content.kind === "log") return content.lines.length;
  return content.series.reduce((sum, series) => sum + samplesIn(series), 0);
}
