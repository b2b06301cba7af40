import { type Pose, wrapAngle } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Seconds, Share } from "#lib/units";
import type { RobotSpec } from "../world-spec.ts";
import { createDriveTrain, type DriveTrain, STANDSTILL, type Twist } from "./drive-train.ts";

/** A velocity that somebody asked for. */
interface Command {
  /** Who asked; it can take back its own command only. */
  readonly by: number;
  readonly velocity: Twist;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Which part of the velocity a stuck actuator keeps. */
export type Axis = "linear" | "angular";

/**
 * A base: follows the newest command late, within the limits of its drive train and with a small lasting error, and brakes
 * when no command is valid any more (its watchdog).
 */
export class Body {
  /** Where the base really is. */
  pose: Pose;
  /** How the wheels turn, and how the base really moves: they differ where wheels slip. */
  wheels: Twist = STANDSTILL;
  velocity: Twist = STANDSTILL;
  /** What the wheels would do without their lasting error. */
  #asked: Twist = STANDSTILL;
  readonly #train: DriveTrain;
  readonly #delayMs: number;
  readonly #gain: { readonly linear: number; readonly angular: number };
  readonly #slip: Share;
  readonly #stuckUntilMs = { linear: 0, angular: 0 };
  #slipping: { readonly share: Share; readonly untilMs: number } | undefined;
  #waiting: Command[] = [];
  #active: Command | undefined;

  constructor({ base, limits, actuation }: Pick<RobotSpec, "base" | "limits" | "actuation">, pose: Pose, rng: Rng) {
    this.pose = pose;
    this.#delayMs = actuation.delayMs;
    this.#slip = actuation.slip;
    this.#train = createDriveTrain(base, limits, actuation.lagMs / 1000);
    this.#gain = { linear: 1 + rng.normal(actuation.gainSigma), angular: 1 + rng.normal(actuation.gainSigma) };
  }

  /** Takes a command that arrived at `nowMs`; the newest one counts. */
  command(by: number, velocity: Twist, validForMs: number, nowMs: number): void {
    const fromMs = nowMs + this.#delayMs;
    this.#waiting.push({ by, velocity, fromMs, untilMs: fromMs + validForMs });
  }

  /** Forgets what `by` asked for; the base brakes unless somebody else drives it. */
  release(by: number): void {
    this.#waiting = this.#waiting.filter((command) => command.by !== by);
    if (this.#active?.by === by) this.#active = undefined;
  }

  /** The actuator of `axis` keeps what it does until then, whatever it is told; without power it stops all the same. */
  stick(axis: Axis, untilMs: number): void {
    this.#stuckUntilMs[axis] = untilMs;
  }

  /** The floor takes only the rest of what the wheels turn, until then. */
  slip(share: Share, untilMs: number): void {
    this.#slipping = { share, untilMs };
  }

  /** Sets the velocity `dtS` later; `canDrive` false brakes. Does not move yet: something may be in the way. */
  accelerate(nowMs: number, dtS: Seconds, canDrive: boolean): void {
    this.#asked = this.#train.step(canDrive ? this.#wanted(nowMs) : STANDSTILL, dtS);
    this.wheels = scaled(this.#asked, this.#gain.linear, this.#gain.angular);
    const grip = 1 - this.#slipAt(nowMs);
    this.velocity = grip === 1 ? this.wheels : scaled(this.wheels, grip, grip);
  }

  /** Something stopped the base. */
  halt(): void {
    this.#train.halt();
    this.#asked = STANDSTILL;
    this.wheels = STANDSTILL;
    this.velocity = STANDSTILL;
  }

  #wanted(nowMs: number): Twist {
    while (this.#waiting[0] && this.#waiting[0].fromMs <= nowMs) this.#active = this.#waiting.shift();
    if (this.#active && this.#active.untilMs <= nowMs) this.#active = undefined;
    const wanted = this.#active?.velocity ?? STANDSTILL;
    const stuck = this.#stuckUntilMs;
    if (nowMs >= stuck.linear && nowMs >= stuck.angular) return wanted;
    return {
      ...wanted,
      ...(nowMs < stuck.linear ? { linear: this.#asked.linear } : {}),
      ...(nowMs < stuck.angular ? { angular: this.#asked.angular } : {}),
    };
  }

  #slipAt(nowMs: number): Share {
    if (this.#slipping && nowMs >= this.#slipping.untilMs) this.#slipping = undefined;
    return this.#slipping?.share ?? this.#slip;
  }
}

function scaled({ linear, lateral, angular }: Twist, along: number, turning: number): Twist {
  return { linear: linear * along, lateral: lateral * along, angular: angular * turning };
}

/** Where a base gets from `pose` in `dtS` at constant velocity (midpoint rule). */
export function advance(pose: Pose, { linear, lateral, angular }: Twist, dtS: Seconds): Pose {
  const heading = pose.yaw + (angular * dtS) / 2;
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
  return {
    x: pose.x + (linear * cos - lateral * sin) * dtS,
    y: pose.y + (linear * sin + lateral * cos) * dtS,
    yaw: wrapAngle(pose.yaw + angular * dtS),
  };
}
