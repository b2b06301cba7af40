import { distance, type Point, type Pose, relativeTo, type Velocity, wrapAngle } from "#lib/geometry";
import type { Metres, MetresPerSecond, Radians } from "#lib/units";
import { type BackOut, backOut, planBackOut } from "./back-out.ts";
import type { NoRouteReason } from "./global/global-path.ts";
import { createGoalWatch, type GoalWatch, watchGoal } from "./goal-watch.ts";
import { STANDSTILL } from "./kinematics.ts";
import { beCautious, driveLocally } from "./local/local-planner.ts";
import { followTrack, isClearOfScan, type Situation, turnBy } from "./local-controller.ts";
import { pursueTrack } from "./pursuit.ts";
import { createProgressWatch, type ProgressWatch, watchProgress } from "./progress-watch.ts";
import { BLIND_SPEED } from "./safety-gate.ts";
import {
  createRouteKeeper,
  giveUpRoute,
  keepLine,
  keepRoute,
  type RouteKeeper,
  trackOf,
} from "./global/route-keeper.ts";
import type { RoutePlanner } from "./global/route-planner.ts";
import { rest, type Track, trackPoint } from "./track.ts";

/** A pose to be reached; the executor's `Goal` has this shape. */
export interface NavigationGoal {
  readonly goalId: string;
  readonly pose: Pose;
  readonly tolerance: Metres;
  readonly maxSpeed: MetresPerSecond;
  /** Share of the usual room that is kept where there is more than is needed; 1 unless given. */
  readonly roomShare?: number;
  /** The way to keep to, from where the robot is to `pose`; motion finds its own where none is given. */
  readonly line?: readonly Point[];
}

/** What the robot is doing about its goal. */
export type Drive =
  | { readonly state: "idle" }
  | { readonly state: "driving"; readonly goalId: string; readonly remaining: Metres }
  | { readonly state: "blocked"; readonly goalId: string; readonly sinceMs: number }
  | { readonly state: "no-route"; readonly goalId: string; readonly reason: NoRouteReason }
  | { readonly state: "arrived"; readonly goalId: string };

/** One drive to one goal. Owned by one motion loop; `navigate` changes it. */
export interface Navigator {
  readonly goal: NavigationGoal;
  readonly keeper: RouteKeeper;
  readonly progress: ProgressWatch;
  readonly goalWatch: GoalWatch;
  phase: Phase;
  /** Times that the robot backed out, and where it last did. */
  backOuts: number;
  nextBackOutMs: number;
  /** Until then it goes back from something that it came too near to. */
  awayUntilMs: number;
  backedFrom: Pose;
}

type Phase =
  | { readonly kind: "turning" }
  | { readonly kind: "following" }
  | { readonly kind: "aligning" }
  | { readonly kind: "backing"; readonly plan: BackOut }
  | { readonly kind: "arrived" };

/** Standing longer than this without getting anywhere counts as blocked. */
const BLOCKED_MS = 3000;
/** What moves gets so long to move on before the robot makes room, and so long between two tries. */
const PATIENCE_MS = 5000;
const MOST_BACK_OUTS = 3;
/** Driving on so far makes an earlier trouble another one. */
const PAST_TROUBLE: Metres = 1.5;
const TURN_FIRST: Radians = 1.0;
const TURNED_ENOUGH: Radians = 0.15;
const CARROT: Metres = 0.6;
/** Shares of the tolerance: inside of the first the goal may count as reached, inside of the second it does. */
const CLOSE_ENOUGH = 0.8;
const CENTRED = 0.2;
/** Sideways offset per metre ahead at which a goal no longer counts as ahead. */
const AHEAD = 0.4;
/** The least share of a velocity that the gate tries; how fast, and for how long, the robot goes away from what stands against even that. */
const LEAST_SHARE = 0.1;
const BACK_OFF: MetresPerSecond = 0.1;
const AWAY_MS = 700;
const ALIGNED: Radians = 0.05;
const AT_REST = 0.05;

/** `planner` is the robot's; one on this thread unless given. */
export function startNavigator(goal: NavigationGoal, pose: Pose, nowMs: number, planner?: RoutePlanner): Navigator {
  return {
    goal,
    keeper: createRouteKeeper(planner),
    progress: createProgressWatch(pose, nowMs),
    goalWatch: createGoalWatch(),
    phase: { kind: "turning" },
    backOuts: 0,
    nextBackOutMs: 0,
    awayUntilMs: -Infinity,
    backedFrom: pose,
  };
}

/** One decision on the way to the goal: the wanted velocity (for the gate to judge) and what to report. */
export function navigate(
  navigator: Navigator,
  situation: Situation,
  obstaclesVersion: number,
  nowMs: number,
): { velocity: Velocity; drive: Drive } {
  const { goal, keeper } = navigator;
  if (navigator.phase.kind === "arrived") return halt({ state: "arrived", goalId: goal.goalId });
  if (navigator.phase.kind !== "aligning") {
    // The cheap follower plans again where its way is shut; it does not look for a better one.
    const version = situation.follower === "pursuit" ? keeper.plannedVersion : obstaclesVersion;
    const { terrain, pose } = situation;
    if (goal.line) keepLine(keeper, terrain, version, pose, goal.line, nowMs);
    else keepRoute(keeper, terrain, version, pose, goal.pose, nowMs);
  }
  if (keeper.way.kind === "none") return halt({ state: "no-route", goalId: goal.goalId, reason: keeper.way.reason });
  if (keeper.way.kind === "sought") {
    return halt({ state: "driving", goalId: goal.goalId, remaining: distance(goal.pose, situation.pose) });
  }
  if (watchGoal(navigator.goalWatch, situation.terrain, situation.pose, goal.pose, keeper.way, nowMs)) {
    return halt({ state: "no-route", goalId: goal.goalId, reason: "goal_occupied" });
  }
  const { track } = keeper.way;
  const remaining = Math.max(0, track.length - keeper.along);
  const stuckMs = watchProgress(navigator.progress, situation.pose, remaining, nowMs);
  changePhase(navigator, situation, track, stuckMs, nowMs);
  const velocity = steer(navigator, situation, track, nowMs);
  return { velocity: velocity ?? STANDSTILL, drive: driveOf(navigator, remaining, stuckMs) };
}

/** The way from the robot to the goal; empty when there is none, or it is done. */
export function remainingRoute({ keeper, phase }: Navigator): readonly (readonly [Metres, Metres])[] {
  const track = trackOf(keeper.way);
  return !track || phase.kind === "arrived" ? [] : rest(track, keeper.along);
}

function halt(drive: Drive): { velocity: Velocity; drive: Drive } {
  return { velocity: STANDSTILL, drive };
}

function driveOf({ goal, phase, progress }: Navigator, remaining: Metres, stuckMs: number): Drive {
  if (phase.kind === "arrived") return { state: "arrived", goalId: goal.goalId };
  if (stuckMs >= BLOCKED_MS) return { state: "blocked", goalId: goal.goalId, sinceMs: progress.anchorMs };
  return { state: "driving", goalId: goal.goalId, remaining };
}

function changePhase(navigator: Navigator, situation: Situation, track: Track, stuckMs: number, nowMs: number): void {
  const { goal, phase } = navigator;
  const { pose } = situation;
  if (phase.kind === "backing") return;
  if (distance(navigator.backedFrom, pose) > PAST_TROUBLE) navigator.backOuts = 0;
  const isPatient = stuckMs < PATIENCE_MS || nowMs < navigator.nextBackOutMs;
  if (!isPatient && navigator.backOuts < MOST_BACK_OUTS) startBackOut(navigator, situation, nowMs);
  else if (isThere(goal, pose, phase)) navigator.phase = { kind: isLinedUp(goal, situation) ? "arrived" : "aligning" };
  else {
    const error = Math.abs(errorToCarrot(navigator, track, pose));
    const needsTurn = error > TURN_FIRST || (phase.kind === "turning" && error > TURNED_ENOUGH);
    // Who looks ahead over whole sequences turns by itself where that is the better way.
    const isTurning = needsTurn && situation.follower !== "predictive";
    navigator.phase = { kind: isTurning ? "turning" : "following" };
  }
}

function startBackOut(navigator: Navigator, situation: Situation, nowMs: number): void {
  navigator.backOuts++;
  navigator.nextBackOutMs = nowMs + PATIENCE_MS;
  navigator.backedFrom = situation.pose;
  navigator.phase = { kind: "backing", plan: planBackOut(situation, navigator.progress.trail, nowMs) };
}

function isLinedUp(goal: NavigationGoal, { pose, velocity }: Situation): boolean {
  const isAtRest = Math.abs(velocity.linear) <= AT_REST && Math.abs(velocity.angular) <= AT_REST;
  return isAtRest && Math.abs(wrapAngle(goal.pose.yaw - pose.yaw)) <= ALIGNED;
}

/**
 * Near enough to the goal to line up. Within the tolerance the robot drives on only as long as the goal lies ahead:
 * turning towards a goal at arm's length, it would turn around it for ever.
 */
function isThere(goal: NavigationGoal, pose: Pose, phase: Phase): boolean {
  const off = distance(goal.pose, pose);
  if (phase.kind === "aligning") return off <= goal.tolerance;
  if (off > CLOSE_ENOUGH * goal.tolerance) return false;
  const { x, y } = relativeTo(pose, goal.pose);
  return off <= CENTRED * goal.tolerance || Math.abs(y) > AHEAD * x;
}

/** The velocity that the phase asks for; where there is no room to turn on the spot, driving may make some, and the other way round. */
function steer(navigator: Navigator, situation: Situation, track: Track, nowMs: number): Velocity | undefined {
  const { goal, phase } = navigator;
  const follow = (): Velocity | undefined => followAlong(navigator, situation, track, nowMs);
  const turn = (): Velocity | undefined => turnBy(situation, errorToCarrot(navigator, track, situation.pose));
  switch (phase.kind) {
    case "turning":
      return turn() ?? follow();
    case "following":
      return follow() ?? turn();
    case "aligning":
      return align(situation, wrapAngle(goal.pose.yaw - situation.pose.yaw));
    case "backing":
      return backOut(phase.plan, situation, nowMs) ?? endBackOut(navigator);
    case "arrived":
      return undefined;
  }
}

function followAlong(navigator: Navigator, situation: Situation, track: Track, nowMs: number): Velocity | undefined {
  const { goal, keeper, backOuts } = navigator;
  const { follower, local, pose, velocity, limits, terrain } = situation;
  if (follower === "pursuit") return pursueTrack(situation, track, keeper.along, goal);
  if (follower !== "predictive" || !local) return followTrack(situation, track, keeper.along, goal);
  const wanted = driveLocally(local.planner, {
    nowMs,
    odom: local.odom,
    pose,
    velocity,
    track,
    along: keeper.along,
    maxSpeed: goal.maxSpeed,
    maxReverseSpeed: Math.min(limits.maxReverseSpeed, BLIND_SPEED),
    // Who got stuck by what it sees follows the route, which remembers more.
    guide: terrain.map.occupancy || backOuts > 0 ? "route" : "sight",
  });
  return wanted && clearOrAway(navigator, situation, wanted, nowMs);
}

/**
 * A velocity that the gate would refuse however much it slowed it down gives way to going back for a moment: the finest map errs by a cell, and in
 * a passage that is hardly wider than the robot that is too much.
 */
function clearOrAway(navigator: Navigator, situation: Situation, wanted: Velocity, nowMs: number): Velocity {
  const away = { linear: 0 - BACK_OFF, angular: 0 };
  if (nowMs < navigator.awayUntilMs && isClearOfScan(situation, away)) return away;
  const least = { linear: wanted.linear * LEAST_SHARE, angular: wanted.angular * LEAST_SHARE };
  const isMoving = Math.abs(situation.velocity.linear) > AT_REST;
  if (isMoving || isClearOfScan(situation, least)) return wanted;
  navigator.awayUntilMs = nowMs + AWAY_MS;
  if (situation.local) beCautious(situation.local.planner, nowMs);
  return isClearOfScan(situation, away) ? away : { linear: 0, angular: wanted.angular };
}

/** Turns to the goal's heading and comes to rest well within what counts as aligned: who goes on correcting never rests. */
function align(situation: Situation, error: Radians): Velocity | undefined {
  return Math.abs(error) < ALIGNED / 2 ? STANDSTILL : turnBy(situation, error);
}

function endBackOut(navigator: Navigator): undefined {
  navigator.phase = { kind: "turning" };
  giveUpRoute(navigator.keeper);
}

function errorToCarrot({ keeper }: Navigator, track: Track, pose: Pose): Radians {
  const carrot = trackPoint(track, keeper.along + CARROT);
  return wrapAngle(Math.atan2(carrot.y - pose.y, carrot.x - pose.x) - pose.yaw);
}
