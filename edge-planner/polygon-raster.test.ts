import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceToSegment, isInside, type Point } from "#lib/geometry";
import { cellCentreX, cellCentreY, type GridFrame, indexAt } from "./grid.ts";
import { fillPolygon, traceOutline } from "./polygon-raster.ts";

const frame: GridFrame = { width: 20, height: 15, resolution: 0.1, originX: -1, originY: -0.5 };

function filled(polygon: readonly Point[]): Set<number> {
  const cells = new Set<number>();
  fillPolygon(frame, polygon, (index) => cells.add(index));
  return cells;
}

/** Centres on the border may fall on either side. */
function isOnBorder(point: Point, polygon: readonly Point[]): boolean {
  return polygon.some((corner, at) => distanceToSegment(point, corner, polygon.at(at - 1)!) < 1e-9);
}

describe("polygon raster", () => {
  it("fills exactly the cells whose centre is inside, for polygons in and beyond the grid", () => {
    const coordinate = fc.double({ min: -2, max: 2, noNaN: true });
    const polygons = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(polygons, (polygon) => {
        const cells = filled(polygon);
        for (let index = 0; index < frame.width * frame.height; index++) {
          const centre = [cellCentreX(frame, index), cellCentreY(frame, index)] as const;
          if (isOnBorder(centre, polygon)) continue;
          expect(cells.has(index)).toBe(isInside(centre, polygon));
        }
      }),
    );
  });

  it("traces the cells of a border that is thinner than a cell", () => {
    const sliver: Point[] = [
      [-0.92, 0.02],
      [0.52, 0.02],
      [0.52, 0.03],
    ];
    const cells = new Set<number>();
    traceOutline(frame, sliver, (index) => cells.add(index));
    for (let x = -0.9; x < 0.52; x += 0.05) expect(cells).toContain(indexAt(frame, x, 0.02));
  });
});
