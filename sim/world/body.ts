import { type Pose, wrapAngle } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Seconds } from "#lib/units";
import type { Velocity } from "#drivers/driver";
import type { LimitsSpec, RobotSpec } from "./world-spec.ts";

/** A velocity that somebody asked for. */
interface Command {
  /** Who asked; it can take back its own command only. */
  readonly by: number;
  readonly velocity: Velocity;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * A differential-drive base: follows the newest command late, within its acceleration limits and with a small
 * lasting error, and brakes when no command is valid any more (its watchdog).
 */
export class Body {
  /** Where the base really is and how it really moves. */
  pose: Pose;
  velocity: Velocity = { linear: 0, angular: 0 };
  readonly #limits: LimitsSpec;
  readonly #delayMs: number;
  readonly #gain: Velocity;
  #waiting: Command[] = [];
  #active: Command | undefined;

  constructor(spec: RobotSpec, pose: Pose, rng: Rng) {
    this.pose = pose;
    this.#limits = spec.limits;
    this.#delayMs = spec.actuation.delayMs;
    this.#gain = {
      linear: 1 + rng.normal(spec.actuation.gainSigma),
      angular: 1 + rng.normal(spec.actuation.gainSigma),
    };
  }

  /** Takes a command that arrived at `nowMs`; the newest one counts. */
  command(by: number, velocity: Velocity, validForMs: number, nowMs: number): void {
    const fromMs = nowMs + this.#delayMs;
    this.#waiting.push({ by, velocity, fromMs, untilMs: fromMs + validForMs });
  }

  /** Forgets what `by` asked for; the base brakes unless somebody else drives it. */
  release(by: number): void {
    this.#waiting = this.#waiting.filter((command) => command.by !== by);
    if (this.#active?.by === by) this.#active = undefined;
  }

  /** Velocity after `dtS` more; `canDrive` false brakes. Does not move yet: something may be in the way. */
  accelerate(nowMs: number, dtS: Seconds, canDrive: boolean): Velocity {
    while (this.#waiting[0] && this.#waiting[0].fromMs <= nowMs) this.#active = this.#waiting.shift();
    if (this.#active && this.#active.untilMs <= nowMs) this.#active = undefined;
    const wanted = canDrive && this.#active ? this.#active.velocity : { linear: 0, angular: 0 };
    const { maxSpeed, maxReverseSpeed, maxAngularSpeed, ...limits } = this.#limits;
    const linear = Math.min(maxSpeed, Math.max(-maxReverseSpeed, wanted.linear)) * this.#gain.linear;
    const angular = Math.min(maxAngularSpeed, Math.max(-maxAngularSpeed, wanted.angular)) * this.#gain.angular;
    const now = this.velocity;
    const isBraking = Math.abs(linear) < Math.abs(now.linear) || linear * now.linear < 0;
    return {
      linear: approach(now.linear, linear, (isBraking ? limits.maxDeceleration : limits.maxAcceleration) * dtS),
      angular: approach(now.angular, angular, limits.maxAngularAcceleration * dtS),
    };
  }
}

/** Where a unicycle gets from `pose` in `dtS` at constant velocity (midpoint rule). */
export function advance(pose: Pose, { linear, angular }: Velocity, dtS: Seconds): Pose {
  const heading = pose.yaw + (angular * dtS) / 2;
  return {
    x: pose.x + linear * dtS * Math.cos(heading),
    y: pose.y + linear * dtS * Math.sin(heading),
    yaw: wrapAngle(pose.yaw + angular * dtS),
  };
}

function approach(from: number, to: number, stepMax: number): number {
  return from + Math.min(stepMax, Math.max(-stepMax, to - from));
}
