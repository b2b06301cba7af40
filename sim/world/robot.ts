import type { Clock } from "#lib/clock";
import { type Pose, poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres, Seconds, Share } from "#lib/units";
import type { Odometry, Velocity } from "#drivers/driver";
import type { DeviceChannel, DeviceDescription, DeviceName } from "#drivers/simulated/channel";
import type { Zone } from "#contract/spatial";
import { Battery } from "./battery.ts";
import { advance, Body } from "./body.ts";
import { Contacts } from "./contacts.ts";
import { Devices } from "./devices.ts";
import { Hand, type Movement } from "./hand.ts";
import { type Metrics, Recorder, type TrackPoint } from "./metrics.ts";
import { createPort } from "./port.ts";
import { Sensors } from "./sensors.ts";
import { placeOutline, type Thing } from "./shapes.ts";
import { type Site, siteInReach } from "./sites.ts";
import { Gauge } from "./surroundings.ts";
import type { Terrain } from "./terrain.ts";
import type { RobotSpec } from "./world-spec.ts";

/** Slower than this counts as standing still, in m/s and rad/s. */
const STILL = 0.01;

/** The truth about a robot, which no driver message carries. */
export interface RobotTruth {
  readonly robotId: string;
  readonly atMs: number;
  readonly pose: Pose;
  readonly velocity: Velocity;
  readonly charge: Share;
  readonly isCharging: boolean;
  readonly held?: { readonly sku: string; readonly quantity: number };
}

export interface RobotDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly terrain: Terrain;
  readonly zones: readonly Zone[];
  readonly sites: ReadonlyMap<string, Site>;
  readonly onMovement: (movement: Movement) => void;
}

/** One emulated robot: body, battery, sensors, hand, and the electronics that its drivers speak to. */
export class Robot {
  readonly spec: RobotSpec;
  readonly hand: Hand | undefined;
  readonly devices: Devices;
  readonly #clock: Clock;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #body: Body;
  readonly #battery: Battery;
  readonly #sensors: Sensors;
  readonly #recorder: Recorder;
  readonly #contacts = new Contacts();
  readonly #terrain: Terrain;
  readonly #gauge: Gauge;
  readonly #radius: Metres;
  readonly #noise = new Map<DeviceName, { readonly factor: number; readonly untilMs: number }>();
  #isCharging = false;
  #ports = 0;

  constructor(spec: RobotSpec, { clock, rng, terrain, zones, sites, onMovement }: RobotDeps) {
    this.spec = spec;
    this.#clock = clock;
    this.#sites = sites;
    this.#terrain = terrain;
    this.#gauge = new Gauge(terrain);
    this.#body = new Body(spec, poseFrom(spec.pose), rng.fork("body"));
    this.#battery = new Battery(spec.battery);
    this.#recorder = new Recorder(zones);
    this.#radius = Math.max(...spec.footprint.map(([x, y]) => Math.hypot(x, y)));
    this.hand = spec.load && new Hand(spec.id, spec.load, sites, onMovement);
    this.devices = new Devices({
      description: describe(spec),
      body: this.#body,
      hand: this.hand,
      scanner: spec.scanner,
      sites,
      stance: () => ({ atMs: clock.nowMs(), pose: this.#body.pose, isStill: this.#isStill }),
    });
    this.#sensors = new Sensors(
      spec,
      this.#body,
      this.#battery,
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

  /** The footprint as others see it. */
  thing(): Thing {
    const { x, y } = this.#body.pose;
    const outline = placeOutline(this.spec.footprint, this.#body.pose);
    return { shape: "polygon", id: this.spec.id, x, y, radius: this.#radius, outline };
  }

  /** Moves the robot by one step that ends at `nowMs`, among solid `things` that do not include itself. */
  step(nowMs: number, dtS: Seconds, things: readonly Thing[]): void {
    for (const [device, { untilMs }] of this.#noise) if (nowMs >= untilMs) this.#noise.delete(device);
    this.devices.step(nowMs);
    this.hand?.step({ atMs: nowMs, pose: this.#body.pose, isStill: this.#isStill });
    const speedBefore = this.#body.velocity.linear;
    this.#move(nowMs, dtS, things);
    const { velocity } = this.#body;
    this.#sensors.odometer.turn(velocity, dtS, this.#noise.get("base")?.factor ?? 1);
    this.#isCharging =
      this.#isStill &&
      siteInReach(this.#sites, this.#body.pose, Math.PI, ({ spec }) => spec.kind === "charger") !== undefined;
    const acceleration = (velocity.linear - speedBefore) / dtS;
    const isToolActive = this.hand?.isActive ?? false;
    this.#battery.step({ velocity, acceleration, isToolActive, isCharging: this.#isCharging }, dtS);
    this.#recorder.sample(nowMs, this.#body.pose, velocity, this.#battery.charge);
  }

  /** Lets the sensors look around after all robots have moved. */
  sense(nowMs: number, things: readonly Thing[]): void {
    this.#sensors.sense(nowMs, { terrain: this.#terrain, things, isCharging: this.#isCharging });
  }

  disturb(device: DeviceName, factor: number, untilMs: number): void {
    this.#noise.set(device, { factor, untilMs });
  }

  setCharge(charge: Share): void {
    this.#battery.charge = charge;
  }

  /** Carries the robot elsewhere; its wheels do not turn. */
  carryTo(pose: Pose): void {
    this.#body.pose = pose;
  }

  truth(): RobotTruth {
    return {
      robotId: this.spec.id,
      atMs: this.#clock.nowMs(),
      pose: this.#body.pose,
      velocity: this.#body.velocity,
      charge: this.#battery.charge,
      isCharging: this.#isCharging,
      ...(this.hand?.held ? { held: this.hand.held } : {}),
    };
  }

  metrics(): Metrics {
    return this.#recorder.metrics(this.#battery.used);
  }

  track(): readonly TrackPoint[] {
    return this.#recorder.track;
  }

  odometry(): Odometry {
    return this.#sensors.odometer.read(this.#clock.nowMs());
  }

  get #isStill(): boolean {
    const { linear, angular } = this.#body.velocity;
    return Math.abs(linear) < STILL && Math.abs(angular) < STILL;
  }

  #move(nowMs: number, dtS: Seconds, things: readonly Thing[]): void {
    const [body, recorder] = [this.#body, this.#recorder];
    const canDrive = this.#battery.charge > 0 && !this.devices.isLost("base");
    const velocity = body.accelerate(nowMs, dtS, canDrive);
    const next = advance(body.pose, velocity, dtS);
    const obstruction = this.#contacts.judge(
      body.pose,
      next,
      (pose, within) => {
        const placed = { pose, radius: this.#radius, outline: placeOutline(this.spec.footprint, pose) };
        return this.#gauge.neighbours(placed, things, within);
      },
      recorder.minClearance,
    );
    const speed = velocity.linear;
    for (const id of obstruction.struck) recorder.collide({ atMs: nowMs, with: id, pose: body.pose, speed });
    recorder.touches += obstruction.touchedBy.length;
    if (!obstruction.isBlocked) body.pose = next;
    body.velocity = obstruction.isBlocked ? { linear: 0, angular: 0 } : velocity;
    const { pose } = body;
    const outline = placeOutline(this.spec.footprint, pose);
    recorder.step({ atMs: nowMs, pose, velocity: body.velocity, outline }, obstruction.nearest, dtS);
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
    ],
    lidarMount: poseFrom(spec.lidar.mount),
  };
}
