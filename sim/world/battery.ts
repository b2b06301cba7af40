import type { Seconds, Share } from "#lib/units";
import type { Velocity } from "#drivers/driver";
import type { BatterySpec } from "./world-spec.ts";

const SECONDS_PER_HOUR = 3600;

/** What happens to the battery during a step. */
export interface Load {
  readonly velocity: Velocity;
  /** Change of the forward speed, m/s². */
  readonly acceleration: number;
  readonly isToolActive: boolean;
  /** Whether the hand holds something. */
  readonly isLoaded: boolean;
  readonly isCharging: boolean;
}

/** An ideal battery: energy in, energy out. Braking gives nothing back. */
export class Battery {
  charge: Share;
  /** Share of the capacity that was drawn since the start, whatever was charged. */
  used: Share = 0;
  readonly #spec: BatterySpec;

  constructor(spec: BatterySpec) {
    this.#spec = spec;
    this.charge = spec.charge;
  }

  step(load: Load, dtS: Seconds): void {
    const capacityWs = this.#spec.capacityWh * SECONDS_PER_HOUR;
    const drawn = Math.min(this.charge, (powerOf(load, this.#spec) * dtS) / capacityWs);
    const gained = load.isCharging ? (chargePower(this.charge, this.#spec) * dtS) / capacityWs : 0;
    this.used += drawn;
    this.charge = Math.min(1, this.charge - drawn + gained);
  }
}

/** Share of the full power that a charger gives at the very end. */
const TRICKLE = 0.05;

/** Power in W that a charger gives: all of it, then (at constant voltage) less and less. */
export function chargePower(charge: Share, { chargeW, taperFrom }: BatterySpec): number {
  return charge <= taperFrom ? chargeW : chargeW * Math.max(TRICKLE, (1 - charge) / (1 - taperFrom));
}

/** Power in W that a robot draws: electronics, rolling, turning, speeding up and its tools. */
export function powerOf({ velocity, acceleration, isToolActive, isLoaded }: Load, spec: BatterySpec): number {
  const massKg = spec.massKg + (isLoaded ? spec.loadKg : 0);
  return (
    spec.idleW +
    spec.rollingResistanceN * (massKg / spec.massKg) * Math.abs(velocity.linear) +
    spec.turningTorqueNm * Math.abs(velocity.angular) +
    massKg * Math.max(0, acceleration * velocity.linear) +
    (isToolActive ? spec.toolW : 0)
  );
}
