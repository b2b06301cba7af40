import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED } from "#contract/occupancy-grid";
import { type Point, type Pose } from "#lib/geometry";
import { solidsOf } from "./scene.ts";
import { bodyThing, gapBetween, polygonThing, type Thing } from "./shapes.ts";
import { neighboursOf } from "./surroundings.ts";
import { createTerrain, prepareTerrain } from "./terrain.ts";

const footprint: Point[] = [
  [0.35, 0.25],
  [-0.35, 0.25],
  [-0.35, -0.25],
  [0.35, -0.25],
];
const placed = (pose: Pose): Thing => bodyThing("r", footprint, pose);
const floor = prepareTerrain({ empty: [-10, -10, 10, 10] });

describe("neighboursOf", () => {
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
          return gapBetween(
            body,
            polygonThing("cell", [
              [x, y],
              [x + size, y],
              [x + size, y + size],
              [x, y + size],
            ]),
          );
        });
        const least = Math.min(...gaps);
        const expected = least < within ? [{ id: "map", gap: least }] : [];
        const found = neighboursOf(body, solidsOf(createTerrain(grid), []), within);
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
    const found = neighboursOf(placed({ x: 0, y: 0, yaw: 0 }), solidsOf(floor, things), 1);
    expect(found.map(({ id }) => id)).toEqual(["near", "under"]);
    expect(found[0]!.gap).toBeCloseTo(0.45, 12);
    expect(found[1]!.gap).toBe(0);
  });
});
