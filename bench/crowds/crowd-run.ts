import { createControlState, stepControl, takeWorld } from "#agent/control/step-control";
import { createMapSource, type MapSource } from "#edge-planner/map-cache";
import { distance, type Pose } from "#lib/geometry";
import { createRng } from "#lib/rng";
import type { Metres, Seconds } from "#lib/units";
import { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import type { Collision, TrackPoint } from "#sim/world/metrics";
import { bodyThing, gapBetween, type Thing } from "#sim/world/space/shapes";
import { createWorld, type World } from "#sim/world/world";
import { openMotionDrivers } from "../motion-drivers.ts";
import { type Crowd, type Ground, ROBOT, worldOf } from "./crowd-world.ts";

/** What came of one drive. */
export interface CrowdRun {
  readonly outcome: "arrived" | "gave-up" | "out-of-time";
  readonly seconds: Seconds;
  readonly collisions: readonly Collision[];
  /** Contacts that others caused while the robot moved, and while it stood. */
  readonly touches: { readonly moving: number; readonly standing: number };
  /** Times that it came no further for half a minute. */
  readonly freezes: number;
  /** The least gap to somebody on foot while the robot moved. */
  readonly leastGap: Metres;
  /** The least gap that the robot's own motion made smaller, and what the world looked like then: somebody who walks up to it is not its doing. */
  readonly nearest: {
    readonly gap: Metres;
    readonly atMs: number;
    readonly people: readonly Thing[];
    readonly pose: Pose;
  };
  readonly violations: number;
  readonly track: readonly TrackPoint[];
  readonly ticksMs: readonly number[];
}

const FREEZE_MS = 30_000;
const FREEZE_WITHIN: Metres = 0.5;
const LIMIT: Seconds = 240;
const SETTLE_MS = 1500;
const MOVING = 0.05;
/** Smaller changes of a gap between two ticks count for nothing. */
const OWN_DOING: Metres = 1e-3;
const TOLERANCE: Metres = 0.2;

/** Drives the way of a crowd once, through the robot's own motion step, in the world that the scenarios use. */
export async function runCrowd(
  ground: Ground,
  crowd: Crowd,
  who: "crowded" | "empty",
  maps: MapSource = createMapSource(),
): Promise<CrowdRun> {
  const clock = new VirtualClock();
  const spec = worldOf(ground, crowd, who);
  using world = createWorld(spec, { clock, rng: createRng(crowd.seed), terrain: ground.terrain });
  const drivers = await openMotionDrivers(world, ROBOT, clock);
  const { profile, place } = ground;
  const state = createControlState(profile);
  takeWorld(state, { ...place, zones: [...place.zones, crowd.slow] }, maps);
  const periodMs = 1000 / profile.controlHz;
  const book = new Book(profile.footprint);
  await clock.advance(SETTLE_MS, settle);
  const startMs = clock.nowMs();
  let outcome: CrowdRun["outcome"] = "out-of-time";
  while (clock.nowMs() < startMs + LIMIT * 1000) {
    await clock.advance(periodMs, settle);
    const nowMs = clock.nowMs();
    const { base, lidar, position } = drivers;
    const goal = { goalId: "there", pose: crowd.goal, tolerance: TOLERANCE, maxSpeed: 1.5, validUntilMs: nowMs + 1000 };
    const sensed = { odometry: base.latest(), scan: lidar.latest(), fix: position.latest(), mount: lidar.mount };
    const beganMs = performance.now();
    const { command, report } = stepControl(state, { ...sensed, goal, power: "enabled", latenessMs: 0 }, nowMs);
    book.ticksMs.push(performance.now() - beganMs);
    base.drive(command, 4 * periodMs);
    book.look(world, nowMs);
    if (report.drive.state === "arrived") outcome = "arrived";
    if (report.drive.state === "no-route" && nowMs > startMs + 5000) outcome = "gave-up";
    if (outcome !== "out-of-time") break;
  }
  return book.close(world, outcome, (clock.nowMs() - startMs) / 1000);
}

/** Keeps the books of one run. */
class Book {
  readonly ticksMs: number[] = [];
  readonly #footprint: Ground["profile"]["footprint"];
  #nearest: CrowdRun["nearest"] = { gap: Infinity, atMs: 0, people: [], pose: { x: 0, y: 0, yaw: 0 } };
  #anchor: { pose: Pose; atMs: number } | undefined;
  #leastGap: Metres = Infinity;
  #before: Pose | undefined;
  #freezes = 0;
  #touches = 0;
  #moving = 0;

  constructor(footprint: Ground["profile"]["footprint"]) {
    this.#footprint = footprint;
  }

  look(world: World, nowMs: number): void {
    const { pose, velocity } = world.truth(ROBOT);
    const isMoving = Math.abs(velocity.linear) > MOVING || Math.abs(velocity.angular) > MOVING;
    const people = world.surroundings().people;
    const body = bodyThing(ROBOT, this.#footprint, pose);
    const bodyBefore = bodyThing(ROBOT, this.#footprint, this.#before ?? pose);
    this.#before = pose;
    for (const person of isMoving ? people : []) {
      const gap = gapBetween(body, person);
      this.#leastGap = Math.min(this.#leastGap, gap);
      const isCloser = gap < gapBetween(bodyBefore, person) - OWN_DOING;
      if (isCloser && gap < this.#nearest.gap) this.#nearest = { gap, atMs: nowMs, people: [...people], pose };
    }
    const { touches } = world.metrics(ROBOT);
    if (isMoving) this.#moving += touches - this.#touches;
    this.#touches = touches;
    this.#anchor ??= { pose, atMs: nowMs };
    if (distance(pose, this.#anchor.pose) > FREEZE_WITHIN) this.#anchor = { pose, atMs: nowMs };
    if (nowMs - this.#anchor.atMs >= FREEZE_MS) {
      this.#freezes++;
      this.#anchor = { pose, atMs: nowMs };
    }
  }

  close(world: World, outcome: CrowdRun["outcome"], seconds: Seconds): CrowdRun {
    const { collisions, keepoutViolations, speedViolations } = world.metrics(ROBOT);
    return {
      outcome,
      seconds,
      collisions,
      touches: { moving: this.#moving, standing: this.#touches - this.#moving },
      freezes: this.#freezes,
      leastGap: this.#leastGap,
      nearest: this.#nearest,
      violations: keepoutViolations + speedViolations,
      track: world.track(ROBOT),
      ticksMs: this.ticksMs,
    };
  }
}
