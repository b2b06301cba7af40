import type { Clock } from "#lib/clock";
import { type Pose, poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Seconds, Share } from "#lib/units";
import type { Odometry, Twist as ToldTwist } from "#drivers/driver";
import type { DeviceChannel, DeviceDescription, DeviceName } from "#drivers/simulated/channel";
import type { Zone } from "#contract/spatial";
import type { Axis } from "./base/body.ts";
import { Battery, type Load } from "./battery.ts";
import { CleaningHead } from "./cleaning/cleaning-head.ts";
import type { DirtGrid } from "./cleaning/dirt-grid.ts";
import { Devices } from "./devices.ts";
import { Hand, type Movement } from "./hand.ts";
import { type Metrics, Recorder, type TrackPoint } from "./metrics.ts";
import { createPort } from "./port.ts";
import { told } from "./sensing/odometer.ts";
import { Sensors } from "./sensing/sensors.ts";
import { Mover } from "./mover.ts";
import type { Scene } from "./space/scene.ts";
import { radiusOf } from "./space/shapes.ts";
import { chargerAt, type Site } from "./sites.ts";
import { ZoneWatch } from "./zone-watch.ts";
import type { RobotSpec } from "./world-spec.ts";

/** Slower than this counts as standing still, in m/s and rad/s. */
const STILL = 0.01;

/** The truth about a robot, which no driver message carries. */
export interface RobotTruth {
  readonly robotId: string;
  readonly atMs: number;
  readonly pose: Pose;
  readonly velocity: ToldTwist;
  readonly charge: Share;
  readonly isCharging: boolean;
  readonly held?: { readonly sku: string; readonly quantity: number };
}

export interface RobotDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly scene: Scene;
  readonly zones: readonly Zone[];
  readonly sites: ReadonlyMap<string, Site>;
  readonly dirt: DirtGrid | undefined;
  readonly onMovement: (movement: Movement) => void;
}

/** One emulated robot: body, battery, sensors, hand, and the electronics that its drivers speak to. */
export class Robot {
  readonly spec: RobotSpec;
  readonly hand: Hand | undefined;
  readonly devices: Devices;
  readonly #clock: Clock;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #scene: Scene;
  readonly #mover: Mover;
  readonly #cleaner: CleaningHead | undefined;
  readonly #battery: Battery;
  readonly #sensors: Sensors;
  readonly #recorder: Recorder;
  readonly #noise = new Map<DeviceName, { readonly factor: number; readonly untilMs: number }>();
  #isCharging = false;
  #ports = 0;

  constructor(spec: RobotSpec, { clock, rng, scene, zones, sites, dirt, onMovement }: RobotDeps) {
    this.spec = spec;
    this.#clock = clock;
    this.#sites = sites;
    this.#scene = scene;
    this.#battery = new Battery(spec.battery);
    this.#recorder = new Recorder(new ZoneWatch(zones, radiusOf(spec.footprint)));
    this.#mover = new Mover(spec, poseFrom(spec.pose), scene, this.#recorder, rng.fork("body"));
    this.hand = spec.load && new Hand(spec.id, spec.load, sites, onMovement);
    this.#cleaner = spec.cleaner && new CleaningHead(spec.cleaner, dirt);
    this.devices = new Devices({
      description: describe(spec),
      body: this.#mover.body,
      hand: this.hand,
      cleaner: this.#cleaner,
      scanner: spec.scanner,
      sites,
      stance: () => ({ atMs: clock.nowMs(), pose: this.#pose, isStill: this.#isStill }),
    });
    this.#sensors = new Sensors(
      spec,
      { mover: this.#mover, battery: this.#battery, cleaner: this.#cleaner },
      {
        isWanted: (device) => this.devices.isWanted(device),
        publish: (device, sample) => this.devices.publish(device, sample),
        noiseFactor: (device) => this.#noise.get(device)?.factor ?? 1,
      },
      { clock, rng },
    );
  }

  /** A new channel to the devices, beside those that exist. */
  connect(): DeviceChannel {
    const { port, channel } = createPort(++this.#ports, describe(this.spec), this.#clock, {
      command: (from, command) => this.devices.handle(from, command),
      closed: (from) => this.devices.detach(from),
    });
    this.devices.attach(port);
    return channel;
  }

  /** Moves the robot by one step that ends at `nowMs`. */
  step(nowMs: number, dtS: Seconds): void {
    const { body } = this.#mover;
    for (const [device, { untilMs }] of this.#noise) if (nowMs >= untilMs) this.#noise.delete(device);
    this.devices.step(nowMs);
    this.hand?.step({ atMs: nowMs, pose: body.pose, isStill: this.#isStill });
    const speedBefore = body.velocity.linear;
    const poseBefore = body.pose;
    this.#mover.step(nowMs, dtS, this.#battery.charge > 0 && !this.devices.isLost("base"));
    this.#sensors.odometer.turn(body.wheels, dtS, this.#noise.get("base")?.factor ?? 1);
    this.#isCharging = this.#isStill && chargerAt(this.#sites, body.pose) !== undefined;
    const acceleration = (body.velocity.linear - speedBefore) / dtS;
    this.#cleaner?.move(poseBefore, body.pose, nowMs);
    this.#battery.step(this.#load(acceleration), dtS);
    this.#recorder.sample(nowMs, body.pose, body.velocity.linear, this.#battery.charge);
  }

  #load(acceleration: number): Load {
    return {
      velocity: this.#mover.body.velocity,
      acceleration,
      isToolActive: this.hand?.isActive === true || this.#cleaner?.isActive === true,
      isLoaded: this.hand?.held !== undefined,
      isCharging: this.#isCharging,
    };
  }

  /** Lets the sensors look around after all robots have moved. */
  sense(nowMs: number): void {
    this.#sensors.sense(nowMs, { scene: this.#scene, isCharging: this.#isCharging });
  }

  disturb(device: DeviceName, factor: number, untilMs: number): void {
    this.#noise.set(device, { factor, untilMs });
  }

  /** The sensor tells the same until then. */
  freeze(device: DeviceName, untilMs: number): void {
    this.#sensors.freeze(device, untilMs);
  }

  slip(share: Share, untilMs: number): void {
    this.#mover.body.slip(share, untilMs);
  }

  stick(axis: Axis, untilMs: number): void {
    this.#mover.body.stick(axis, untilMs);
  }

  setCharge(charge: Share): void {
    this.#battery.charge = charge;
  }

  /** Carries the robot elsewhere; its wheels do not turn. */
  carryTo(pose: Pose): void {
    this.#mover.carryTo(pose);
  }

  truth(): RobotTruth {
    return {
      robotId: this.spec.id,
      atMs: this.#clock.nowMs(),
      pose: this.#pose,
      velocity: told(this.#mover.body.velocity),
      charge: this.#battery.charge,
      isCharging: this.#isCharging,
      ...(this.hand?.held ? { held: this.hand.held } : {}),
    };
  }

  metrics(): Metrics {
    return { ...this.#recorder.metrics(this.#battery.used), ...this.#cleaner?.coverage };
  }

  track(): readonly TrackPoint[] {
    return this.#recorder.track;
  }

  odometry(): Odometry {
    return this.#sensors.odometer.read(this.#clock.nowMs());
  }

  get #pose(): Pose {
    return this.#mover.body.pose;
  }

  get #isStill(): boolean {
    const { linear, lateral, angular } = this.#mover.body.velocity;
    return Math.abs(linear) < STILL && Math.abs(lateral) < STILL && Math.abs(angular) < STILL;
  }
}

function describe(spec: RobotSpec): DeviceDescription {
  return {
    robotId: spec.id,
    devices: [
      "base",
      "lidar",
      "position",
      "battery",
      ...(spec.load ? (["load"] as const) : []),
      ...(spec.scanner ? (["scanner"] as const) : []),
      ...(spec.cleaner ? (["cleaner"] as const) : []),
    ],
    lidarMount: poseFrom(spec.lidar.mount),
  };
}
