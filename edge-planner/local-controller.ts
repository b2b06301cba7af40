import { type Pose, type Velocity, wrapAngle } from "#lib/geometry";
import type { Metres, MetresPerSecond, Radians, Seconds } from "#lib/units";
import { clamp, sampleSmooth } from "./grid.ts";
import { type Footprint, footprintClearance } from "./footprint.ts";
import { advance, type KinematicLimits, reactionOf, stoppingPoses, turnRateWithin } from "./kinematics.ts";
import type { LocalPlanner } from "./local/local-planner.ts";
import { isClearOfMovers, PEOPLE_RULES, type PeopleRules, roomToMovers } from "./moving-clearance.ts";
import { isSweepClear } from "./swept-path.ts";
import { project, type Track, trackPoint } from "./track.ts";
import { type Movers, moversWithin, NO_MOVERS } from "./tracking/movers.ts";
import type { Terrain } from "./global/traversal-cost.ts";

/**
 * How a track is followed: by trying many velocities and rolling each out; by rolling out many sequences of velocities over a finer map of its own, which
 * drives faster and through narrower places; or by steering for a point ahead, far cheaper and coarser.
 */
export type Follower = "sampling" | "predictive" | "pursuit";

/** What a local decision is made from. */
export interface Situation {
  /** Pose in the frame of the map, and velocity, now. */
  readonly pose: Pose;
  readonly velocity: Velocity;
  readonly terrain: Terrain;
  /** The newest scan's points in the frame of the base. */
  readonly points: Float64Array;
  /** `sampling` unless given. */
  readonly follower?: Follower | undefined;
  readonly limits: KinematicLimits;
  /** The follower `predictive`, and where the robot is in its frame; needed for that follower only. */
  readonly local?: { readonly planner: LocalPlanner; readonly odom: Pose } | undefined;
  /** What moves, or may; nothing unless given. */
  readonly movers?: Movers | undefined;
  /** `PEOPLE_RULES` unless given. */
  readonly people?: PeopleRules | undefined;
}

/** What makes a velocity dear; each term is 0 at its best. */
const COSTS = {
  /** Of standing still; falls to 0 for the furthest that can be driven along the track from this speed. */
  dawdling: 2,
  /** Per metre that the way leads beside the track. */
  lateral: 1.2,
  /** Per radian between the final heading and the direction to the track further on. */
  heading: 0.45,
  /** When the footprint all but touches; falls with the square of the room, to 0 at `ROOMY`. */
  crowding: 1.5,
  /** Per radian per second of change, against wobbling. */
  swerving: 0.06,
  /** When something that moves would touch the footprint, where both are then; falls with the square of the room, to 0 at `POLITE`. */
  meeting: 3,
} as const;

const HORIZON: Seconds = 1.6;
const ROLLOUT_STEPS = 10;
/** Velocities that can be reached within this time are tried. */
const WINDOW: Seconds = 0.3;
const LINEAR_SAMPLES = 6;
const ANGULAR_SAMPLES = 15;
/** Room around the footprint beyond which more is no better. */
const ROOMY: Metres = 0.45;
/** Look-ahead for the heading at the end of a rollout. */
const CARROT: Metres = 0.5;
/** Speed next to an obstacle, and how much faster per metre of room. */
const CREEP: MetresPerSecond = 0.3;
const SPEED_PER_ROOM = 2.2;
/** Room to what moves beyond which more is no better, and speed beside it with how much faster per metre of room. */
const POLITE: Metres = 1;
const SPEED_BESIDE: MetresPerSecond = 0.35;
const SPEED_PER_POLITE_ROOM = 0.7;
/** Steps of a rollout at which those who move are looked at. */
const MEETING_STRIDE = 2;
/** Speed at which the goal is reached, and the share of the brakes that is used for it. */
const ARRIVAL_SPEED: MetresPerSecond = 0.08;
const GENTLE = 0.6;

/** How a track is followed. */
export interface Pace {
  readonly maxSpeed: MetresPerSecond;
  /** Share of the usual room that is worth keeping where there is more than is needed; what is needed stays. */
  readonly roomShare?: number;
}

/**
 * The velocity that follows a track best from here: samples what the base can reach (the dynamic window), rolls
 * each out as an arc, and takes the cheapest that runs into nothing; undefined when all do. Source: D. Fox, W.
 * Burgard, S. Thrun, "The Dynamic Window Approach to Collision Avoidance", IEEE RAM 1997.
 */
export function followTrack(
  situation: Situation,
  track: Track,
  along: Metres,
  { maxSpeed, roomShare = 1 }: Pace,
): Velocity | undefined {
  const here = {
    footprint: footprintRoom(situation.terrain, situation.pose),
    centre: centreRoom(situation.terrain, situation.pose),
  };
  const crowdedSpeed = here.footprint < ROOMY ? CREEP + SPEED_PER_ROOM * here.footprint : Infinity;
  const movers = moversWithin(situation.movers ?? NO_MOVERS, MEETING_REACH);
  const speedCap = Math.min(
    maxSpeed,
    crowdedSpeed,
    arrivalSpeed(situation, track, along),
    speedBeside(situation.terrain.footprint, movers),
  );
  const candidates: Candidate[] = [];
  const velocities = reachable(situation, speedCap);
  const fastest = Math.max(...velocities.map((velocity) => velocity.linear));
  const course = { track, along, here, fastest, roomy: ROOMY * roomShare, movers };
  for (const velocity of velocities) {
    const cost = rolloutCost(situation, course, velocity);
    if (cost < Infinity) candidates.push({ velocity, cost });
  }
  candidates.sort((a, b) => a.cost - b.cost);
  return candidates.find(({ velocity }) => isClearOfScan(situation, velocity))?.velocity;
}

/** The turn on the spot towards an angle (as an error, counter-clockwise positive); undefined when something is in the way. */
export function turnBy(situation: Situation, error: Radians): Velocity | undefined {
  const turning = situation.velocity.angular * Math.sign(error);
  const left = Math.max(0, Math.abs(error) - Math.max(0, turning) * reactionOf(situation.limits));
  const rate = Math.max(LEAST_TURN, turnRateWithin(GENTLE * left, situation.limits));
  const velocity = { linear: 0, angular: Math.sign(error) * rate };
  return isClearOfScan(situation, velocity) ? velocity : undefined;
}

/** Whether the robot could take up a velocity and brake again without touching what the newest scan shows, or coming too near to what moves. */
export function isClearOfScan(situation: Situation, command: Velocity): boolean {
  const { velocity, limits, terrain, points, movers = NO_MOVERS, people = PEOPLE_RULES } = situation;
  const poses = stoppingPoses(velocity, command, limits, reactionOf(limits));
  return isSweepClear(terrain.footprint, poses, points) && isClearOfMovers(terrain.footprint, poses, movers, people);
}

const LEAST_TURN = 0.08;

interface Candidate {
  readonly velocity: Velocity;
  readonly cost: number;
}

/** Room of the footprint and of its centre where the robot stands. */
interface Room {
  readonly footprint: Metres;
  readonly centre: Metres;
}

function reachable({ velocity, limits }: Situation, speedCap: MetresPerSecond): Velocity[] {
  const slowest = clamp(velocity.linear - limits.maxDeceleration * WINDOW, 0, speedCap);
  const fastest = clamp(velocity.linear + limits.maxAcceleration * WINDOW, 0, speedCap);
  const turn = limits.maxAngularAcceleration * WINDOW;
  const fastestTurn: number = limits.maxAngularSpeed;
  const right = clamp(velocity.angular - turn, -fastestTurn, fastestTurn);
  const left = clamp(velocity.angular + turn, -fastestTurn, fastestTurn);
  const velocities: Velocity[] = [];
  for (let row = 0; row < LINEAR_SAMPLES; row++) {
    const linear = slowest + ((fastest - slowest) * row) / (LINEAR_SAMPLES - 1);
    for (let column = 0; column < ANGULAR_SAMPLES; column++) {
      velocities.push({ linear, angular: right + ((left - right) * column) / (ANGULAR_SAMPLES - 1) });
    }
    if (right < 0 && left > 0) velocities.push({ linear, angular: 0 });
  }
  return velocities;
}

/** The speed from which the base comes gently to rest at the end of the track. */
export function arrivalSpeed({ limits }: Situation, track: Track, along: Metres): MetresPerSecond {
  const left = Math.max(0, track.length - along);
  return Math.max(
    ARRIVAL_SPEED,
    Math.sqrt(2 * GENTLE * limits.maxDeceleration * left) - limits.maxDeceleration * reactionOf(limits),
  );
}

/** What the rollouts of one decision have in common. */
interface Course {
  readonly track: Track;
  readonly along: Metres;
  readonly here: Room;
  /** The highest speed among them. */
  readonly fastest: MetresPerSecond;
  /** Room around the footprint beyond which more is no better. */
  readonly roomy: Metres;
  /** What moves near enough to be met. */
  readonly movers: Movers;
}

function rolloutCost(situation: Situation, course: Course, velocity: Velocity): number {
  const { track, along, here, fastest, roomy, movers } = course;
  const left = Math.max(0.02, track.length - along);
  const duration = Math.min(HORIZON, left / Math.max(velocity.linear, 1e-3));
  const rollout = rollOut(situation, here, velocity, duration);
  if (!rollout) return Infinity;
  const { middle, end, least } = rollout;
  const reach = along + velocity.linear * duration + CARROT;
  const ended = project(track, end.x, end.y, along, reach);
  const lateral = (project(track, middle.x, middle.y, along, reach).lateral + ended.lateral) / 2;
  const furthest = Math.max(1e-3, Math.min(left, fastest * HORIZON));
  const crowding = Math.max(0, (roomy - least) / roomy);
  return (
    COSTS.dawdling * (1 - (ended.along - along) / furthest) +
    COSTS.lateral * lateral +
    COSTS.heading * headingError(track, ended.along, end) +
    COSTS.crowding * crowding * crowding +
    COSTS.swerving * Math.abs(velocity.angular - situation.velocity.angular) +
    meetingCost(situation.terrain.footprint, movers, velocity, duration)
  );
}

/** What coming near to those who move costs, each where it will be at that time. */
function meetingCost(footprint: Footprint, movers: Movers, velocity: Velocity, duration: Seconds): number {
  if (movers.count === 0) return 0;
  let least = POLITE;
  for (let step = MEETING_STRIDE; step <= ROLLOUT_STEPS; step += MEETING_STRIDE) {
    const time = (duration * step) / ROLLOUT_STEPS;
    least = Math.min(least, roomToMovers(footprint, advance(HERE, velocity, time), time, movers, least));
  }
  const lack = Math.min(1, (POLITE - least) / POLITE);
  return COSTS.meeting * lack * lack;
}

/** Near to who moves the robot drives slower. */
function speedBeside(footprint: Footprint, movers: Movers): MetresPerSecond {
  const room = roomToMovers(footprint, HERE, 0, movers, MEETING_REACH);
  return SPEED_BESIDE + SPEED_PER_POLITE_ROOM * Math.max(0, room);
}

const HERE: Pose = { x: 0, y: 0, yaw: 0 };
/** Nothing farther away is met within the horizon. */
const MEETING_REACH: Metres = 4;

/** Where keeping a velocity leads, and the least room on the way; undefined when it hits something before the base could stop. */
function rollOut(
  { pose, limits, terrain }: Situation,
  here: Room,
  velocity: Velocity,
  duration: Seconds,
): { middle: Pose; end: Pose; least: Metres } | undefined {
  const stopTime = reactionOf(limits) + velocity.linear / limits.maxDeceleration;
  let [middle, end, least] = [pose, pose, here.footprint];
  for (let step = 1; step <= ROLLOUT_STEPS; step++) {
    const time = (duration * step) / ROLLOUT_STEPS;
    const at = advance(pose, velocity, time);
    // Where something was touched at the start (the map errs, or a zone was entered), the centre must get no closer to it.
    const room = here.footprint > 0 ? footprintRoom(terrain, at) : 0;
    const isHit = here.footprint > 0 ? room <= 0 : centreRoom(terrain, at) < here.centre - CENTRE_TOLERANCE;
    if (isHit) return time <= stopTime ? undefined : { middle, end, least: 0 };
    least = Math.min(least, room);
    if (step <= ROLLOUT_STEPS / 2) middle = at;
    end = at;
  }
  return { middle, end, least };
}

function headingError(track: Track, along: Metres, end: Pose): Radians {
  const carrot = trackPoint(track, along + CARROT);
  return Math.abs(wrapAngle(Math.atan2(carrot.y - end.y, carrot.x - end.x) - end.yaw));
}

const CENTRE_TOLERANCE: Metres = 1e-3;

/** Room around the footprint, at most `ROOMY`; zero where it touches an obstacle or forbidden ground. */
function footprintRoom({ map, clearance, footprint }: Terrain, pose: Pose): Metres {
  const room = footprintClearance(map, clearance, footprint, pose, ROOMY);
  const zones = map.zoneClearance;
  return room > 0 && zones && footprintClearance(map, zones, footprint, pose, map.resolution) <= 0 ? 0 : room;
}

function centreRoom({ map, clearance }: Terrain, { x, y }: Pose): Metres {
  const room = sampleSmooth(map, clearance, x, y);
  return map.zoneClearance ? Math.min(room, sampleSmooth(map, map.zoneClearance, x, y)) : room;
}
