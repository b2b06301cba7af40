import { type Pose, wrapAngle } from "#lib/geometry";
import type { Clock } from "#lib/clock";
import type { Rng } from "#lib/rng";
import type { DeviceName, SampleMessage } from "#drivers/simulated/channel";
import type { Mover } from "../mover.ts";
import type { Battery } from "../battery.ts";
import type { CleaningHead } from "../cleaning/cleaning-head.ts";
import { createLidar, type Lidar } from "./lidar.ts";
import { Odometer } from "./odometer.ts";
import type { Scene } from "../space/scene.ts";
import type { RobotSpec } from "../world-spec.ts";

const BATTERY_HZ = 1;
const CLEANING_HZ = 1;
/** Steps of the state of charge that a battery reports. */
const CHARGE_STEP = 0.001;

/** The parts of a robot that its sensors feel. */
export interface Felt {
  readonly mover: Mover;
  readonly battery: Battery;
  readonly cleaner: CleaningHead | undefined;
}

/** What sensors look at. */
export interface Sight {
  readonly scene: Scene;
  readonly isCharging: boolean;
}

interface Sensor {
  readonly device: DeviceName;
  readonly periodMs: number;
  readonly delayMs: number;
  dueMs: number;
  frozenUntilMs: number;
  last?: SampleMessage;
  sample(atMs: number, sight: Sight): SampleMessage;
}

/** Who takes samples, and in what state the sensors are. */
export interface Audience {
  isWanted(device: DeviceName): boolean;
  noiseFactor(device: DeviceName): number;
  publish(device: DeviceName, sample: SampleMessage): void;
}

/** The sensors of one robot. They see the truth; what they tell is noisy, late and drifts. */
export class Sensors {
  readonly odometer: Odometer;
  readonly lidar: Lidar;
  readonly #clock: Clock;
  readonly #audience: Audience;
  readonly #sensors: readonly Sensor[];

  constructor(
    spec: RobotSpec,
    { mover, battery, cleaner }: Felt,
    audience: Audience,
    deps: { clock: Clock; rng: Rng },
  ) {
    const { clock, rng } = deps;
    this.#clock = clock;
    this.#audience = audience;
    this.odometer = new Odometer(spec.odometry, rng.fork("odometry"));
    this.lidar = createLidar(spec.lidar, rng.fork("lidar"));
    const startMs = clock.nowMs();
    const sensor = (
      device: DeviceName,
      hz: number,
      sample: (atMs: number, sight: Sight) => SampleMessage,
      delayMs = 0,
    ): Sensor => ({ device, periodMs: 1000 / hz, delayMs, dueMs: startMs, frozenUntilMs: 0, sample });
    const position = { rng: rng.fork("position"), ...spec.position };
    this.#sensors = [
      sensor("base", spec.odometry.hz, (atMs) => ({ type: "odometry", ...this.odometer.read(atMs) })),
      sensor("lidar", spec.lidar.hz, (atMs, sight) => ({
        type: "scan",
        atMs,
        angleMin: this.lidar.angleMin,
        angleStep: this.lidar.angleStep,
        rangeMax: spec.lidar.rangeMax,
        ranges: this.lidar.sweep(mover.body.pose, sight.scene, audience.noiseFactor("lidar"), mover.place),
      })),
      sensor("position", position.hz, (atMs) => this.#fix(atMs, mover.body.pose, position), position.delayMs),
      sensor("battery", BATTERY_HZ, (atMs, { isCharging }) => ({
        type: "battery",
        atMs,
        charge: Math.round(battery.charge / CHARGE_STEP) * CHARGE_STEP,
        isCharging,
      })),
      ...(cleaner ? [sensor("cleaner", CLEANING_HZ, (atMs) => ({ type: "cleaning", atMs, ...cleaner.parts }))] : []),
    ];
  }

  /** Takes the samples that are due at `nowMs`, for those who want them. */
  sense(nowMs: number, sight: Sight): void {
    for (const sensor of this.#sensors) {
      if (nowMs < sensor.dueMs) continue;
      sensor.dueMs += sensor.periodMs;
      if (!this.#audience.isWanted(sensor.device)) continue;
      const sample = this.#sample(sensor, nowMs, sight);
      const leftMs = nowMs + sensor.delayMs - this.#clock.nowMs();
      if (leftMs <= 0) this.#audience.publish(sensor.device, sample);
      else this.#clock.after(leftMs, () => this.#audience.publish(sensor.device, sample));
    }
  }

  /** The sensor repeats its last sample until then, with new stamps. */
  freeze(device: DeviceName, untilMs: number): void {
    for (const sensor of this.#sensors) if (sensor.device === device) sensor.frozenUntilMs = untilMs;
  }

  #sample(sensor: Sensor, nowMs: number, sight: Sight): SampleMessage {
    const isFrozen = sensor.last !== undefined && nowMs < sensor.frozenUntilMs;
    const sample = isFrozen ? { ...sensor.last!, atMs: nowMs } : sensor.sample(nowMs, sight);
    sensor.last = sample;
    return sample;
  }

  #fix(atMs: number, { x, y, yaw }: Pose, spec: RobotSpec["position"] & { rng: Rng }): SampleMessage {
    const factor = this.#audience.noiseFactor("position");
    return {
      type: "fix",
      atMs,
      pose: {
        x: x + spec.rng.normal(spec.sigmaXy * factor),
        y: y + spec.rng.normal(spec.sigmaXy * factor),
        yaw: wrapAngle(yaw + spec.rng.normal(spec.sigmaYaw * factor)),
      },
      sigmaXy: spec.sigmaXy,
      sigmaYaw: spec.sigmaYaw,
    };
  }
}
