import type { Point, Pose } from "#lib/geometry";
import { FREE } from "#contract/occupancy-grid";
import { searchCells } from "./cell-search.ts";
import { cornersAt, type Footprint, footprintClearance } from "../footprint.ts";
import { cellAt, cellCentreX, cellCentreY, codeAt, indexAt, OUTSIDE } from "../grid.ts";
import { lineCost, straighten } from "./path-smoothing.ts";
import type { PlanningMap } from "../planning-map.ts";
import { fillPolygon, traceOutline } from "../polygon-raster.ts";
import { openEscape, openGoal, type Terrain, traversalCosts } from "./traversal-cost.ts";

/** Why there is no way; the words travel into `failure.code`. */
export type NoRouteReason = "goal_occupied" | "start_in_obstacle" | "no_route" | "outside_excerpt" | "budget_exhausted";

/** A way from the start to the goal's position; `cost` is its length in metres, weighted by how narrow it is. */
export interface Route {
  readonly points: readonly Point[];
  readonly cost: number;
}

export type RouteResult =
  | { readonly ok: true; readonly route: Route }
  | { readonly ok: false; readonly reason: NoRouteReason };

/** Cells that a search may take up: several times what the largest map in use has. */
const NODE_BUDGET = 2_000_000;

/**
 * The cheapest way for the footprint's centre (A* over the cells' costs, no corner cut), pulled straight where that
 * costs nothing. The footprint must fit at the goal pose; on the way only its inscribed circle must, and narrow
 * cells are dear.
 */
export function planRoute(terrain: Terrain, start: Pose, goal: Pose, nodeBudget = NODE_BUDGET): RouteResult {
  const { map } = terrain;
  const [from, to] = [indexAt(map, start.x, start.y), indexAt(map, goal.x, goal.y)];
  if (from === OUTSIDE || to === OUTSIDE) return { ok: false, reason: "outside_excerpt" };
  if (!isFreeAt(map, terrain.footprint, goal)) return { ok: false, reason: "goal_occupied" };
  const costs = routeCosts(terrain, start, goal);
  const found = searchCells(map, costs, from, to, nodeBudget);
  if (!found.ok) {
    const isStuck = found.reason === "no_route" && cellAt(map.clearance, from) <= 0;
    return { ok: false, reason: isStuck ? "start_in_obstacle" : found.reason };
  }
  const cells = found.cells.map((cell): Point => [cellCentreX(map, cell), cellCentreY(map, cell)]);
  const points = straighten(map, costs, [[start.x, start.y], ...cells.slice(1, -1), [goal.x, goal.y]]);
  return { ok: true, route: { points, cost: polylineCost(terrain, costs, points) } };
}

/** What a way that was found earlier costs now; infinite when something stands in it. */
export function costNow(terrain: Terrain, points: readonly Point[]): number {
  const [start, goal] = [points[0], points.at(-1)];
  if (!start || !goal) return Infinity;
  const costs = routeCosts(terrain, { x: start[0], y: start[1] }, { x: goal[0], y: goal[1] });
  return polylineCost(terrain, costs, points);
}

function routeCosts(terrain: Terrain, start: { x: number; y: number }, goal: { x: number; y: number }): Float32Array {
  const costs = traversalCosts(terrain);
  openGoal(terrain, costs, goal.x, goal.y);
  const from = indexAt(terrain.map, start.x, start.y);
  if (from !== OUTSIDE) openEscape(terrain, costs, from);
  return costs;
}

function polylineCost({ map }: Terrain, costs: Float32Array, points: readonly Point[]): number {
  let sum = 0;
  for (let at = 1; at < points.length; at++) sum += lineCost(map, costs, points[at - 1]!, points[at]!);
  return sum;
}

/** Whether the footprint touches nothing known at a pose, at the resolution of the map itself. */
function isFreeAt(map: PlanningMap, footprint: Footprint, pose: Pose): boolean {
  if (map.zoneClearance && footprintClearance(map, map.zoneClearance, footprint, pose, map.resolution) <= 0)
    return false;
  const { occupancy } = map;
  if (!occupancy) return true;
  let isFree = true;
  const visit = (index: number): void => {
    if (codeAt(occupancy.cells, index) !== FREE) isFree = false;
  };
  const corners = cornersAt(footprint, pose);
  fillPolygon(occupancy, corners, visit);
  traceOutline(occupancy, corners, visit);
  return isFree;
}
