import type { Pose, Velocity } from "#lib/geometry";
import type { Metres, MetresPerSecond, MetresPerSecondSquared, Radians, RadiansPerSecond, Seconds } from "#lib/units";
import { clamp } from "./grid.ts";

/** What a differential-drive base can do; a `MotionProfile` has these. */
export interface KinematicLimits {
  readonly maxSpeed: MetresPerSecond;
  readonly maxReverseSpeed: MetresPerSecond;
  readonly maxAngularSpeed: RadiansPerSecond;
  readonly maxAcceleration: MetresPerSecondSquared;
  readonly maxDeceleration: MetresPerSecondSquared;
  /** Radians per second squared. */
  readonly maxAngularAcceleration: number;
  /** Time in which a command may still act before a braking one replaces it; `REACTION` unless given. */
  readonly reaction?: Seconds;
  /** From a command to its effect at the wheels; 0.05 s unless given. */
  readonly delay?: Seconds;
}

/** A pose that is passed so long from now. */
export interface TimedPose extends Pose {
  readonly time: Seconds;
}

/** Two ticks of a loop of 20 Hz, and the way to the motors. */
export const REACTION: Seconds = 0.15;

/** The time in which a base of these limits still follows its last command. */
export function reactionOf({ reaction = REACTION }: KinematicLimits): Seconds {
  return reaction;
}

export const STANDSTILL: Velocity = { linear: 0, angular: 0 };

/** Where a base gets to that keeps its velocity for a while: the exact arc. */
export function advance(pose: Pose, velocity: Velocity, duration: Seconds): Pose {
  const turn = velocity.angular * duration;
  // The chord of the arc: sin(turn / 2) / (turn / 2) is one where the arc is nearly straight.
  const half = turn / 2;
  const chord = velocity.linear * duration * (Math.abs(half) < 1e-4 ? 1 : Math.sin(half) / half);
  return {
    x: pose.x + chord * Math.cos(pose.yaw + half),
    y: pose.y + chord * Math.sin(pose.yaw + half),
    yaw: pose.yaw + turn,
  };
}

/** The velocity after `duration` when the base goes for `target` as hard as its limits allow. */
export function approach(now: Velocity, target: Velocity, limits: KinematicLimits, duration: Seconds): Velocity {
  const isSlowing = Math.abs(target.linear) < Math.abs(now.linear) || target.linear * now.linear < 0;
  const linear = (isSlowing ? limits.maxDeceleration : limits.maxAcceleration) * duration;
  const angular = limits.maxAngularAcceleration * duration;
  return {
    linear: clamp(target.linear, now.linear - linear, now.linear + linear),
    angular: clamp(target.angular, now.angular - angular, now.angular + angular),
  };
}

/**
 * Poses, in the frame of the base now, that it may pass when it goes for `command` during `reaction` and then brakes
 * to a standstill, each axis at its own limit, with the times at which it passes them: both for a base that ramps up to the command and for one that
 * obeys at once.
 */
export function stoppingPoses(
  now: Velocity,
  command: Velocity,
  limits: KinematicLimits,
  reaction: Seconds,
): TimedPose[] {
  const poses = brakingPoses(now, command, limits, reaction);
  const ramped = approach(now, command, limits, reaction);
  const isRamping = ramped.linear !== command.linear || ramped.angular !== command.angular;
  return isRamping ? [...poses, ...brakingPoses(command, command, limits, reaction)] : poses;
}

function brakingPoses(now: Velocity, command: Velocity, limits: KinematicLimits, reaction: Seconds): TimedPose[] {
  const poses: TimedPose[] = [];
  let pose: Pose = { x: 0, y: 0, yaw: 0 };
  let velocity = now;
  for (let time = 0; time < LONGEST_STOP; time += STEP) {
    const next = approach(velocity, time < reaction ? command : STANDSTILL, limits, STEP);
    const mean = { linear: (velocity.linear + next.linear) / 2, angular: (velocity.angular + next.angular) / 2 };
    pose = advance(pose, mean, STEP);
    poses.push({ ...pose, time: time + STEP });
    velocity = next;
    if (time + STEP >= reaction && velocity.linear === 0 && velocity.angular === 0) break;
  }
  return poses;
}

const STEP: Seconds = 0.05;
/** Bounds the loop for profiles with absurdly weak brakes. */
const LONGEST_STOP: Seconds = 10;

/** Distance driven from a speed until standstill. */
export function stoppingDistance(speed: MetresPerSecond, limits: KinematicLimits, reaction: Seconds): Metres {
  return Math.abs(speed) * reaction + (speed * speed) / (2 * limits.maxDeceleration);
}

/** The fastest turn from which the base still stops within `angle`. */
export function turnRateWithin(angle: Radians, limits: KinematicLimits): RadiansPerSecond {
  return Math.min(limits.maxAngularSpeed, Math.sqrt(2 * limits.maxAngularAcceleration * Math.abs(angle)));
}
