import { distance, relativeTo, type Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { clamp, sampleSmooth } from "./grid.ts";
import { arrivalSpeed, type Pace, type Situation } from "./local-controller.ts";
import { type Track, trackPoint } from "./track.ts";

/** How far ahead the point lies that is steered for, and how much farther per metre per second. */
const AHEAD: Metres = 0.35;
const AHEAD_PER_SPEED = 0.3;
/** Speed where the footprint just fits, and how much faster per metre of room. */
const CREEP: MetresPerSecond = 0.2;
const SPEED_PER_ROOM = 1.6;
/** A base that is asked to turn faster than this share of its limit drives slower instead. */
const TURN_SHARE = 0.8;

/**
 * The velocity that follows a track by steering for a point ahead on it, slower where the map leaves little room. Costs next
 * to nothing and looks at no obstacle that is not on the map: the gate does, and the route leads around what was seen. Source: R. C. Coulter,
 * "Implementation of the Pure Pursuit Path Tracking Algorithm", CMU-RI-TR-92-01.
 */
export function pursueTrack(situation: Situation, track: Track, along: Metres, { maxSpeed }: Pace): Velocity {
  const { pose, velocity, limits } = situation;
  const cap = Math.min(maxSpeed, arrivalSpeed(situation, track, along), roomSpeed(situation));
  const target = trackPoint(track, Math.min(track.length, along + AHEAD + AHEAD_PER_SPEED * Math.abs(velocity.linear)));
  const { x, y } = relativeTo(pose, target);
  const away = distance(pose, target);
  const curvature = away < 1e-3 ? 0 : (2 * y) / (away * away);
  const turnCap = (TURN_SHARE * limits.maxAngularSpeed) / Math.max(Math.abs(curvature), 1e-6);
  // A point beside or behind is turned to first.
  const linear = x <= 0 ? 0 : Math.min(cap, turnCap);
  const fastest: number = limits.maxAngularSpeed;
  const angular = x <= 0 ? Math.sign(y) * TURN_SHARE * fastest : linear * curvature;
  return { linear, angular: clamp(angular, -fastest, fastest) };
}

function roomSpeed({ terrain, pose }: Situation): MetresPerSecond {
  const { map, clearance, footprint } = terrain;
  const room = sampleSmooth(map, clearance, pose.x, pose.y) - footprint.circumscribed;
  return CREEP + SPEED_PER_ROOM * Math.max(0, room);
}
