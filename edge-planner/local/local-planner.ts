import { compose, type Pose, relativeTo, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import type { Footprint } from "../footprint.ts";
import { cellAt, indexAt, OUTSIDE } from "../grid.ts";
import { advance, approach, type KinematicLimits } from "../kinematics.ts";
import type { RangeScan } from "../scan-points.ts";
import { type Track, trackPoint } from "../track.ts";
import { type CostToGo, createCostToGo, type Seed, spreadCost, type Widths } from "./cost-to-go.ts";
import { discsOf } from "./footprint-discs.ts";
import { centreOn, createLocalMap, LOCAL_CELLS, type LocalMap, takeScan } from "./local-map.ts";
import { createRolloutEngine } from "./rollout-engine.ts";
import { advanceSampler, createSampler, firstOf, improve, resetSampler, type Sampler, STEP } from "./sampler.ts";

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
  spreadMs: number;
  hasWay: boolean;
  decidedMs: number;
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
/** Beyond the circumscribed circle, the room that is worth a detour, and what a cell may err by. */
const COMFORT: Metres = 0.45;
const CELL_ERROR: Metres = 0.02;
const ESCAPE: Metres = 0.3;

export function createLocalPlanner(footprint: Footprint, limits: KinematicLimits): LocalPlanner {
  const shape = { samples: SAMPLES, steps: STEPS, cells: LOCAL_CELLS };
  const { memory, rollOut } = createRolloutEngine(shape);
  const map = createLocalMap(memory.distances);
  return {
    limits,
    map,
    way: createCostToGo(map, memory.costToGo),
    sampler: createSampler(memory, rollOut, discsOf(footprint), limits),
    widths: { closed: footprint.inscribed - CELL_ERROR, open: footprint.circumscribed + COMFORT },
    footprint,
    sent: [],
    spreadMs: -Infinity,
    hasWay: false,
    decidedMs: -Infinity,
  };
}

/** Takes in a scan made from `lidar` in the frame `odom`. */
export function observeLocally(
  planner: LocalPlanner,
  scan: RangeScan,
  lidar: Pose,
  isPassing?: (ray: number) => boolean,
): void {
  const { map } = planner;
  const [x, y] = [map.originX, map.originY];
  centreOn(map, lidar.x, lidar.y);
  if (map.originX !== x || map.originY !== y) planner.spreadMs = -Infinity;
  takeScan(map, scan, lidar, isPassing);
}

/** Tells what was really sent to the wheels. */
export function noteCommand({ sent, limits }: LocalPlanner, velocity: Velocity, atMs: number): void {
  sent.push({ atMs, velocity });
  const oldest = atMs - 1000 * (limits.delay ?? DELAY);
  while (sent.length > 1 && sent[1]!.atMs <= oldest) sent.shift();
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

/** Spreads the cost to go from the end of the track that is in sight. */
function spreadWay(planner: LocalPlanner, { odom, pose, track, along }: LocalSituation): boolean {
  const { map, way, sampler, widths, footprint } = planner;
  const robot = indexAt(map, odom.x, odom.y);
  if (robot === OUTSIDE) return false;
  const { distances } = sampler.memory;
  const seed = endInSight(planner, odom, pose, track, along);
  const escape = Math.ceil((footprint.circumscribed + ESCAPE) / map.resolution);
  return seed !== undefined && spreadCost(way, { distances, widths, robot, escape }, seed);
}

/** The farthest point of the track in the window, or the farthest open one if that lies in an obstacle. */
function endInSight(
  { map, sampler, widths }: LocalPlanner,
  odom: Pose,
  pose: Pose,
  track: Track,
  along: Metres,
): Seed | undefined {
  const { distances } = sampler.memory;
  const inner = BORDER / map.resolution;
  const cellOn = (at: Metres): number => {
    const point = compose(odom, relativeTo(pose, trackPoint(track, at)));
    const cell = indexAt(map, point.x, point.y);
    if (cell === OUTSIDE) return OUTSIDE;
    const [column, row] = [cell % map.width, Math.floor(cell / map.width)];
    const isInner = column >= inner && row >= inner && column < map.width - inner && row < map.height - inner;
    return isInner ? cell : OUTSIDE;
  };
  let end = along;
  while (end < track.length && cellOn(Math.min(track.length, end + TRACK_STEP)) !== OUTSIDE)
    end = Math.min(track.length, end + TRACK_STEP);
  const farthest = cellOn(end);
  if (farthest === OUTSIDE) return undefined;
  for (let at = end; at > along + SHORTEST_SIGHT; at -= TRACK_STEP) {
    const cell = cellOn(at);
    if (cell !== OUTSIDE && cellAt(distances, cell) >= widths.closed) return { cell, cost: track.length - at };
  }
  return { cell: farthest, cost: track.length - end };
}
