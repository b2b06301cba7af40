import { assert } from "#lib/errors";
import type { Column, Series } from "#contract/telemetry-columns";

const MINUTE_MS = 60_000;
/** Beside each quantity, after the first thinning: its least and greatest value, and how many samples a point stands for. */
const LEAST = ".min";
const GREATEST = ".max";
const WEIGHT = "samples";

/**
 * Every two consecutive points become one: mean (in the column of the quantity), minimum and maximum, at their mean time,
 * and the number of samples they stand for. Points of different minutes of the wall clock stay apart, so that minimum and
 * maximum of each minute remain exact however often a series is thinned. `wallAtZeroMs` places the minutes.
 */
export function thinSeries(series: Series, wallAtZeroMs: number): Series {
  const rich = withExtremes(series);
  const pairs = pairUp(rich.atMs, wallAtZeroMs);
  const weights = columnNamed(rich, WEIGHT).ticks.map((tick) => tick ?? 1);
  const atMs = pairs.map((pair) => Math.round(weightedMean(pair, rich.atMs, weights)));
  const columns = rich.columns.map(({ name, resolution, ticks }): Column => {
    const combine = combinerOf(name);
    return { name, resolution, ticks: pairs.map((pair) => combine(pair, ticks, weights)) };
  });
  return { channel: rich.channel, atMs, columns };
}

/** One series after the other, of the same channel; columns that one lacks are empty there. */
export function joinSeries(earlier: Series, later: Series): Series {
  assert(earlier.channel === later.channel, "only samples of one channel are joined");
  const isThinned = [earlier, later].some((series) => series.columns.some(({ name }) => name === WEIGHT));
  const [first, second] = isThinned ? [withExtremes(earlier), withExtremes(later)] : [earlier, later];
  const names = new Map([...first.columns, ...second.columns].map(({ name, resolution }) => [name, resolution]));
  const ticksOf = (series: Series, name: string): readonly (number | null)[] =>
    series.columns.find((column) => column.name === name)?.ticks ?? series.atMs.map(() => null);
  return {
    channel: earlier.channel,
    atMs: [...first.atMs, ...second.atMs],
    columns: [...names].map(([name, resolution]) => ({
      name,
      resolution,
      ticks: [...ticksOf(first, name), ...ticksOf(second, name)],
    })),
  };
}

/** How many samples were taken for these points, thinned or not. */
export function samplesIn(series: Series): number {
  const weights = series.columns.find(({ name }) => name === WEIGHT);
  return weights ? weights.ticks.reduce<number>((sum, tick) => sum + (tick ?? 1), 0) : series.atMs.length;
}

type Pair = readonly [first: number, second?: number];

/** Indices of the points that become one. */
function pairUp(atMs: readonly number[], wallAtZeroMs: number): Pair[] {
  const minuteOf = (at: number): number => Math.floor((atMs[at]! + wallAtZeroMs) / MINUTE_MS);
  const pairs: Pair[] = [];
  for (let at = 0; at < atMs.length; at++) {
    const isPair = at + 1 < atMs.length && minuteOf(at) === minuteOf(at + 1);
    pairs.push(isPair ? [at, at + 1] : [at]);
    if (isPair) at++;
  }
  return pairs;
}

/** The series with the columns that a thinned one has. */
function withExtremes(series: Series): Series {
  if (series.columns.some(({ name }) => name === WEIGHT)) return series;
  const columns = series.columns.flatMap((column) => [
    column,
    { ...column, name: column.name + LEAST },
    { ...column, name: column.name + GREATEST },
  ]);
  return {
    ...series,
    columns: [...columns, { name: WEIGHT, resolution: 1, ticks: series.atMs.map(() => 1) }],
  };
}

type Combine = (pair: Pair, ticks: readonly (number | null)[], weights: readonly number[]) => number | null;

function combinerOf(name: string): Combine {
  if (name === WEIGHT) return (pair, _ticks, weights) => pair.reduce<number>((sum, at) => sum + weights[at!]!, 0);
  if (name.endsWith(LEAST)) return (pair, ticks) => extreme(pair, ticks, Math.min);
  if (name.endsWith(GREATEST)) return (pair, ticks) => extreme(pair, ticks, Math.max);
  return (pair, ticks, weights) => {
    const known = pair.filter((at): at is number => at !== undefined && ticks[at] !== null);
    return known.length === 0 ? null : Math.round(weightedMean(known, ticks as readonly number[], weights));
  };
}

function extreme(pair: Pair, ticks: readonly (number | null)[], choose: typeof Math.min): number | null {
  const known = pair.flatMap((at) => ticks[at!] ?? []);
  return known.length === 0 ? null : choose(...known);
}

function weightedMean(
  pair: readonly (number | undefined)[],
  of: readonly number[],
  weights: readonly number[],
): number {
  let [sum, weight] = [0, 0];
  for (const at of pair) {
    sum += of[at!]! * weights[at!]!;
    weight += weights[at!]!;
  }
  return sum / weight;
}

function columnNamed(series: Series, name: string): Column {
  const column = series.columns.find((candidate) => candidate.name === name);
  assert(column, "a thinned series has all its columns");
  return column;
}
