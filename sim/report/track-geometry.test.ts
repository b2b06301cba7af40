import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { sampleDevice } from "./sample-record.ts";
import { distinctRoutes, placeAt, projectedRuns, simplify, spaced, spansOf, trackBetween } from "./track-geometry.ts";

describe("spansOf", () => {
  const link = [
    { t: 0, isOnline: true },
    { t: 10, isOnline: true },
    { t: 20, isOnline: false },
    { t: 20, isOnline: true },
    { t: 30, isOnline: false },
  ];

  it("joins equal neighbours, drops empty spans and lasts until the end", () => {
    expect(spansOf(link, 45, (change) => change.isOnline)).toEqual([
      { from: 0, to: 30, value: true },
      { from: 30, to: 45, value: false },
    ]);
  });
});

describe("placeAt", () => {
  const track = [
    { t: 0, x: 0, y: 0, yaw: 3 },
    { t: 10, x: 10, y: 20, yaw: -3 },
  ];

  it("interpolates, turning the short way round", () => {
    const place = placeAt(track, 5)!;
    expect([place.x, place.y]).toEqual([5, 10]);
    expect(Math.abs(place.yaw)).toBeCloseTo(Math.PI);
  });

  it("stays at the ends outside of the track", () => {
    expect(placeAt(track, -1)?.x).toBe(0);
    expect(placeAt(track, 99)?.x).toBe(10);
    expect(placeAt([], 1)).toBeUndefined();
  });

  it("cuts a piece of track at exact times", () => {
    expect(trackBetween(track, 2, 4).map((point) => point.x)).toEqual([2, 4]);
  });
});

describe("projectedRuns", () => {
  it("parts the projections of two outages, each up to the moment at which the cloud knew better", () => {
    const at = (t: number) => ({ t, x: 0, y: 0, sigma: 1 });
    const device = sampleDevice({
      projected: [at(10), at(15), at(20), at(60), at(65)],
      modes: [
        { t: 0, mode: "live" },
        { t: 10, mode: "projected" },
        { t: 20, mode: "reconciled" },
        { t: 25, mode: "live" },
        { t: 60, mode: "projected" },
      ],
    });
    expect(projectedRuns(device).map((run) => run.map((point) => point.t))).toEqual([
      [10, 15, 20],
      [60, 65],
    ]);
  });
});

describe("distinctRoutes", () => {
  const route: readonly Point[] = [
    [0, 0],
    [5, 0],
    [10, 0],
  ];

  it("keeps one of a route announced again from further along", () => {
    const fromFurtherAlong: readonly Point[] = [
      [3, 0.1],
      [10, 0],
    ];
    expect(distinctRoutes([route, fromFurtherAlong, route], 0.4)).toEqual([route]);
  });

  it("keeps only the boldest changes of a planner that never rests", () => {
    const routes = Array.from({ length: 300 }, (_, at): Point[] => [
      [0, 0],
      [5, at % 7],
      [10, 0],
    ]);
    const kept = distinctRoutes(routes, 0.4, 40);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(40);
  });

  it("keeps a detour and a new goal, and ignores an empty route", () => {
    const detour: readonly Point[] = [
      [3, 0],
      [6, 2],
      [10, 0],
    ];
    const onward: readonly Point[] = [
      [10, 0],
      [10, 9],
    ];
    const announced: (readonly Point[])[] = [route, [], detour, onward];
    expect(distinctRoutes(announced, 0.4)).toEqual([route, detour, onward]);
  });
});

describe("simplify", () => {
  const wave = Array.from({ length: 2000 }, (_, at): Point => [at, 20 * Math.sin(at / 50)]);

  it("stays within the tolerance and keeps the ends", () => {
    const simple = simplify(wave, 0.5);
    expect(simple.length).toBeLessThan(wave.length / 5);
    expect([simple[0], simple.at(-1)]).toEqual([wave[0], wave.at(-1)]);
    expect(Math.max(...simple.map(([, y]) => y))).toBeGreaterThan(19.5);
  });

  it("keeps to the number of points at most", () => {
    expect(simplify(wave, 0.001, 50).length).toBeLessThanOrEqual(50);
  });

  it("keeps the turning point of a track that comes back to its start", () => {
    expect(
      simplify(
        [
          [0, 0],
          [5, 0],
          [10, 0],
          [5, 0],
          [0, 0],
        ],
        0.1,
      ),
    ).toContainEqual([10, 0]);
  });
});

describe("spaced", () => {
  it("keeps points a step apart, the first and the last", () => {
    const points = Array.from({ length: 11 }, (_, at): Point => [at, 0]);
    expect(spaced(points, 4)).toEqual([0, 4, 10]);
    expect(spaced(points, 100)).toEqual([0, 10]);
    expect(spaced(points, 1, 5).length).toBeLessThanOrEqual(5);
    expect(spaced([], 4)).toEqual([]);
    expect(spaced([[1, 1]], 4)).toEqual([0]);
  });
});
