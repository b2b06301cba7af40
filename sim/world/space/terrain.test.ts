import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED, type OccupancyGrid, UNKNOWN } from "#contract/occupancy-grid";
import { castFan, castRay } from "./ray.ts";
import { createTerrain, prepareTerrain, type Terrain } from "./terrain.ts";

/** A terrain of square cells drawn as text, the top row first: `#` occupied, `?` unknown, else free. */
function drawn(rows: readonly string[], resolution: number): Terrain {
  const cells = rows
    .toReversed()
    .flatMap((row) => row.split("").map((sign) => ({ "#": OCCUPIED, "?": UNKNOWN })[sign] ?? FREE));
  const [width, height] = [rows[0]!.length, rows.length];
  return createTerrain({ width, height, resolution, originX: 0, originY: 0, cells: Uint8Array.from(cells) });
}

/** Distance along a ray to the nearest occupied square by intersecting it with each (the slab method). */
function nearestSquare(grid: OccupancyGrid, x: number, y: number, cos: number, sin: number): number {
  const { width, resolution: size } = grid;
  const entries = [...grid.cells.entries()]
    .filter(([, value]) => value === OCCUPIED)
    .map(([cell]) => {
      const [left, bottom] = [grid.originX + (cell % width) * size, grid.originY + Math.floor(cell / width) * size];
      const across = [(left - x) / cos, (left + size - x) / cos];
      const along = [(bottom - y) / sin, (bottom + size - y) / sin];
      const enter = Math.max(Math.min(...across), Math.min(...along));
      const leave = Math.min(Math.max(...across), Math.max(...along));
      return leave >= Math.max(0, enter) ? Math.max(0, enter) : Infinity;
    });
  return Math.min(Infinity, ...entries);
}

describe("castRay", () => {
  it("finds the near side of the first wall", () => {
    const terrain = drawn(["....#.", "....#.", "....#."], 0.5);
    expect(castRay(terrain, 0.25, 0.75, 1, 0, 10)).toBeCloseTo(1.75, 12);
    expect(castRay(terrain, 0.25, 0.75, -1, 0, 10)).toBe(Infinity);
    expect(castRay(terrain, 0.25, 0.75, -1, -0, 10)).toBe(Infinity);
  });

  it("sees nothing beyond its range", () => {
    const terrain = drawn(["........#"], 1);
    expect(castRay(terrain, 0.5, 0.5, 1, 0, 7.4)).toBe(Infinity);
    expect(castRay(terrain, 0.5, 0.5, 1, 0, 7.6)).toBeCloseTo(7.5, 12);
  });

  it("passes cells that are merely unknown", () => {
    expect(castRay(drawn([".??#"], 1), 0.5, 0.5, 1, 0, 10)).toBeCloseTo(2.5, 12);
  });

  it("measures nothing from inside of a wall, and enters the map from outside", () => {
    const terrain = drawn(["..#"], 1);
    expect(castRay(terrain, 2.5, 0.5, 1, 0, 10)).toBe(0);
    expect(castRay(terrain, -3, 0.5, 1, 0, 10)).toBeCloseTo(5, 6);
    expect(castRay(terrain, -3, 0.5, -1, 0, 10)).toBe(Infinity);
  });

  it("casts a fan as it casts each of its rays, those along the axes included", () => {
    const terrain = drawn(["########", "#......#", "#..#...#", "#......#", "########"], 0.5);
    const angles = Array.from({ length: 72 }, (_, ray) => (ray * Math.PI) / 36 - Math.PI);
    const fan = { cos: Float64Array.from(angles, Math.cos), sin: Float64Array.from(angles, Math.sin) };
    fan.sin[36] = 0;
    for (const [turnCos, turnSin] of [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const) {
      const ranges = new Float64Array(angles.length).fill(Infinity);
      castFan(terrain, { x: 2.6, y: 0.9, turnCos, turnSin }, fan, 10, ranges);
      const single = angles.map((_, ray) => {
        const [cos, sin] = [fan.cos[ray]!, fan.sin[ray]!];
        return castRay(terrain, 2.6, 0.9, turnCos * cos - turnSin * sin, turnSin * cos + turnCos * sin, 10);
      });
      for (const [ray, range] of ranges.entries()) expect(range).toBeCloseTo(single[ray]!, 9);
      expect(Math.min(...single)).toBeGreaterThan(0.3);
    }
  });

  it("agrees with the intersection of the ray and each occupied square", () => {
    const cell = fc.constantFrom(...Array<number>(12).fill(FREE), OCCUPIED, UNKNOWN);
    const scene = fc.record({
      cells: fc.array(cell, { minLength: 24 * 18, maxLength: 24 * 18 }),
      // Odd fractions, so that no ray runs exactly along a border, where a hit is a matter of taste.
      x: fc.integer({ min: -30, max: 400 }).map((n) => n / 33.3 + 0.0123),
      y: fc.integer({ min: -30, max: 300 }).map((n) => n / 33.3 + 0.0077),
      angle: fc.integer({ min: 0, max: 1000 }).map((n) => (n * 2 * Math.PI) / 1000.7 + 0.001),
    });
    fc.assert(
      fc.property(scene, ({ cells, x, y, angle }) => {
        const grid = { width: 24, height: 18, resolution: 0.5, originX: 0, originY: 0, cells: Uint8Array.from(cells) };
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const expected = nearestSquare(grid, x, y, cos, sin);
        const found = castRay(createTerrain(grid), x, y, cos, sin, 100);
        expect(found).toBeCloseTo(expected, 6);
      }),
      { numRuns: 300 },
    );
  });
});

describe("prepareTerrain", () => {
  const terrain = prepareTerrain({ empty: [-1, -2, 3, 2] });

  it("makes free floor of an empty rectangle, within a wall of one cell", () => {
    const { width, height, originX, originY, cells } = terrain.grid;
    expect([width, height]).toEqual([82, 82]);
    expect([originX, originY]).toEqual([-1.05, -2.05]);
    const isBorder = (at: number, size: number): boolean => at === 0 || at === size - 1;
    const misplaced = [...cells.entries()].filter(([cell, value]) => {
      const isWall = isBorder(cell % width, width) || isBorder(Math.floor(cell / width), height);
      return value !== (isWall ? OCCUPIED : FREE);
    });
    expect(misplaced).toEqual([]);
  });

  it("lets the lidar see the walls of an empty rectangle on every side", () => {
    const directions = [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const;
    const ranges = directions.map(([cos, sin]) => castRay(terrain, 0.01, 0.01, cos, sin, 12));
    for (const [at, expected] of [2.99, 1.01, 1.99, 2.01].entries()) expect(ranges[at]).toBeCloseTo(expected, 9);
  });
});
