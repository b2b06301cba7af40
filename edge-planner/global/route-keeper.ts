import { distance, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { sample } from "../grid.ts";
import { costNow, type NoRouteReason, planRoute, type Route } from "./global-path.ts";
import { makeTrack, project, rest, type Track, trackPoint } from "../track.ts";
import { narrowest, type Terrain } from "./traversal-cost.ts";

/** The route to one goal and where the robot is on it. Owned by one motion loop; `keepRoute` changes it. */
export interface RouteKeeper {
  way: Way;
  /** Distance driven along the track. */
  along: Metres;
  plannedMs: number;
  /** Version of the observed obstacles that the last plan knew. */
  plannedVersion: number;
  /** Which ways are looked for first: all through which the footprint fits, or those in which it can also turn. */
  preference: "any" | "roomy";
}

/** The track to follow, or why there is none; `obstructed` leads through observed obstacles, to wait at them. */
export type Way =
  | { readonly kind: "clear"; readonly track: Track }
  | { readonly kind: "obstructed"; readonly track: Track }
  | { readonly kind: "none"; readonly reason: NoRouteReason };

const SOONEST_REPLAN_MS = 1000;
const LOOK_FOR_BETTER_MS = 2500;
/** A search that finds nothing takes up all cells in reach, so it is not repeated at every turn. */
const RETRY_MS = 3000;
/** A new route must cost less than this share of the old one, or the robot would dither between them. */
const WORTH_CHANGING = 0.85;
const LOOK_AHEAD: Metres = 6;
const OFF_TRACK: Metres = 0.7;
/** A robot that is at the end of its track and still asks for one missed the goal by a little. */
const AT_END: Metres = 0.03;

export function createRouteKeeper(): RouteKeeper {
  return {
    way: { kind: "none", reason: "no_route" },
    along: 0,
    plannedMs: -Infinity,
    plannedVersion: -1,
    preference: "any",
  };
}

/** Plans when there is no route, when something stands in it, when the robot left it, and now and then for a better one. */
export function keepRoute(
  keeper: RouteKeeper,
  terrain: Terrain,
  version: number,
  pose: Pose,
  goal: Pose,
  nowMs: number,
): void {
  if (keeper.way.kind !== "none") follow(keeper, keeper.way.track, pose);
  const ageMs = nowMs - keeper.plannedMs;
  if (ageMs < SOONEST_REPLAN_MS) return;
  if (needsPlan(keeper, terrain, pose, ageMs)) {
    keeper.way = findWay(keeper.preference, terrain, pose, goal);
    keeper.along = 0;
  } else if (keeper.way.kind === "clear" && version !== keeper.plannedVersion && ageMs >= LOOK_FOR_BETTER_MS) {
    improve(keeper, keeper.way.track, terrain, pose, goal);
  } else return;
  keeper.plannedMs = nowMs;
  keeper.plannedVersion = version;
}

/** The robot got stuck on its way: makes the next `keepRoute` plan again from where it is, by a roomier way if there is one. */
export function giveUpRoute(keeper: RouteKeeper): void {
  keeper.preference = "roomy";
  keeper.way = { kind: "none", reason: "no_route" };
  keeper.plannedMs = -Infinity;
}

function follow(keeper: RouteKeeper, track: Track, pose: Pose): void {
  // A little backwards too: the estimate of the pose moves both ways.
  keeper.along = project(track, pose.x, pose.y, Math.max(0, keeper.along - 0.5), keeper.along + 1.5).along;
}

function needsPlan({ way, along }: RouteKeeper, terrain: Terrain, pose: Pose, ageMs: number): boolean {
  if (way.kind === "none") return ageMs >= RETRY_MS;
  if (way.kind === "obstructed") return ageMs >= RETRY_MS || !isBlocked(way.track, along, terrain, Infinity);
  if (distance(trackPoint(way.track, along), pose) > OFF_TRACK || way.track.length - along < AT_END) return true;
  return isBlocked(way.track, along, terrain, LOOK_AHEAD);
}

function isBlocked(track: Track, along: Metres, terrain: Terrain, lookAhead: Metres): boolean {
  const { map, clearance, footprint } = terrain;
  const narrow = narrowest(map, footprint);
  // Near the robot the way may lead out of closed cells, and near the goal into them: those are known to the plan.
  const [from, to] = [along + footprint.circumscribed, Math.min(along + lookAhead, track.length - narrow)];
  for (let at = from; at < to; at += map.resolution) {
    const { x, y } = trackPoint(track, at);
    if (sample(map, clearance, x, y, 0) < Math.min(narrow, sample(map, map.clearance, x, y, 0))) return true;
  }
  return false;
}

function improve(keeper: RouteKeeper, track: Track, terrain: Terrain, pose: Pose, goal: Pose): void {
  const found = planRoute(keeper.preference === "roomy" ? roomy(terrain) : terrain, pose, goal);
  if (!found.ok || found.route.cost > WORTH_CHANGING * costNow(terrain, rest(track, keeper.along))) return;
  keeper.way = clearWay(found.route);
  keeper.along = 0;
}

function findWay(preference: RouteKeeper["preference"], terrain: Terrain, pose: Pose, goal: Pose): Way {
  const wide = preference === "roomy" && planRoute(roomy(terrain), pose, goal);
  if (wide && wide.ok) return clearWay(wide.route);
  const found = planRoute(terrain, pose, goal);
  if (found.ok) return clearWay(found.route);
  const mapped = planRoute({ ...terrain, clearance: terrain.map.clearance }, pose, goal);
  if (mapped.ok) return { kind: "obstructed", track: makeTrack(mapped.route.points) };
  return { kind: "none", reason: mapped.reason };
}

/** The same ground for a robot as wide as it is long. */
function roomy(terrain: Terrain): Terrain {
  const { footprint } = terrain;
  return { ...terrain, footprint: { ...footprint, inscribed: footprint.circumscribed } };
}

function clearWay(route: Route): Way {
  return { kind: "clear", track: makeTrack(route.points) };
}
