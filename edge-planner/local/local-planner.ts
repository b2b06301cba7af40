import { compose, type Point, type Pose, relativeTo, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import type { Footprint } from "../footprint.ts";
import { cellAt, cellCentreX, cellCentreY, indexAt, OUTSIDE } from "../grid.ts";
import { advance, approach, type KinematicLimits } from "../kinematics.ts";
import type { RangeScan } from "../scan-points.ts";
import { type Track, trackPoint } from "../track.ts";
import {
  addSeed,
  type CostToGo,
  createCostToGo,
  createSeeds,
  type Seeds,
  spreadCost,
  type Widths,
} from "./cost-to-go.ts";
import { discsOf } from "./footprint-discs.ts";
import { centreOn, createLocalMap, LOCAL_CELLS, type LocalMap, takeScan } from "./local-map.ts";
import { createRolloutEngine } from "./rollout-engine.ts";
import {
  advanceSampler,
  createSampler,
  firstOf,
  improve,
  resetSampler,
  type Sampler,
  STEP,
  TOUCHING,
} from "./sampler.ts";

/** Everything between a scan and a velocity: the local map, the cost to go, and the search for the best way to move. Owned by one motion loop. */
export interface LocalPlanner {
  readonly limits: KinematicLimits;
  readonly map: LocalMap;
  readonly way: CostToGo;
  readonly sampler: Sampler;
  readonly widths: Widths;
  readonly footprint: Footprint;
  /** Commands that may not have reached the wheels yet, oldest first. */
  readonly sent: SentCommand[];
  readonly seeds: Seeds;
  readonly approach: Approach;
  /** Until then it looks for ways that are a little wider than those that seemed wide enough. */
  cautiousUntilMs: number;
  spreadMs: number;
  hasWay: boolean;
  decidedMs: number;
}

/** How near to its goal, as the crow flies, the robot came, and when. */
interface Approach {
  goal: Point;
  nearest: Metres;
  atMs: number;
}

interface SentCommand {
  readonly atMs: number;
  readonly velocity: Velocity;
}

/** What one decision is made from. */
export interface LocalSituation {
  readonly nowMs: number;
  /** The same place in the frame `odom` and in that of the track. */
  readonly odom: Pose;
  readonly pose: Pose;
  readonly velocity: Velocity;
  readonly track: Track;
  /** How far along the track the robot is. */
  readonly along: Metres;
  readonly maxSpeed: MetresPerSecond;
  readonly maxReverseSpeed: MetresPerSecond;
  /**
   * What leads beyond the window: the route that was planned, or, where no map is known, the straight line to the goal as long as that brings
   * the robot nearer, as the window knows more of the ground than any plan.
   */
  readonly guide: "route" | "sight";
}

const SAMPLES = 1000;
const STEPS = 56;
/** The way is looked for anew so often, at most. */
const SPREAD_EVERY_MS = 190;
/** From a command to its effect, unless the limits say so. */
const DELAY: Seconds = 0.05;
/** Room at the border of the window that the end of the way in sight keeps. */
const BORDER: Metres = 0.4;
const TRACK_STEP: Metres = 0.1;
/** The end of the way in sight lies at least so far ahead. */
const SHORTEST_SIGHT: Metres = 1;
/** Beyond the circumscribed circle, the room that is worth a detour. */
const COMFORT: Metres = 0.45;
/** Beyond the circumscribed circle, the room in which a robot lines up for a passage. */
const LINING_UP: Metres = 0.2;
const ESCAPE: Metres = 0.3;
/** Room that a cautious robot wants in addition, more than the gate keeps, and for how long. */
const CAUTION: Metres = 0.04;
const CAUTIOUS_MS = 8000;
const BACK: Metres = 1.5;
const SAME_GOAL: Metres = 0.5;
/** So much nearer counts as nearer, and so long without it leaves the lead to the route. */
const NEARER: Metres = 0.3;
const PATIENCE_MS = 10_000;

export function createLocalPlanner(footprint: Footprint, limits: KinematicLimits): LocalPlanner {
  const shape = { samples: SAMPLES, steps: STEPS, cells: LOCAL_CELLS };
  const { memory, rollOut } = createRolloutEngine(shape);
  const map = createLocalMap(memory.distances);
  return {
    limits,
    map,
    way: createCostToGo(map, memory.costToGo, memory.slowness),
    sampler: createSampler(memory, rollOut, discsOf(footprint), limits),
    widths: {
      closed: footprint.inscribed + TOUCHING,
      tight: footprint.circumscribed + LINING_UP,
      open: footprint.circumscribed + COMFORT,
    },
    footprint,
    sent: [],
    seeds: createSeeds(map),
    approach: { goal: [Infinity, Infinity], nearest: Infinity, atMs: -Infinity },
    cautiousUntilMs: -Infinity,
    spreadMs: -Infinity,
    hasWay: false,
    decidedMs: -Infinity,
  };
}

/** Takes in a scan made from `lidar` in the frame `odom`. */
export function observeLocally(planner: LocalPlanner, scan: RangeScan, lidar: Pose): void {
  const { map } = planner;
  const [x, y] = [map.originX, map.originY];
  centreOn(map, lidar.x, lidar.y);
  if (map.originX !== x || map.originY !== y) planner.spreadMs = -Infinity;
  takeScan(map, scan, lidar);
}

/** Tells what was really sent to the wheels. */
export function noteCommand({ sent, limits }: LocalPlanner, velocity: Velocity, atMs: number): void {
  sent.push({ atMs, velocity });
  const oldest = atMs - 1000 * (limits.delay ?? DELAY);
  while (sent.length > 1 && sent[1]!.atMs <= oldest) sent.shift();
}

/** The gate refused what the map showed as a way: for a while only wider ones are gone, unless there is no other. */
export function beCautious(planner: LocalPlanner, nowMs: number): void {
  if (nowMs >= planner.cautiousUntilMs) planner.spreadMs = -Infinity;
  planner.cautiousUntilMs = nowMs + CAUTIOUS_MS;
}

/** The velocity that gets along the track best from here; undefined when there is no way to be seen. */
export function driveLocally(planner: LocalPlanner, situation: LocalSituation): Velocity | undefined {
  const { sampler, limits } = planner;
  const { nowMs, odom, velocity, maxSpeed, maxReverseSpeed } = situation;
  if (nowMs - planner.spreadMs >= SPREAD_EVERY_MS) {
    planner.spreadMs = nowMs;
    planner.hasWay = spreadWay(planner, situation);
  }
  if (!planner.hasWay) return undefined;
  const elapsed = (nowMs - planner.decidedMs) / 1000;
  planner.decidedMs = nowMs;
  if (elapsed > STEP * STEPS) resetSampler(sampler);
  else advanceSampler(sampler, elapsed);
  const then = afterDelay(planner, odom, velocity, nowMs);
  const remaining = Math.max(0, situation.track.length - situation.along);
  const fastest = Math.min(maxSpeed, limits.maxSpeed);
  improve(sampler, { frame: planner.map, ...then, maxSpeed: fastest, maxReverseSpeed, remaining });
  const wanted = firstOf(sampler);
  return approach(then.velocity, wanted, limits, STEP);
}

/** Where the robot will be, and how fast, when what is sent now takes effect. */
function afterDelay(
  { sent, limits }: LocalPlanner,
  odom: Pose,
  velocity: Velocity,
  nowMs: number,
): { pose: Pose; velocity: Velocity } {
  const delayMs = 1000 * (limits.delay ?? DELAY);
  let [pose, moving] = [odom, velocity];
  for (let ms = 0; ms < delayMs; ms += 1000 * STEP) {
    const duration = Math.min(STEP, (delayMs - ms) / 1000);
    const command = sent.findLast(({ atMs }) => atMs + delayMs <= nowMs + ms) ?? sent[0];
    const next = command ? approach(moving, command.velocity, limits, duration) : moving;
    pose = advance(
      pose,
      { linear: (moving.linear + next.linear) / 2, angular: (moving.angular + next.angular) / 2 },
      duration,
    );
    moving = next;
  }
  return { pose, velocity: moving };
}

/** Spreads the cost to go from where the way leaves the window, or from its end if that is in sight. */
function spreadWay(planner: LocalPlanner, situation: LocalSituation): boolean {
  const { map, way, sampler, widths, footprint, seeds } = planner;
  const { odom, track, guide } = situation;
  const robot = indexAt(map, odom.x, odom.y);
  if (robot === OUTSIDE) return false;
  const { distances } = sampler.memory;
  seeds.count = 0;
  const goal = cellOn(planner, situation, track.length);
  if (goal !== OUTSIDE) addSeed(seeds, goal, 0);
  else if (guide === "sight" && isNearing(planner, situation)) sowBorder(planner, situation);
  else sowTrack(planner, situation);
  if (seeds.count === 0) return false;
  const escape = Math.ceil((footprint.circumscribed + ESCAPE) / map.resolution);
  const ground = { distances, widths, robot, end: seeds.cells[0]!, escape };
  if (situation.nowMs < planner.cautiousUntilMs) {
    const wider = { ...widths, closed: widths.closed + CAUTION };
    if (spreadCost(way, { ...ground, widths: wider }, seeds)) return true;
  }
  return spreadCost(way, ground, seeds);
}

/** Whether the robot came nearer to its goal of late: what it sees may lead it to and fro before a wall that is longer than the window. */
function isNearing({ approach }: LocalPlanner, { pose, track, nowMs }: LocalSituation): boolean {
  const goal = track.points.at(-1)!;
  const away = Math.hypot(goal[0] - pose.x, goal[1] - pose.y);
  const isOther = Math.hypot(goal[0] - approach.goal[0], goal[1] - approach.goal[1]) > SAME_GOAL;
  if (isOther || away < approach.nearest - NEARER) Object.assign(approach, { goal, nearest: away, atMs: nowMs });
  return nowMs - approach.atMs < PATIENCE_MS;
}

/** The cell of the window in which a point of the track lies; the window's border counts as outside. */
function cellOn({ map }: LocalPlanner, { odom, pose, track }: LocalSituation, along: Metres): number {
  const point = compose(odom, relativeTo(pose, trackPoint(track, along)));
  const cell = indexAt(map, point.x, point.y);
  if (cell === OUTSIDE) return OUTSIDE;
  const border = BORDER / map.resolution;
  const [column, row] = [cell % map.width, Math.floor(cell / map.width)];
  const isInner = column >= border && row >= border && column < map.width - border && row < map.height - border;
  return isInner ? cell : OUTSIDE;
}

/** The farthest point of the track in the window, or the farthest open one if that lies in an obstacle. */
function sowTrack(planner: LocalPlanner, situation: LocalSituation): void {
  const { sampler, widths, seeds } = planner;
  const { track, along } = situation;
  const { distances } = sampler.memory;
  let end = along;
  while (end < track.length && cellOn(planner, situation, Math.min(track.length, end + TRACK_STEP)) !== OUTSIDE) {
    end = Math.min(track.length, end + TRACK_STEP);
  }
  const farthest = cellOn(planner, situation, end);
  if (farthest === OUTSIDE) return;
  for (let at = end; at > along + SHORTEST_SIGHT; at -= TRACK_STEP) {
    const cell = cellOn(planner, situation, at);
    if (cell !== OUTSIDE && cellAt(distances, cell) >= widths.closed) return addSeed(seeds, cell, track.length - at);
  }
  addSeed(seeds, farthest, track.length - end);
}

/**
 * The open cells along the border of the window, each as far from the goal as the straight line to it is long. Those that lie much farther than the robot
 * itself lead back: a passage that looks shut for a moment is no reason to turn around.
 */
function sowBorder({ map, sampler, widths, seeds }: LocalPlanner, { odom, pose, track }: LocalSituation): void {
  const { distances } = sampler.memory;
  const goal = compose(odom, relativeTo(pose, trackPoint(track, track.length)));
  const farthest = Math.hypot(goal.x - odom.x, goal.y - odom.y) + BACK;
  const edge = map.width - 2;
  const sow = (column: number, row: number): void => {
    const cell = row * map.width + column;
    if (cellAt(distances, cell) < widths.closed) return;
    const away = Math.hypot(cellCentreX(map, cell) - goal.x, cellCentreY(map, cell) - goal.y);
    if (away <= farthest) addSeed(seeds, cell, away);
  };
  for (let at = 1; at <= edge; at++) {
    sow(at, 1);
    sow(at, edge);
    sow(1, at);
    sow(edge, at);
  }
}
