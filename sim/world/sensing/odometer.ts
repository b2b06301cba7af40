import { type Pose, poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Seconds } from "#lib/units";
import type { Odometry, Velocity } from "#drivers/driver";
import { advance } from "../base/body.ts";
import { STANDSTILL, type Twist } from "../base/drive-train.ts";
import type { OdometrySpec } from "../world-spec.ts";

/** Counts wheel turns with a lasting gain error and a random walk, so its pose drifts away from the truth. */
export class Odometer {
  readonly #spec: OdometrySpec;
  readonly #rng: Rng;
  readonly #gain: Velocity;
  #pose: Pose;
  #velocity: Twist = STANDSTILL;

  constructor(spec: OdometrySpec, rng: Rng) {
    this.#spec = spec;
    this.#rng = rng;
    this.#pose = poseFrom(spec.origin);
    this.#gain = { linear: 1 + rng.normal(spec.gainSigma), angular: 1 + rng.normal(spec.gainSigma) };
  }

  /** Takes in that the wheels turned at `wheels` for `dtS`; a base that stands is measured without noise. */
  turn(wheels: Twist, dtS: Seconds, noiseFactor: number): void {
    this.#velocity = {
      linear: this.#measure(wheels.linear, this.#gain.linear, this.#spec.walkXy * noiseFactor, dtS),
      lateral: this.#measure(wheels.lateral, this.#gain.linear, this.#spec.walkXy * noiseFactor, dtS),
      angular: this.#measure(wheels.angular, this.#gain.angular, this.#spec.walkYaw * noiseFactor, dtS),
    };
    this.#pose = advance(this.#pose, this.#velocity, dtS);
  }

  /** What the wheels say now. */
  read(atMs: number): Odometry {
    return { atMs, pose: this.#pose, velocity: told(this.#velocity) };
  }

  #measure(speed: number, gain: number, walk: number, dtS: Seconds): number {
    if (speed === 0) return 0;
    return speed * gain + this.#rng.normal(walk * Math.sqrt(Math.abs(speed) * dtS)) / dtS;
  }
}

/** A velocity as drivers tell it: without a sideways part where there is none. */
export function told({ linear, lateral, angular }: Twist): Odometry["velocity"] {
  return lateral === 0 ? { linear, angular } : { linear, lateral, angular };
}
