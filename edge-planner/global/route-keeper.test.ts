import { describe, expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { drawPlace, drawRoom } from "../drawn-place.ts";
import { makeFootprint } from "../footprint.ts";
import { createObstacleLayer, integrateScan, type ObstacleLayer } from "../obstacle-layer.ts";
import { mapFromOccupancy } from "../planning-map.ts";
import { makeTrack, trackPoint } from "../track.ts";
import { createRouteKeeper, giveUpRoute, keepRoute, type RouteKeeper, trackOf } from "./route-keeper.ts";

const footprint = makeFootprint([
  [-0.3, -0.25],
  [0.3, -0.25],
  [0.3, 0.25],
  [-0.3, 0.25],
]);
/** Two rooms side by side, with a door near the bottom (y about 2) and one further up (y about 7). */
const lines = drawRoom(160, 100).map((line, row) => {
  const isDoor = (row >= 74 && row < 86) || (row >= 24 && row < 36);
  return isDoor || row === 0 || row === 99 ? line : `${line.slice(0, 80)}##${line.slice(82)}`;
});
const place = drawPlace(lines, 0.1);
const map = mapFromOccupancy(place, place.occupancy);
const START: Pose = { x: 4, y: 2, yaw: 0 };
const GOAL: Pose = { x: 12, y: 2, yaw: 0 };

/** Makes the layer see a thing as wide as the lower door, in the door, in two scans. */
function blockLowerDoor(layer: ObstacleLayer, atMs: number): void {
  const ranges = Float32Array.from({ length: 360 }, (_, ray) => (Math.abs(ray - 180) < 10 ? 4.15 : Number.NaN));
  const scan = { angleMin: -Math.PI, angleStep: Math.PI / 180, rangeMax: 10, ranges };
  for (const each of [atMs, atMs + 100]) integrateScan(layer, { ...scan, atMs: each }, START);
}

function keep(keeper: RouteKeeper, layer: ObstacleLayer, nowMs: number, pose = START): void {
  keepRoute(keeper, { map, clearance: layer.clearance, footprint }, layer.version, pose, GOAL, nowMs);
}

function highest({ way }: RouteKeeper): number {
  const track = trackOf(way);
  return track ? Math.max(...track.points.map(([, y]) => y)) : -1;
}

describe("route keeper", () => {
  it("plans at once and keeps the way while nothing changes", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    keep(keeper, layer, 0);
    expect(keeper.way.kind).toBe("clear");
    const { way } = keeper;
    for (let nowMs = 50; nowMs < 20_000; nowMs += 50) keep(keeper, layer, nowMs);
    expect(keeper.way).toBe(way);
    expect(highest(keeper)).toBeLessThan(3);
  });

  it("goes another way when something stands in this one, at most once a second", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    keep(keeper, layer, 0);
    blockLowerDoor(layer, 100);
    keep(keeper, layer, 500);
    expect(highest(keeper)).toBeLessThan(3);
    keep(keeper, layer, 1000);
    expect(keeper.way.kind).toBe("clear");
    expect(highest(keeper)).toBeGreaterThan(6);
  });

  it("does not change back for a way that is only a little better", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    keep(keeper, layer, 0);
    blockLowerDoor(layer, 100);
    keep(keeper, layer, 1000);
    // Half-way up to the upper door both ways cost about the same; the thing in the lower one is forgotten.
    const track = keeper.way.kind === "clear" ? keeper.way.track : makeTrack([]);
    for (let along = 0; along <= 4.6; along += 0.1) keep(keeper, layer, 1500, trackPoint(track, along));
    layer.clearance.set(map.clearance);
    layer.version++;
    keep(keeper, layer, 10_000, trackPoint(track, 4.6));
    expect(highest(keeper)).toBeGreaterThan(6);
  });

  it("changes back when the other way has become much shorter", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    keep(keeper, layer, 0);
    blockLowerDoor(layer, 100);
    keep(keeper, layer, 1000);
    layer.clearance.set(map.clearance);
    layer.version++;
    keep(keeper, layer, 10_000);
    expect(highest(keeper)).toBeLessThan(3);
  });

  it("leads up to an obstacle when there is no way around it, and on as soon as it has gone", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    for (let row = 0; row < map.height; row++) layer.clearance.fill(0, row * map.width + 90, row * map.width + 92);
    keep(keeper, layer, 0);
    expect(keeper.way.kind).toBe("obstructed");
    layer.clearance.set(map.clearance);
    keep(keeper, layer, 1000);
    expect(keeper.way.kind).toBe("clear");
  });

  it("follows the robot along the track, and plans anew when it has left it", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    keep(keeper, layer, 0);
    for (let step = 1; step <= 20; step++) keep(keeper, layer, step * 50, { x: 4 + step / 10, y: 2, yaw: 0 });
    expect(keeper.along).toBeCloseTo(2, 1);
    keep(keeper, layer, 3000, { x: 6, y: 4, yaw: 0 });
    expect(keeper.along).toBe(0);
    expect(trackOf(keeper.way)?.points[0]).toEqual([6, 4]);
  });

  it("looks for a way with more room after the robot got stuck, and takes the narrow one when there is no other", () => {
    const narrow = lines.map((line, row) => (row >= 74 && row < 79 ? `${line.slice(0, 80)}##${line.slice(82)}` : line));
    const shut = narrow.map((line, row) => (row < 50 && row > 0 ? `${line.slice(0, 80)}##${line.slice(82)}` : line));
    const heights = [narrow, shut].map((drawing) => {
      const drawn = drawPlace(drawing, 0.1);
      const ground = mapFromOccupancy(drawn, drawn.occupancy);
      const keeper = createRouteKeeper();
      const plan = (nowMs: number): number => {
        keepRoute(keeper, { map: ground, clearance: ground.clearance, footprint }, 0, START, GOAL, nowMs);
        return highest(keeper);
      };
      const first = plan(0);
      giveUpRoute(keeper);
      return [first < 4, plan(50) < 4];
    });
    expect(heights).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it("says why there is no way and asks again", () => {
    const [keeper, layer] = [createRouteKeeper(), createObstacleLayer(map)];
    const terrain = { map, clearance: layer.clearance, footprint };
    keepRoute(keeper, terrain, 0, START, { x: 8.1, y: 5, yaw: 0 }, 0);
    expect(keeper.way).toEqual({ kind: "none", reason: "goal_occupied" });
    keep(keeper, layer, 3000);
    expect(keeper.way.kind).toBe("clear");
  });
});
