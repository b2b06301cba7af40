import { describe, expect, it } from "vitest";
import { createMapSource } from "./map-cache.ts";
import { drawPlace, drawRoom, rectangleZone } from "./drawn-place.ts";
import { sample } from "./grid.ts";
import { mapFromOccupancy, openMap, type PlanningMap } from "./planning-map.ts";

const room = drawRoom(100, 60);

function clearanceAt(map: PlanningMap, x: number, y: number): number {
  return sample(map, map.clearance, x, y, -1);
}

describe("planning map", () => {
  it("holds an obstacle wherever any part of a coarse cell is occupied or unknown", () => {
    const lines = [...room];
    lines[30] = `${lines[30]!.slice(0, 50)}?${lines[30]!.slice(51)}`;
    lines[40] = `${lines[40]!.slice(0, 20)}#${lines[40]!.slice(21)}`;
    const place = drawPlace(lines, 0.05);
    const map = mapFromOccupancy(place, place.occupancy);
    expect(map.resolution).toBeCloseTo(0.1);
    expect(clearanceAt(map, 2.525, 1.475)).toBe(0);
    expect(clearanceAt(map, 1.025, 0.975)).toBe(0);
    expect(clearanceAt(map, 1.45, 1.45)).toBeGreaterThan(0.4);
  });

  it("is closed at its border even where the image is free to the edge", () => {
    const place = drawPlace(Array<string>(30).fill(".".repeat(30)), 0.1);
    const map = mapFromOccupancy(place, place.occupancy);
    expect(clearanceAt(map, 0.05, 1.5)).toBeCloseTo(0.1);
    expect(clearanceAt(map, 1.55, 1.55)).toBeCloseTo(1.5);
  });

  it("keeps a margin around keepout zones, and depth inside of them", () => {
    const place = drawPlace(room, 0.05, [rectangleZone("pit", "keepout", [2, 1, 3, 2])]);
    const { zoneClearance, ...map } = mapFromOccupancy(place, place.occupancy);
    const at = (x: number, y: number): number => sample(map, zoneClearance!, x, y, -9);
    expect(at(1.95, 1.5)).toBeLessThan(0);
    expect(at(1.55, 1.5)).toBeGreaterThan(0.1);
    expect(at(2.5, 1.5)).toBeLessThan(at(2.1, 1.5));
  });

  it("forbids zones by name, and all that lies outside of the allowed ones", () => {
    const zones = [
      rectangleZone("hall", "work", [0.5, 0.5, 4, 2.5]),
      rectangleZone("corner", "work", [3, 0.5, 4, 1.5]),
    ];
    const place = { ...drawPlace(room, 0.05, zones), forbiddenZones: ["corner"], allowedZones: ["hall"] };
    const { zoneClearance, ...map } = mapFromOccupancy(place, place.occupancy);
    const at = (x: number, y: number): number => sample(map, zoneClearance!, x, y, -9);
    expect(at(1.5, 1.5)).toBeGreaterThan(0);
    expect(at(3.5, 1)).toBeLessThan(0);
    expect(at(4.5, 1.5)).toBeLessThan(0);
  });

  it("has no zone field where nothing is forbidden", () => {
    const place = drawPlace(room, 0.05, [rectangleZone("hall", "work", [0, 0, 4, 2])]);
    expect(mapFromOccupancy(place, place.occupancy).zoneClearance).toBeUndefined();
  });

  it("takes the lowest of overlapping speed limits", () => {
    const zones = [
      rectangleZone("slow", "speed-limit", [1, 1, 3, 2], { maxSpeed: 0.8 }),
      rectangleZone("slower", "slow-near-people", [2, 1, 4, 2], { maxSpeed: 0.3 }),
    ];
    const { speedLimit, ...map } = openMap({ zones, forbiddenZones: [] }, [0, 0], [5, 5]);
    const at = (x: number): number => sample(map, speedLimit!, x, 1.5, -1);
    expect(at(1.5)).toBeCloseTo(0.8);
    expect(at(2.5)).toBeCloseTo(0.3);
    expect(at(4.5)).toBe(Infinity);
  });
});

describe("map source", () => {
  it("gives robots that know the same place the same map, and another for other zones", () => {
    const maps = createMapSource();
    const [first, second] = [drawPlace(room, 0.05), drawPlace(room, 0.05)];
    const zoned = drawPlace(room, 0.05, [rectangleZone("pit", "keepout", [1, 1, 2, 2])]);
    const map = maps(first, first.occupancy);
    expect(maps(second, second.occupancy)).toBe(map);
    expect(maps(zoned, zoned.occupancy)).not.toBe(map);
  });

  it("forgets what was not asked for longest", () => {
    const maps = createMapSource();
    const places = [1, 2, 3, 4, 5].map((id) => ({ ...drawPlace(room, 0.05), forbiddenZones: [`zone-${id}`] }));
    const [first, last] = [places[0]!, places[4]!];
    const map = maps(first, first.occupancy);
    const others = places.slice(1).map((place) => maps(place, place.occupancy));
    expect(maps(last, last.occupancy)).toBe(others[3]);
    expect(maps(first, first.occupancy)).not.toBe(map);
  });
});
