import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawPlace, drawRoom } from "../drawn-place.ts";
import { makeFootprint } from "../footprint.ts";
import { mapFromOccupancy } from "../planning-map.ts";
import { createCostedGround, takeClearance } from "./costed-ground.ts";
import { planOver, planRoute } from "./global-path.ts";

const footprint = makeFootprint([
  [-0.3, -0.2],
  [0.3, -0.2],
  [0.3, 0.2],
  [-0.3, 0.2],
]);
const place = drawPlace(drawRoom(80, 50), 0.1);
const map = mapFromOccupancy(place, place.occupancy);
const [START, GOAL] = [
  { x: 1, y: 1, yaw: 0 },
  { x: 7, y: 4, yaw: 0 },
];

/** The map's clearance with walls across it, each with a gap somewhere. */
function withWalls(walls: readonly { readonly column: number; readonly gap: number }[]): Float32Array {
  const clearance = map.clearance.slice();
  for (const { column, gap } of walls) {
    for (let row = 0; row < map.height; row++) {
      if (Math.abs(row - gap) > 6) clearance[row * map.width + column] = 0;
    }
  }
  return clearance;
}

const walls = fc.array(fc.record({ column: fc.integer({ min: 20, max: 60 }), gap: fc.integer({ min: 0, max: 49 }) }), {
  maxLength: 3,
});

describe("costed ground", () => {
  it("plans on repaired ground as on ground made anew, whatever came and went", () => {
    const repaired = createCostedGround({ map, clearance: map.clearance, footprint });
    fc.assert(
      fc.property(walls, (drawn) => {
        const clearance = withWalls(drawn);
        takeClearance(repaired, clearance);
        expect(planOver(repaired, START, GOAL)).toEqual(planRoute({ map, clearance, footprint }, START, GOAL));
      }),
      { numRuns: 40 },
    );
  });

  it("splits only those sectors again that a change touches", () => {
    const ground = createCostedGround({ map, clearance: map.clearance, footprint });
    planOver(ground, START, GOAL);
    const before = [...ground.coarse.pieces];
    const clearance = map.clearance.slice();
    clearance[25 * map.width + 40] = 0;
    takeClearance(ground, clearance);
    const forgotten = before.flatMap((pieces, at) => (pieces && !ground.coarse.pieces[at] ? [at] : []));
    expect(forgotten).toHaveLength(1);
  });

  it("leaves the ground as it was after a plan that opened ways out of closed cells", () => {
    const ground = createCostedGround({ map, clearance: map.clearance, footprint });
    const costs = ground.costs.slice();
    expect(planOver(ground, { x: 0.2, y: 2, yaw: 0 }, GOAL).ok).toBe(true);
    expect(ground.costs).toEqual(costs);
  });
});
