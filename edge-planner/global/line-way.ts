import { distance, type Point, type Pose, polylineLength } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { sample } from "../grid.ts";
import { makeTrack, rest, type Track, trackPoint } from "../track.ts";
import { narrowest, type Terrain } from "./traversal-cost.ts";

/** How distances along a track that follows a line are distances along that line; on its detour it is where it left it. */
export interface Course {
  /** Along the line, where the track begins. */
  readonly from: Metres;
  /** Along the track, where it leaves the line and where it is back. */
  readonly leaves: Metres;
  readonly isBack: Metres;
  /** Along the line, where it is back. */
  readonly at: Metres;
}

export const ALL_ALONG: Course = { from: 0, leaves: Infinity, isBack: Infinity, at: 0 };

/** A robot that is further from its line first drives to it. */
const BESIDE: Metres = 0.35;
const LOOK_AHEAD: Metres = 6;
/** Free line that is worth coming back to, and how far on the next place to come back to is tried. */
const LEAST_FREE: Metres = 0.3;
const NEXT_TRY: Metres = 0.6;
const MOST_TRIES = 6;
/** The robot leaves its line so long before what stands on it. */
const BEFORE: Metres = 0.15;

/** A way around what stands on a line, before it is found. */
export interface Detour {
  /** Along the line, where the robot is and where it is to be back. */
  readonly from: Metres;
  readonly at: Metres;
  /** What is driven of the line first, from where the robot is. */
  readonly kept: readonly Point[];
  /** Ends of the way that is looked for. */
  readonly start: Pose;
  readonly goal: Pose;
  readonly tries: number;
}

/** A track along a line. */
export interface LineWay {
  readonly track: Track;
  readonly course: Course;
}

/** How far along the line a robot is that has come so far along its track. */
export function lineAt({ from, leaves, isBack, at }: Course, along: Metres): Metres {
  if (along < leaves) return from + along;
  return along < isBack ? from + leaves : at + along - isBack;
}

/** The line itself from so far along it; undefined when something stands on it, or the robot is elsewhere. */
export function straightOn(terrain: Terrain, pose: Pose, line: Track, from: Metres): LineWay | undefined {
  if (!isBeside(pose, line, from) || firstBlocked(terrain, line, from) !== undefined) return undefined;
  const points: Point[] = [[pose.x, pose.y], ...rest(line, from).slice(1)];
  return { track: makeTrack(points), course: { ...ALL_ALONG, from } };
}

/** The next way around that is worth looking for, after one that was not found; undefined when there is none. */
export function nextDetour(
  terrain: Terrain,
  pose: Pose,
  line: Track,
  from: Metres,
  before: Detour | undefined,
): Detour | undefined {
  const isOn = isBeside(pose, line, from);
  const blocked = (isOn ? firstBlocked(terrain, line, from) : undefined) ?? from;
  const tries = (before?.tries ?? 0) + 1;
  const at = nextFree(terrain, line, before ? before.at + NEXT_TRY : blocked);
  if (tries > MOST_TRIES || at > line.length) return undefined;
  const leave = Math.max(from, blocked - BEFORE);
  const kept: Point[] = [[pose.x, pose.y], ...(isOn && leave > from ? between(line, from, leave).slice(1) : [])];
  const start = kept.length > 1 ? trackPoint(line, leave) : pose;
  return { from, at, kept, start, goal: trackPoint(line, at), tries };
}

/** The track that follows the line, takes the way that was found, and goes on along the line. */
export function around({ from, at, kept }: Detour, found: readonly Point[], line: Track): LineWay {
  const there = [...kept, ...found.slice(1)];
  const course = { from, leaves: polylineLength(kept), isBack: polylineLength(there), at };
  return { track: makeTrack([...there, ...rest(line, at).slice(1)]), course };
}

function isBeside(pose: Pose, line: Track, from: Metres): boolean {
  return distance(trackPoint(line, from), pose) <= BESIDE;
}

/** The first place at or after one from which the line is free for a while, or to its end; beyond the end when there is none. */
function nextFree(terrain: Terrain, line: Track, from: Metres): Metres {
  let free = from;
  for (let at = from; at <= line.length; at += terrain.map.resolution) {
    if (isStandingOn(terrain, line, at)) free = at + terrain.map.resolution;
    else if (at - free >= LEAST_FREE) return free;
  }
  return isStandingOn(terrain, line, line.length) ? Infinity : Math.min(free, line.length);
}

function firstBlocked(terrain: Terrain, line: Track, from: Metres): Metres | undefined {
  const until = Math.min(line.length, from + LOOK_AHEAD);
  for (let at = from; at <= until; at += terrain.map.resolution) if (isStandingOn(terrain, line, at)) return at;
  return undefined;
}

/** Whether something is too near to a place of the line: what the map does not show, or so near that the line is wrong. */
function isStandingOn({ map, clearance, footprint }: Terrain, line: Track, along: Metres): boolean {
  const { x, y } = trackPoint(line, along);
  // Whoever drew the line may have known the walls better than the coarse cells here do, but not by more than a cell.
  const mapped = Math.max(sample(map, map.clearance, x, y, 0), footprint.inscribed - map.resolution);
  return sample(map, clearance, x, y, 0) < Math.min(narrowest(map, footprint), mapped);
}

function between(line: Track, from: Metres, to: Metres): Point[] {
  const [start, end] = [trackPoint(line, from), trackPoint(line, to)];
  const within = line.points.filter((_, at) => line.lengths[at]! > from && line.lengths[at]! < to);
  return [[start.x, start.y], ...within, [end.x, end.y]];
}
