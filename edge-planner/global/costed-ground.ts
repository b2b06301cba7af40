import type { Metres } from "#lib/units";
import { cellAt } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import { createSearchSpace, type SearchGround, type SearchSpace } from "./cell-search.ts";
import { createSectors, forget, type Sectors } from "./sectors.ts";
import { CLOSED, costsOf, isOnBorder, openEscape, openGoal, type Terrain } from "./traversal-cost.ts";

/** A place made ready for many searches by one kind of robot, and repaired where it changes. Owned by one planner. */
export interface CostedGround extends SearchGround, Terrain {
  readonly map: PlanningMap;
  /** The clearance that the costs were made from; `takeClearance` changes both. */
  readonly clearance: Float32Array;
  /** Sectors of 16 and of 4 cells. */
  readonly coarse: Sectors;
  readonly fine: Sectors;
  readonly space: SearchSpace;
}

const COARSE = 4;
const FINE = 2;

/** `space` may be shared by grounds over the same grid. */
export function createCostedGround(terrain: Terrain, space?: SearchSpace): CostedGround {
  const { map, footprint } = terrain;
  const { width, height, resolution, originX, originY, allowedSteps } = map;
  const clearance = terrain.clearance.slice();
  const costAt = costsOf({ map, clearance, footprint });
  const costs = new Float32Array(width * height);
  for (let row = 1; row < height - 1; row++) {
    for (let index = row * width + 1; index < (row + 1) * width - 1; index++) costs[index] = costAt(index);
  }
  const ground = { width, height, resolution, originX, originY, costs, ...(allowedSteps && { allowedSteps }) };
  return {
    ...ground,
    map,
    clearance,
    footprint,
    coarse: createSectors(ground, COARSE),
    fine: createSectors(ground, FINE),
    space: space ?? createSearchSpace(ground),
  };
}

/** Repairs costs and sectors where a clearance differs from the one known so far; the rest is not touched. */
export function takeClearance(ground: CostedGround, clearance: Float32Array): void {
  const costAt = costsOf(ground);
  for (let index = 0; index < clearance.length; index++) {
    if (cellAt(clearance, index) !== cellAt(ground.clearance, index))
      change(ground, index, cellAt(clearance, index), costAt);
  }
}

function change(ground: CostedGround, index: number, clearance: Metres, costAt: (index: number) => number): void {
  ground.clearance[index] = clearance;
  if (isOnBorder(ground, index)) return;
  const cost = costAt(index);
  if (cost !== cellAt(ground.costs, index)) setCost(ground, index, cost);
}

function setCost(ground: CostedGround, index: number, cost: number): void {
  ground.costs[index] = cost;
  forget(ground.coarse, index);
  forget(ground.fine, index);
}

/** Searches with the closed cells opened that lead away from the start (the robot may stand in them) and up to the goal, and closes them again. */
export function withWaysOpened<Result>(
  ground: CostedGround,
  from: number,
  goal: { readonly x: Metres; readonly y: Metres },
  search: () => Result,
): Result {
  const opened: number[] = [];
  const open = (index: number, cost: number): void => {
    opened.push(index);
    setCost(ground, index, cost);
  };
  openGoal(ground, ground.costs, goal.x, goal.y, open);
  openEscape(ground, ground.costs, from, open);
  try {
    return search();
  } finally {
    for (const index of opened) setCost(ground, index, CLOSED);
  }
}
