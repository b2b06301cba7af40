import { distance, type Point, type Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { sample } from "../grid.ts";
import { makeTrack, project, rest, type Track, trackPoint } from "../track.ts";
import type { NoRouteReason } from "./global-path.ts";
import {
  ALL_ALONG,
  around,
  type Course,
  type Detour,
  lineAt,
  type LineWay,
  nextDetour,
  straightOn,
} from "./line-way.ts";
import { createInlinePlanner, type Found, type RoutePlanner, type RouteRequest } from "./route-planner.ts";
import { narrowest, type Terrain } from "./traversal-cost.ts";

/** The route to one goal and where the robot is on it. Owned by one motion loop; `keepRoute` changes it. */
export interface RouteKeeper {
  readonly planner: RoutePlanner;
  way: Way;
  /** Distance driven along the track. */
  along: Metres;
  plannedMs: number;
  /** Version of the observed obstacles that the last plan knew. */
  plannedVersion: number;
  /** Which ways are looked for first: all through which the footprint fits, or those in which it can also turn. */
  preference: "any" | "roomy";
  /** What the planner works on. */
  asked: { readonly question: number; readonly wanted: RouteRequest["wanted"]["kind"] } | undefined;
  /** Where the track runs along a line that was given, and the way around something on it that is looked for. */
  course: Course;
  detour: Detour | undefined;
}

/** The track to follow, or why there is none; `obstructed` leads through observed obstacles, to wait at them; `sought` is the first plan under way. */
export type Way =
  | { readonly kind: "clear"; readonly track: Track }
  | { readonly kind: "obstructed"; readonly track: Track }
  | { readonly kind: "sought" }
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

export function createRouteKeeper(planner: RoutePlanner = createInlinePlanner()): RouteKeeper {
  return {
    planner,
    way: { kind: "sought" },
    along: 0,
    plannedMs: -Infinity,
    plannedVersion: -1,
    preference: "any",
    asked: undefined,
    course: ALL_ALONG,
    detour: undefined,
  };
}

/**
 * Asks for a plan when there is no route, when something stands in it, when the robot left it, and now and then for a better one; the
 * present route is kept until the answer is there.
 */
export function keepRoute(
  keeper: RouteKeeper,
  terrain: Terrain,
  version: number,
  pose: Pose,
  goal: Pose,
  nowMs: number,
): void {
  takeAnswer(keeper);
  const track = trackOf(keeper.way);
  if (track) follow(keeper, track, pose);
  const ageMs = nowMs - keeper.plannedMs;
  if (keeper.asked || ageMs < SOONEST_REPLAN_MS) return;
  const wanted = whatIsWanted(keeper, terrain, version, pose, ageMs);
  if (!wanted) return;
  keeper.plannedMs = nowMs;
  keeper.plannedVersion = version;
  const question = keeper.planner.ask({ terrain, start: pose, goal, preference: keeper.preference, wanted });
  keeper.asked = { question, wanted: wanted.kind };
  takeAnswer(keeper);
}

/** Keeps to a line that was given, and leaves it only around what stands on it; `none` where it cannot be got back to. */
export function keepLine(
  keeper: RouteKeeper,
  terrain: Terrain,
  version: number,
  pose: Pose,
  points: readonly Point[],
  nowMs: number,
): void {
  const line = makeTrack(points);
  takeDetour(keeper, line);
  const track = trackOf(keeper.way);
  if (track) follow(keeper, track, pose);
  const ageMs = nowMs - keeper.plannedMs;
  if (keeper.asked || ageMs < SOONEST_REPLAN_MS || !needsPlan(keeper, terrain, pose, ageMs)) return;
  keeper.plannedMs = nowMs;
  keeper.plannedVersion = version;
  const from = lineAt(keeper.course, keeper.along);
  const straight = straightOn(terrain, pose, line, from);
  keeper.detour = straight ? undefined : nextDetour(terrain, pose, line, from, keeper.detour);
  if (straight) takeLine(keeper, straight);
  else if (keeper.detour) {
    const { start, goal } = keeper.detour;
    const question = keeper.planner.ask({ terrain, start, goal, preference: "any", wanted: { kind: "way" } });
    keeper.asked = { question, wanted: "way" };
    takeDetour(keeper, line);
  } else keeper.way = { kind: "none", reason: "goal_occupied" };
}

function takeDetour(keeper: RouteKeeper, line: Track): void {
  const { asked, planner, detour } = keeper;
  const answer = asked && planner.take(asked.question);
  if (!answer || !detour) return;
  keeper.asked = undefined;
  // One that was not found stays known, so that the next one looked for ends further on.
  if (answer.found.kind !== "clear") return;
  takeLine(keeper, around(detour, answer.found.route.points, line));
  keeper.detour = undefined;
}

function takeLine(keeper: RouteKeeper, { track, course }: LineWay): void {
  keeper.way = { kind: "clear", track };
  keeper.course = course;
  keeper.along = 0;
}

/** The robot got stuck on its way: makes the next `keepRoute` plan again from where it is, by a roomier way if there is one. */
export function giveUpRoute(keeper: RouteKeeper): void {
  keeper.preference = "roomy";
  keeper.way = { kind: "sought" };
  keeper.plannedMs = -Infinity;
  keeper.asked = undefined;
}

/** The track of a way, where it has one. */
export function trackOf(way: Way): Track | undefined {
  return way.kind === "clear" || way.kind === "obstructed" ? way.track : undefined;
}

function whatIsWanted(
  keeper: RouteKeeper,
  terrain: Terrain,
  version: number,
  pose: Pose,
  ageMs: number,
): RouteRequest["wanted"] | undefined {
  if (needsPlan(keeper, terrain, pose, ageMs)) return { kind: "way" };
  const { way, along, plannedVersion } = keeper;
  const isDue = version !== plannedVersion && ageMs >= LOOK_FOR_BETTER_MS;
  return way.kind === "clear" && isDue ? { kind: "better", than: rest(way.track, along) } : undefined;
}

function takeAnswer(keeper: RouteKeeper): void {
  const { asked, planner } = keeper;
  const answer = asked && planner.take(asked.question);
  if (!asked || !answer) return;
  keeper.asked = undefined;
  const { found, presentCost } = answer;
  const isTaken =
    asked.wanted === "way" || (found.kind === "clear" && found.route.cost <= WORTH_CHANGING * presentCost);
  if (!isTaken) return;
  keeper.way = wayOf(found);
  keeper.along = 0;
}

function wayOf(found: Found): Way {
  return found.kind === "none" ? found : { kind: found.kind, track: makeTrack(found.route.points) };
}

function follow(keeper: RouteKeeper, track: Track, pose: Pose): void {
  // A little backwards too: the estimate of the pose moves both ways.
  keeper.along = project(track, pose.x, pose.y, Math.max(0, keeper.along - 0.5), keeper.along + 1.5).along;
}

function needsPlan({ way, along }: RouteKeeper, terrain: Terrain, pose: Pose, ageMs: number): boolean {
  if (way.kind === "sought") return true;
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
