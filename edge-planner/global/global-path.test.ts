import { describe, expect, it } from "vitest";
import { type Point, polylineLength, type Pose } from "#lib/geometry";
import { drawPlace, drawRoom, rectangleZone } from "../drawn-place.ts";
import { makeFootprint } from "../footprint.ts";
import { createCostedGround } from "./costed-ground.ts";
import { costNow, planRoute, type RouteResult } from "./global-path.ts";
import { sample } from "../grid.ts";
import { createObstacleLayer } from "../obstacle-layer.ts";
import { mapFromOccupancy, openMap, type Place, type PlanningMap } from "../planning-map.ts";

const footprint = makeFootprint([
  [-0.35, -0.25],
  [0.35, -0.25],
  [0.35, 0.25],
  [-0.35, 0.25],
]);

function mapOf(lines: readonly string[], place: Partial<Place> = {}): PlanningMap {
  const drawn = { ...drawPlace(lines, 0.1), ...place };
  return mapFromOccupancy(drawn, drawn.occupancy);
}

function plan(map: PlanningMap, from: Point, to: Point, yaw = 0): RouteResult {
  return planRoute({ map, clearance: map.clearance, footprint }, { x: from[0], y: from[1], yaw: 0 }, pose(to, yaw));
}

function pose([x, y]: Point, yaw = 0): Pose {
  return { x, y, yaw };
}

function pointsOf(result: RouteResult): readonly Point[] {
  expect(result).toMatchObject({ ok: true });
  return result.ok ? result.route.points : [];
}

/** The least of a field along a route. */
function leastAlong(map: PlanningMap, field: Float32Array, points: readonly Point[]): number {
  let least = Infinity;
  for (let at = 1; at < points.length; at++) {
    for (let share = 0; share <= 1; share += 0.01) {
      const [a, b] = [points[at - 1]!, points[at]!];
      least = Math.min(least, sample(map, field, a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, 0));
    }
  }
  return least;
}

/** A room with a wall across, open at its upper end. */
function divided(): string[] {
  return drawRoom(100, 60).map((line, row) =>
    row < 20 || row === 59 ? line : `${line.slice(0, 50)}#${line.slice(51)}`,
  );
}

describe("global path", () => {
  it("goes straight over open floor", () => {
    expect(pointsOf(plan(mapOf(drawRoom(100, 60)), [2, 3], [8, 3.4]))).toEqual([
      [2, 3],
      [8, 3.4],
    ]);
  });

  it("goes around a wall, with room for the footprint and few corners", () => {
    const map = mapOf(divided());
    const points = pointsOf(plan(map, [3, 1], [7, 1]));
    expect(leastAlong(map, map.clearance, points)).toBeGreaterThan(0.45);
    expect(polylineLength(points)).toBeLessThan(1.05 * 2 * Math.hypot(2, 4));
    expect(points.length).toBeLessThanOrEqual(8);
  });

  it("prefers a wide way to a somewhat shorter narrow one", () => {
    const gap = (line: string, row: number): string =>
      row >= 36 && row < 43 ? `${line.slice(0, 50)}.${line.slice(51)}` : line;
    const points = pointsOf(plan(mapOf(divided().map(gap)), [3, 3], [7, 3]));
    expect(Math.max(...points.map(([, y]) => y))).toBeGreaterThan(4);
  });

  it("takes the narrow way when there is no other", () => {
    const gap = (line: string, row: number): string =>
      row >= 36 && row < 44 ? `${line.slice(0, 50)}.${line.slice(51)}` : line;
    const closed = drawRoom(100, 60).map((line, row) =>
      row === 0 || row === 59 ? line : `${line.slice(0, 50)}#${line.slice(51)}`,
    );
    expect(pointsOf(plan(mapOf(closed.map(gap)), [3, 3], [7, 3])).at(-1)).toEqual([7, 3]);
  });

  it.each([
    { name: "the goal lies outside of the map", from: [2, 2], to: [50, 2], reason: "outside_excerpt" },
    { name: "the footprint would touch a wall at the goal", from: [2, 2], to: [9.7, 3], reason: "goal_occupied" },
    { name: "no way leads there", from: [2, 2], to: [8, 2], reason: "no_route" },
    {
      name: "the robot stands in the middle of a thick wall",
      from: [5.05, 3],
      to: [8, 2],
      reason: "start_in_obstacle",
    },
  ] as const)("says $reason when $name", ({ from, to, reason }) => {
    const wall = (line: string, row: number): string =>
      row === 0 || row === 59 ? line : `${line.slice(0, 30)}${"#".repeat(40)}${line.slice(70)}`;
    expect(plan(mapOf(drawRoom(100, 60).map(wall)), from, to)).toEqual({ ok: false, reason });
  });

  it("stops at its budget of cells", () => {
    const map = mapOf(divided());
    const terrain = { map, clearance: map.clearance, footprint };
    expect(planRoute(terrain, pose([3, 1]), pose([7, 1]), { nodeBudget: 50 })).toEqual({
      ok: false,
      reason: "budget_exhausted",
    });
  });

  it("reaches a pose beside a wall in the heading that fits and refuses the one that does not", () => {
    const map = mapOf(drawRoom(100, 60));
    pointsOf(plan(map, [2, 2], [9.62, 3], Math.PI / 2));
    expect(plan(map, [2, 2], [9.62, 3], 0)).toEqual({ ok: false, reason: "goal_occupied" });
  });

  it("keeps the footprint's inscribed circle out of keepout zones", () => {
    const map = mapOf(drawRoom(100, 60), { zones: [rectangleZone("pit", "keepout", [4, 0, 6, 4])] });
    const points = pointsOf(plan(map, [2, 2], [8, 2]));
    expect(leastAlong(map, map.zoneClearance!, points)).toBeGreaterThan(footprint.inscribed);
    expect(plan(map, [2, 2], [5, 2])).toEqual({ ok: false, reason: "goal_occupied" });
  });

  it("leads out of a keepout zone by a short way when the robot stands in one", () => {
    const pit: Point[] = [
      [4, 1],
      [8, 1],
      [8, 5],
      [4, 5],
    ];
    const map = mapOf(drawRoom(100, 60), {
      zones: [{ id: "pit", kind: "keepout", polygon: pit as [number, number][] }],
    });
    const points = pointsOf(plan(map, [4.6, 3], [9, 3]));
    const exit = points.find(([x, y]) => sample(map, map.zoneClearance!, x, y, 0) > 0)!;
    expect(exit[0]).toBeLessThan(4);
  });

  it("leads away from an obstacle that the robot stands too close to", () => {
    expect(pointsOf(plan(mapOf(drawRoom(100, 60)), [0.25, 3], [8, 3])).at(-1)).toEqual([8, 3]);
  });

  it("names the zone that closes the only way", () => {
    const pit = rectangleZone("pit", "keepout", [4, 0, 6, 6]);
    const elsewhere = rectangleZone("shelf", "keepout", [8, 4, 9, 5]);
    const map = mapOf(drawRoom(100, 60), { zones: [elsewhere, pit] });
    expect(plan(map, [2, 2], [8, 2])).toEqual({ ok: false, reason: "blocked_by_keepout:pit" });
  });

  it("does not blame a zone when there is no way without it either", () => {
    const shut = drawRoom(100, 60).map((line) => `${line.slice(0, 50)}#${line.slice(51)}`);
    const map = mapOf(shut, { zones: [rectangleZone("pit", "keepout", [4, 0, 6, 6])] });
    expect(plan(map, [2, 2], [8, 2])).toEqual({ ok: false, reason: "no_route" });
  });

  it("goes around ground that is one-way against it, and straight over it the other way", () => {
    const zone = { ...rectangleZone("aisle", "one-way", [4, 1, 6, 6]), direction: 0 };
    const map = mapOf(drawRoom(100, 60), { zones: [zone] });
    expect(pointsOf(plan(map, [2, 3], [8, 3]))).toHaveLength(2);
    const back = pointsOf(plan(map, [8, 3], [2, 3]));
    expect(Math.min(...back.map(([, y]) => y))).toBeLessThan(1);
  });

  it("says that there is no way when one-way ground closes the last", () => {
    const zone = { ...rectangleZone("aisle", "one-way", [4, 0, 6, 6]), direction: Math.PI };
    expect(plan(mapOf(drawRoom(100, 60), { zones: [zone] }), [2, 3], [8, 3])).toEqual({
      ok: false,
      reason: "no_route",
    });
  });

  it("prefers a lane that is a little longer to other floor", () => {
    const lane: Point[] = [
      [2, 1.2],
      [2, 3.4],
      [8, 3.4],
      [8, 1.2],
    ];
    const ends: [Point, Point] = [
      [2, 2.5],
      [8, 2.5],
    ];
    const highest = (map: PlanningMap): number => Math.max(...pointsOf(plan(map, ...ends)).map(([, y]) => y));
    expect(highest(mapOf(drawRoom(100, 60)))).toBe(2.5);
    expect(highest(mapOf(drawRoom(100, 60), { routes: [{ points: lane }] }))).toBeGreaterThan(2.8);
  });

  it("finds ways over open ground without a map", () => {
    const map = openMap({ zones: [], forbiddenZones: [] }, [-5, -5], [20, 20]);
    expect(pointsOf(plan(map, [0, 0], [12, 9]))).toHaveLength(2);
  });

  it("tells what an older way costs now, infinite when something stands in it", () => {
    const map = mapOf(drawRoom(100, 60));
    const terrain = { map, clearance: map.clearance, footprint };
    const way: Point[] = [
      [2, 3],
      [8, 3],
    ];
    expect(costNow(createCostedGround(terrain), way)).toBeCloseTo(6, 0);
    const { clearance } = createObstacleLayer(map);
    clearance.fill(0, 30 * 100 + 45, 30 * 100 + 48);
    expect(costNow(createCostedGround({ ...terrain, clearance }), way)).toBe(Infinity);
  });
});
