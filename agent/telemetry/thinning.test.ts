import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Series } from "#contract/telemetry-columns";
import { joinSeries, samplesIn, thinSeries } from "./thinning.ts";

const MINUTE_MS = 60_000;

function series(atMs: readonly number[], ticks: readonly (number | null)[]): Series {
  return { channel: "speed", atMs, columns: [{ name: "linear", resolution: 0.001, ticks }] };
}

function column(of: Series, name: string): readonly (number | null)[] {
  return of.columns.find((candidate) => candidate.name === name)!.ticks;
}

/** Least and greatest tick of each minute, by the minute's number. */
function extremes(of: Series, least: string, greatest: string, wallAtZeroMs: number): object {
  const minutes = Map.groupBy(of.atMs.keys(), (at) => Math.floor((of.atMs[at]! + wallAtZeroMs) / MINUTE_MS));
  const pick = (name: string, at: number): number[] => [column(of, name)[at] ?? []].flat();
  return Object.fromEntries(
    [...minutes].map(([minute, points]) => [
      minute,
      [Math.min(...points.flatMap((at) => pick(least, at))), Math.max(...points.flatMap((at) => pick(greatest, at)))],
    ]),
  );
}

const anySeries = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.oneof(fc.integer({ min: -9e6, max: 9e6 }), fc.constant(null))),
    {
      minLength: 1,
      maxLength: 80,
    },
  )
  .map((steps) => {
    let atMs = 0;
    return series(
      steps.map(([step]) => (atMs += step)),
      steps.map(([, tick]) => tick),
    );
  });

describe("thinning", () => {
  it("makes two points one: their mean, least and greatest, at their mean time", () => {
    const thinned = thinSeries(series([0, 100, 200, 300], [10, 20, -5, 5]), 0);
    expect(thinned.atMs).toEqual([50, 250]);
    expect(column(thinned, "linear")).toEqual([15, 0]);
    expect(column(thinned, "linear.min")).toEqual([10, -5]);
    expect(column(thinned, "linear.max")).toEqual([20, 5]);
    expect(column(thinned, "samples")).toEqual([2, 2]);
  });

  it("keeps minimum and maximum of each minute exact, and counts every sample, however often it is done", () => {
    fc.assert(
      fc.property(anySeries, fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1, max: 9 }), (raw, wall, times) => {
        let thinned = raw;
        for (let time = 0; time < times; time++) thinned = thinSeries(thinned, wall);
        expect(extremes(thinned, "linear.min", "linear.max", wall)).toEqual(extremes(raw, "linear", "linear", wall));
        expect(samplesIn(thinned)).toBe(raw.atMs.length);
        expect(thinned.atMs).toEqual(thinned.atMs.toSorted((a, b) => a - b));
      }),
    );
  });

  it("ends at one point a minute", () => {
    let thinned = series(
      Array.from({ length: 240 }, (_, at) => at * 1000),
      Array.from({ length: 240 }, (_, at) => at),
    );
    for (let time = 0; time < 12; time++) thinned = thinSeries(thinned, 0);
    expect(thinned.atMs).toHaveLength(4);
  });

  it("weighs means by the samples behind them, after joining as well", () => {
    const coarse = thinSeries(thinSeries(series([0, 1, 2, 3], [0, 0, 0, 8]), 0), 0);
    const joined = joinSeries(coarse, series([4], [7]));
    expect(column(joined, "samples")).toEqual([4, 1]);
    expect(column(thinSeries(joined, 0), "linear")).toEqual([3]);
  });
});
