import type { MetresPerSecond, Radians, Seconds } from "#lib/units";
import type { Velocity } from "#drivers/driver";
import type { BaseSpec, LimitsSpec } from "../world-spec.ts";

/** Velocity of a base in its own frame: forward, to the left, and turning counter-clockwise. */
export interface Twist extends Velocity {
  readonly lateral: MetresPerSecond;
}

export const STANDSTILL: Twist = { linear: 0, lateral: 0, angular: 0 };

/** The wheels of a base and what they can do. */
export interface DriveTrain {
  /** What the wheels do `dtS` later when they are asked for `wanted`. */
  step(wanted: Twist, dtS: Seconds): Twist;
  /** The wheels were stopped from outside. */
  halt(): void;
}

/** The drive train of a base; `lagS` is the time constant of its motors, 0 for none. */
export function createDriveTrain(base: BaseSpec, limits: LimitsSpec, lagS: Seconds): DriveTrain {
  switch (base.kind) {
    case "differential":
      return freeAxes(limits, 0, lagS);
    case "holonomic":
      return freeAxes(limits, base.maxLateralSpeed, lagS);
    case "tricycle":
      return tricycle(base, limits, lagS);
  }
}

/** Wheels that make each part of a velocity independently: two driven ones, or omnidirectional ones. */
function freeAxes(limits: LimitsSpec, maxLateralSpeed: MetresPerSecond, lagS: Seconds): DriveTrain {
  let now = STANDSTILL;
  return {
    step(wanted, dtS) {
      const share = shareOf(lagS, dtS);
      const lateral = clip(wanted.lateral, maxLateralSpeed, maxLateralSpeed);
      const angularStep = limits.maxAngularAcceleration * dtS;
      now = {
        linear: follow(now.linear, clipForward(wanted.linear, limits), limits, share, dtS),
        lateral: lateral === 0 && now.lateral === 0 ? 0 : follow(now.lateral, lateral, limits, share, dtS),
        angular: approach(now.angular, clipTurn(wanted.angular, limits), share, angularStep),
      };
      return now;
    },
    halt() {
      now = STANDSTILL;
    },
  };
}

/** One driven and steered wheel `wheelbase` ahead of the origin, which lies between two idle wheels. */
function tricycle(
  { wheelbase, maxSteer, steerRate }: Extract<BaseSpec, { kind: "tricycle" }>,
  limits: LimitsSpec,
  lagS: Seconds,
): DriveTrain {
  let steer: Radians = 0;
  let speed: MetresPerSecond = 0;
  return {
    step(wanted, dtS) {
      const along = clipForward(wanted.linear, limits);
      const across = clipTurn(wanted.angular, limits) * wheelbase;
      const sign = along < 0 ? -1 : 1;
      const isAsked = along !== 0 || across !== 0;
      const wantedSteer = isAsked ? clip(Math.atan2(sign * across, sign * along), maxSteer, maxSteer) : steer;
      steer = approach(steer, wantedSteer, 1, steerRate * dtS);
      // A wheel that does not point the right way yet drives only as far as it helps.
      const wantedSpeed =
        sign * Math.sqrt(along * along + across * across) * Math.max(0, Math.cos(wantedSteer - steer));
      speed = follow(speed, wantedSpeed, limits, shareOf(lagS, dtS), dtS);
      return { linear: speed * Math.cos(steer), lateral: 0, angular: (speed * Math.sin(steer)) / wheelbase };
    },
    halt() {
      speed = 0;
    },
  };
}

/** Share of the way to its target that a first-order lag makes in `dtS`. */
function shareOf(lagS: Seconds, dtS: Seconds): number {
  return lagS === 0 ? 1 : 1 - Math.exp(0 - dtS / lagS);
}

/** The next speed of wheels that speed up and brake within the limits. */
function follow(
  now: MetresPerSecond,
  wanted: MetresPerSecond,
  limits: LimitsSpec,
  share: number,
  dtS: Seconds,
): number {
  const isBraking = Math.abs(wanted) < Math.abs(now) || wanted * now < 0;
  return approach(now, wanted, share, (isBraking ? limits.maxDeceleration : limits.maxAcceleration) * dtS);
}

function approach(from: number, to: number, share: number, stepMax: number): number {
  return from + clip((to - from) * share, stepMax, stepMax);
}

function clipForward(linear: MetresPerSecond, { maxSpeed, maxReverseSpeed }: LimitsSpec): MetresPerSecond {
  return clip(linear, maxReverseSpeed, maxSpeed);
}

function clipTurn(angular: number, { maxAngularSpeed }: LimitsSpec): number {
  return clip(angular, maxAngularSpeed, maxAngularSpeed);
}

function clip(value: number, below: number, above: number): number {
  return value > above ? above : value < -below ? -below : value;
}
