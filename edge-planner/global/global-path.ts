import { isInside, type Point, type Pose } from "#lib/geometry";
import { FREE } from "#contract/occupancy-grid";
import { cornersAt, type Footprint, footprintClearance } from "../footprint.ts";
import { cellAt, cellCentreX, cellCentreY, codeAt, indexAt, OUTSIDE } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import { fillPolygon, traceOutline } from "../polygon-raster.ts";
import { searchCells, type SearchResult } from "./cell-search.ts";
import { findCorridor } from "./corridor.ts";
import { type CostedGround, createCostedGround, withWaysOpened } from "./costed-ground.ts";
import { polylineCost, straighten } from "./path-smoothing.ts";
import { CLOSED, type Terrain } from "./traversal-cost.ts";

/** Why there is no way; the words travel into `failure.code`. */
export type NoRouteReason =
  | "goal_occupied"
  | "start_in_obstacle"
  | "no_route"
  | "outside_excerpt"
  | "budget_exhausted"
  | `blocked_by_keepout:${string}`;

/** A way from the start to the goal's position; `cost` is its length in metres, weighted by how narrow it is. */
export interface Route {
  readonly points: readonly Point[];
  readonly cost: number;
}

export type RouteResult =
  | { readonly ok: true; readonly route: Route }
  | { readonly ok: false; readonly reason: NoRouteReason | "cancelled" };

export interface PlanLimits {
  /** Cells that one plan may take up. */
  readonly nodeBudget?: number;
  /** Asked now and then; true ends the plan as `cancelled`. */
  readonly isCancelled?: () => boolean;
}

/** Several times what the largest map in use has. */
const NODE_BUDGET = 20_000_000;

/** A single plan over a terrain; who plans more than once over a place keeps a `CostedGround` for `planOver`. */
export function planRoute(terrain: Terrain, start: Pose, goal: Pose, limits: PlanLimits = {}): RouteResult {
  return planOver(createCostedGround(terrain), start, goal, limits);
}

/**
 * A cheap way for the footprint's centre, made straight where that costs nothing. The footprint must fit at the goal pose; on the way only its
 * inscribed circle must, and narrow cells are dear. Searched from coarse to fine, each level within the corridor that the one above found:
 * where there is a way it is found, and it is the cheapest within its corridor.
 */
export function planOver(ground: CostedGround, start: Pose, goal: Pose, limits: PlanLimits = {}): RouteResult {
  const { map } = ground;
  const [from, to] = [indexAt(map, start.x, start.y), indexAt(map, goal.x, goal.y)];
  if (from === OUTSIDE || to === OUTSIDE) return { ok: false, reason: "outside_excerpt" };
  if (!isFreeAt(map, ground.footprint, goal)) return { ok: false, reason: "goal_occupied" };
  const found = withWaysOpened(ground, from, goal, (): RouteResult => {
    const cells = searchDown(ground, from, to, limits);
    if (!cells.ok) return { ok: false, reason: cells.reason };
    return { ok: true, route: routeOf(ground, cells.cells, start, goal) };
  });
  if (found.ok || found.reason !== "no_route") return found;
  if (cellAt(map.clearance, from) <= 0) return { ok: false, reason: "start_in_obstacle" };
  const zone = zoneInTheWay(ground, start, goal, limits);
  return { ok: false, reason: zone === undefined ? "no_route" : `blocked_by_keepout:${zone}` };
}

/** What a way that was found earlier costs now; infinite when something stands in it. */
export function costNow(ground: CostedGround, points: readonly Point[]): number {
  const [start, goal] = [points[0], points.at(-1)];
  const from = start ? indexAt(ground, start[0], start[1]) : OUTSIDE;
  if (from === OUTSIDE || !goal) return Infinity;
  return withWaysOpened(ground, from, { x: goal[0], y: goal[1] }, () => polylineCost(ground, points));
}

function searchDown(ground: CostedGround, from: number, to: number, limits: PlanLimits): SearchResult {
  const { nodeBudget = NODE_BUDGET, isCancelled } = limits;
  const isShut = cellAt(ground.costs, from) === CLOSED || cellAt(ground.costs, to) === CLOSED;
  const coarse = isShut ? undefined : findCorridor(ground.coarse, from, to);
  // Sectors hang together exactly where cells do, but for what one-way ground forbids.
  if (!coarse && (isShut || !ground.allowedSteps)) return { ok: false, reason: "no_route", taken: 0 };
  const corridor = coarse && (findCorridor(ground.fine, from, to, coarse) ?? coarse);
  const found = searchCells(ground, ground.space, from, to, { nodeBudget, isCancelled, corridor, directions: 16 });
  if (found.ok || found.reason !== "no_route" || !corridor) return found;
  return searchCells(ground, ground.space, from, to, { nodeBudget, isCancelled, directions: 16 });
}

function routeOf(ground: CostedGround, cells: readonly number[], start: Pose, goal: Pose): Route {
  const centres = cells.slice(1, -1).map((cell): Point => [cellCentreX(ground, cell), cellCentreY(ground, cell)]);
  const points = straighten(ground, [[start.x, start.y], ...centres, [goal.x, goal.y]]);
  return { points, cost: polylineCost(ground, points) };
}

/** The first forbidden zone on the way that there would be without such zones; undefined where there would be none either. */
function zoneInTheWay(ground: CostedGround, start: Pose, goal: Pose, limits: PlanLimits): string | undefined {
  const { map, clearance, footprint, space } = ground;
  const { zoneClearance, forbidden, ...open } = map;
  if (!zoneClearance || !forbidden) return undefined;
  const found = planOver(createCostedGround({ map: open, clearance, footprint }, space), start, goal, limits);
  if (!found.ok) return undefined;
  for (const [x, y] of alongRoute(found.route.points, map.resolution)) {
    const zone = forbidden.find(({ polygon }) => isInside([x, y], polygon));
    if (zone) return zone.id;
  }
  return undefined;
}

function* alongRoute(points: readonly Point[], spacing: number): Generator<Point> {
  for (let at = 1; at < points.length; at++) {
    const [a, b] = [points[at - 1]!, points[at]!];
    const steps = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / spacing));
    for (let step = 0; step < steps; step++) {
      yield [a[0] + ((b[0] - a[0]) * step) / steps, a[1] + ((b[1] - a[1]) * step) / steps];
    }
  }
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
