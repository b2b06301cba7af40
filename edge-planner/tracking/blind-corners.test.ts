import { expect, it } from "vitest";
import type { Pose } from "#lib/geometry";
import { drawPlace, drawRoom } from "../drawn-place.ts";
import { mapFromOccupancy } from "../planning-map.ts";
import { blindCorners, cornersSeenFrom } from "./blind-corners.ts";
import { scanOf, type Wall } from "./synthetic-scan.ts";

const HERE: Pose = { x: 2, y: 2, yaw: 0 };
const room: readonly Wall[] = [
  [0, 0, 10, 0],
  [10, 0, 10, 8],
  [10, 8, 0, 8],
  [0, 8, 0, 0],
];

function corners(walls: readonly Wall[], map = undefined as Parameters<typeof blindCorners>[2]): number[] {
  return blindCorners(scanOf({ walls: [...room, ...walls] }, HERE, 0), { inMap: HERE, tracked: HERE }, map);
}

it("finds no hiding place in an empty room", () => {
  expect(corners([])).toEqual([]);
});

it("finds the place behind the end of a shelf, in its shadow, once", () => {
  const [x, y, ...others] = corners([[4, 3, 4, 7]]);
  expect(others).toEqual([]);
  // The lower end of the shelf is at (4, 3): right behind it, above the ray that passes it.
  expect(Math.hypot(x! - 4, y! - 3)).toBeLessThan(0.45);
  expect(y! - 2).toBeGreaterThan(0.5 * (x! - 2));
});

it("finds none behind a thin post, nor where the map shows that nobody can stand", () => {
  expect(corners([[4, 3, 4, 3.2]])).toEqual([]);
  const solid = drawPlace(
    drawRoom(100, 80).map((line, row) => (row < 50 ? `${line.slice(0, 38)}${"#".repeat(62)}` : line)),
    0.1,
  );
  expect(corners([[4, 3, 4, 7]], mapFromOccupancy(solid, solid.occupancy))).toEqual([]);
});

it("gives the places as the base sees them", () => {
  const seen = cornersSeenFrom({ x: 1, y: 1, yaw: Math.PI / 2 }, [1, 3, 2, 1]);
  [2, 0, 0, -1].forEach((value, at) => expect(seen[at]).toBeCloseTo(value));
});
