import { createHash } from "node:crypto";
import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Cancel, Clock } from "#lib/clock";
import { AgentError, unreachable } from "#lib/errors";
import { poseFrom } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres } from "#lib/units";
import type { Odometry } from "#drivers/driver";
import type { DeviceChannel } from "#drivers/simulated/channel";
import { DirtGrid } from "./cleaning/dirt-grid.ts";
import type { WorldFault } from "./faults.ts";
import type { Hand, Movement } from "./hand.ts";
import type { Metrics, TrackPoint } from "./metrics.ts";
import { type Surroundings, Traffic } from "./traffic/traffic.ts";
import { Robot, type RobotTruth } from "./robot.ts";
import { bodyThing, obstacleThing, type Thing } from "./space/shapes.ts";
import { createSites, type Site } from "./sites.ts";
import { castRay } from "./space/ray.ts";
import { Scene } from "./space/scene.ts";
import { prepareTerrain, type Terrain } from "./space/terrain.ts";
import type { ObstacleSpec, WorldSpec } from "./world-spec.ts";

const STEP_MS = 20;
/** Steps made at once when the process was held up; the rest follow at the next turn, none are lost. */
const CATCH_UP_MAX = 500;

export interface WorldDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  /** `prepareTerrain(spec.map)`, when several worlds share it. */
  readonly terrain?: Terrain;
}

/** All that the state of a world amounts to, as plain data. */
export interface WorldSnapshot {
  readonly steps: number;
  readonly robots: readonly (RobotTruth & { readonly odometry: Odometry; readonly metrics: Metrics })[];
  readonly obstacles: readonly Thing[];
  readonly people: readonly Thing[];
  readonly vehicles: readonly Thing[];
  readonly stock: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly movements: readonly Movement[];
}

/** A world that runs from now on, by the clock, until it is disposed. */
export function createWorld(spec: WorldSpec, deps: WorldDeps): World {
  return new World(spec, deps);
}

/** The emulated place and its robots: the truth, of which robots only see what their sensors tell. */
export class World implements Disposable {
  readonly spec: WorldSpec;
  readonly #clock: Clock;
  readonly #scene: Scene;
  readonly #traffic: Traffic;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #robots: ReadonlyMap<string, Robot>;
  readonly #obstacles: Thing[] = [];
  readonly #movements: Movement[] = [];
  readonly #startMs: number;
  #steps = 0;
  #stop: Cancel;

  constructor(spec: WorldSpec, { clock, rng, terrain }: WorldDeps) {
    this.spec = spec;
    this.#clock = clock;
    this.#scene = new Scene(terrain ?? prepareTerrain(spec.map));
    this.#sites = createSites(spec.sites);
    this.#startMs = clock.nowMs();
    for (const obstacle of spec.obstacles) this.addObstacle(obstacle);
    for (const { id, pose, body } of spec.sites) {
      if (body) this.#scene.add(bodyThing(id, body, poseFrom(pose)));
    }
    const deps = {
      clock,
      scene: this.#scene,
      zones: spec.zones,
      sites: this.#sites,
      dirt: spec.dirt && new DirtGrid(spec.dirt.area, spec.dirt.cell, this.#scene.terrain),
      onMovement: (movement: Movement) => this.#movements.push(movement),
    };
    this.#robots = new Map(
      spec.robots.map((robot) => [robot.id, new Robot(robot, { ...deps, rng: rng.fork(`robot ${robot.id}`) })]),
    );
    this.#traffic = new Traffic(spec, this.#scene, rng.fork("traffic"));
    this.#stop = clock.after(STEP_MS, () => this.#tick());
  }

  get grid(): OccupancyGrid {
    return this.#scene.terrain.grid;
  }

  /** A channel to the devices of a robot, beside those that exist. Throws `driver.down` for an unknown robot. */
  connect(robotId: string): DeviceChannel {
    return this.#robot(robotId).connect();
  }

  truth(robotId: string): RobotTruth {
    return this.#robot(robotId).truth();
  }

  metrics(robotId: string): Metrics {
    return this.#robot(robotId).metrics();
  }

  /** The true course of a robot, about five points a second. */
  track(robotId: string): readonly TrackPoint[] {
    return this.#robot(robotId).track();
  }

  /** Where people, vehicles and doors are now. */
  surroundings(): Surroundings {
    return this.#traffic.surroundings;
  }

  /** Whether two places are at most `reach` apart and nothing on the map lies between them. */
  isInSight(from: { x: Metres; y: Metres }, to: { x: Metres; y: Metres }, reach: Metres): boolean {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const away = Math.hypot(dx, dy);
    if (away > reach) return false;
    return away === 0 || castRay(this.#scene.terrain, from.x, from.y, dx / away, dy / away, away) === Infinity;
  }

  /** All that was physically picked and placed, in the order of time. */
  movements(): readonly Movement[] {
    return this.#movements;
  }

  /** Puts an obstacle into the world, now. */
  addObstacle(obstacle: ObstacleSpec): void {
    const thing = obstacleThing(`obstacle-${this.#obstacles.length + 1}`, obstacle);
    this.#obstacles.push(thing);
    this.#scene.add(thing);
  }

  /** Makes something go wrong, now. Throws `driver.down` for an unknown robot or site. */
  apply(fault: WorldFault): void {
    const nowMs = this.#clock.nowMs();
    switch (fault.do) {
      case "driver-fault":
        this.#robot(fault.device).devices.lose(fault.driver, `${fault.driver} was unplugged`, endOf(fault, nowMs));
        return;
      case "hand-fault":
        this.#hand(fault.device).failing[fault.action] = fault.times;
        return;
      case "hand-forgets":
        this.#hand(fault.device).forget();
        return;
      case "conveyor-jam":
        this.#site(fault.site).jams = fault.times;
        return;
      case "sensor-noise":
        this.#robot(fault.device).disturb(fault.driver, fault.factor, endOf(fault, nowMs));
        return;
      case "sensor-freeze":
        this.#robot(fault.device).freeze(fault.driver, endOf(fault, nowMs));
        return;
      case "wheel-slip":
        this.#robot(fault.device).slip(fault.share, endOf(fault, nowMs));
        return;
      case "actuator-stuck":
        this.#robot(fault.device).stick(fault.axis, endOf(fault, nowMs));
        return;
      case "battery":
        this.#robot(fault.device).setCharge(fault.charge);
        return;
      case "kidnap":
        this.#robot(fault.device).carryTo(poseFrom(fault.to));
        return;
      default:
        unreachable(fault);
    }
  }

  snapshot(): WorldSnapshot {
    return {
      steps: this.#steps,
      robots: [...this.#robots.values()].map((robot) => ({
        ...robot.truth(),
        odometry: robot.odometry(),
        metrics: robot.metrics(),
      })),
      obstacles: [...this.#obstacles],
      people: this.#traffic.people,
      vehicles: this.#traffic.vehicles,
      stock: Object.fromEntries([...this.#sites].map(([id, { stock }]) => [id, Object.fromEntries(stock)])),
      movements: [...this.#movements],
    };
  }

  /** SHA-256 of the snapshot, bit for bit: equal for equal seeds and commands on one architecture and Node version. */
  digest(): string {
    return createHash("sha256").update(JSON.stringify(this.snapshot())).digest("hex");
  }

  /** Stops time in the world and ends all channels. */
  [Symbol.dispose](): void {
    this.#stop();
    for (const robot of this.#robots.values()) robot.devices.end("the world has ended");
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    let dueMs = this.#nextMs();
    for (let made = 0; dueMs <= nowMs && made < CATCH_UP_MAX; made++) {
      this.#step(dueMs);
      dueMs = this.#nextMs();
    }
    this.#stop = this.#clock.after(dueMs - this.#clock.nowMs(), () => this.#tick());
  }

  #nextMs(): number {
    return this.#startMs + (this.#steps + 1) * STEP_MS;
  }

  #step(atMs: number): void {
    this.#steps++;
    this.#scene.beginStep();
    this.#traffic.step((this.#steps * STEP_MS) / 1000, STEP_MS / 1000);
    for (const robot of this.#robots.values()) robot.step(atMs, STEP_MS / 1000);
    for (const robot of this.#robots.values()) robot.sense(atMs);
  }

  #robot(id: string): Robot {
    const robot = this.#robots.get(id);
    if (!robot) throw new AgentError("driver.down", `the world has no robot ${id}`);
    return robot;
  }

  #hand(robotId: string): Hand {
    const { hand } = this.#robot(robotId);
    if (!hand) throw new AgentError("driver.down", `the robot ${robotId} has no hand`);
    return hand;
  }

  #site(id: string): Site {
    const site = this.#sites.get(id);
    if (!site) throw new AgentError("driver.down", `the world has no site ${id}`);
    return site;
  }
}

function endOf({ forMs = Infinity }: { forMs?: number | undefined }, nowMs: number): number {
  return nowMs + forMs;
}
