import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED } from "#contract/occupancy-grid";
import { type Point, type Pose } from "#lib/geometry";
import { placeOutline, polygonGap, type Thing } from "./shapes.ts";
import { Gauge, type Placed } from "./surroundings.ts";
import { createTerrain, prepareTerrain } from "./terrain.ts";

const footprint: Point[] = [
  [0.35, 0.25],
  [-0.35, 0.25],
  [-0.35, -0.25],
  [0.35, -0.25],
];
const placed = (pose: Pose): Placed => ({
  pose,
  radius: Math.hypot(0.35, 0.25),
  outline: placeOutline(footprint, pose),
});
const floor = prepareTerrain({ empty: [-10, -10, 10, 10] });

describe("a gauge", () => {
  it("agrees with the distance to each occupied square, wherever the body stands", () => {
    const size = 0.25;
    const scene = fc.record({
      cells: fc.array(fc.constantFrom(...Array<number>(15).fill(FREE), OCCUPIED), { minLength: 400, maxLength: 400 }),
      x: fc.double({ min: -0.5, max: 5.5, noNaN: true }),
      y: fc.double({ min: -0.5, max: 5.5, noNaN: true }),
      yaw: fc.double({ min: -4, max: 4, noNaN: true }),
      within: fc.double({ min: 0.01, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(scene, ({ cells, within, ...pose }) => {
        const grid = { width: 20, height: 20, resolution: size, originX: 0, originY: 0, cells: Uint8Array.from(cells) };
        const body = placed(pose);
        const gaps = cells.flatMap((value, cell) => {
          if (value !== OCCUPIED) return [];
          const [x, y] = [(cell % 20) * size, Math.floor(cell / 20) * size];
          return polygonGap(body.outline, [
            [x, y],
            [x + size, y],
            [x + size, y + size],
            [x, y + size],
          ]);
        });
        const least = Math.min(...gaps);
        const expected = least < within ? [{ id: "map", gap: least }] : [];
        const found = new Gauge(createTerrain(grid)).neighbours(body, [], within);
        expect(found.map(({ gap }) => gap.toFixed(9))).toEqual(expected.map(({ gap }) => gap.toFixed(9)));
      }),
      { numRuns: 300 },
    );
  });

  it("measures things exactly, and only those that are near", () => {
    const things: Thing[] = [
      { shape: "circle", id: "near", x: 1, y: 0, radius: 0.2 },
      { shape: "circle", id: "far", x: 3, y: 0, radius: 0.2 },
      { shape: "circle", id: "under", x: 0, y: 0.2, radius: 0.2 },
    ];
    const found = new Gauge(floor).neighbours(placed({ x: 0, y: 0, yaw: 0 }), things, 1);
    expect(found.map(({ id }) => id)).toEqual(["near", "under"]);
    expect(found[0]!.gap).toBeCloseTo(0.45, 12);
    expect(found[1]!.gap).toBe(0);
  });

  it("measures a body that stands anew when it is asked about a wider surrounding", () => {
    const cells = new Uint8Array(100).fill(FREE);
    cells[9] = OCCUPIED;
    const terrain = createTerrain({
      width: 10,
      height: 1,
      resolution: 0.5,
      originX: 0,
      originY: 0,
      cells: cells.slice(0, 10),
    });
    const gauge = new Gauge(terrain);
    const body = placed({ x: 1, y: 0.25, yaw: 0 });
    expect(gauge.neighbours(body, [], 1)).toEqual([]);
    expect(gauge.neighbours(body, [], 4)[0]!.gap).toBeCloseTo(4.5 - 1.35, 9);
  });
});
