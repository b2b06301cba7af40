import type { Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds, Share } from "#lib/units";
import type { Body } from "./base/body.ts";
import type { Thing } from "./space/shapes.ts";
import type { Violation, ZoneWatch } from "./zone-watch.ts";

/** Farther things are not measured, so this is also the clearance of a robot that never came near anything. */
export const CLEARANCE_MAX: Metres = 2;
const TRACK_PERIOD_MS = 200;
const MOVING: MetresPerSecond = 0.01;

/** A contact that the robot caused. */
export interface Collision {
  readonly atMs: number;
  /** Id of the thing, or `map`. */
  readonly with: string;
  readonly pose: Pose;
  readonly speed: MetresPerSecond;
}

/** What a robot truly did since the start of the world. */
export interface Metrics {
  readonly distance: Metres;
  /** Over the time that it moved. */
  readonly meanSpeed: MetresPerSecond;
  readonly movingSeconds: Seconds;
  readonly minClearance: Metres;
  readonly collisions: readonly Collision[];
  /** Contacts that others caused: somebody walked or drove into it. */
  readonly touches: number;
  readonly keepoutViolations: number;
  readonly speedViolations: number;
  /** Those that the two numbers count, in the order of time. */
  readonly violations: readonly Violation[];
  readonly batteryUsed: Share;
  /** Of the dirty floor, the share that it was the first to clean; absent without dirty floor or a cleaning head. */
  readonly coverage?: Share;
  /** Passes over floor that was clean already, for each part that it was the first to clean. */
  readonly coverageOverlap?: number;
}

/** One sample of the true course of a robot. */
export interface TrackPoint {
  readonly atMs: number;
  readonly x: Metres;
  readonly y: Metres;
  readonly yaw: number;
  readonly speed: MetresPerSecond;
  readonly charge: Share;
}

/** Keeps the books of one robot. */
export class Recorder {
  readonly track: TrackPoint[] = [];
  minClearance: Metres = CLEARANCE_MAX;
  touches = 0;
  readonly #collisions: Collision[] = [];
  readonly #zones: ZoneWatch;
  #distance = 0;
  #movingSeconds = 0;

  constructor(zones: ZoneWatch) {
    this.#zones = zones;
  }

  /** Takes in a step of `dtS` that ended at `atMs`, after which the body is `thing` and moves like this. */
  step(atMs: number, thing: Thing, { pose, velocity }: Pick<Body, "pose" | "velocity">, dtS: Seconds): void {
    const { linear, lateral } = velocity;
    const speed = lateral === 0 ? Math.abs(linear) : Math.sqrt(linear * linear + lateral * lateral);
    this.#distance += speed * dtS;
    if (speed > MOVING) this.#movingSeconds += dtS;
    this.#zones.look({ atMs, pose, body: thing, speed });
  }

  /** Takes in the gap to what is nearest. */
  pass(gap: Metres): void {
    this.minClearance = Math.min(this.minClearance, gap);
  }

  /** Books a collision; contact is a clearance of 0. */
  collide(collision: Collision): void {
    this.#collisions.push(collision);
    this.minClearance = 0;
  }

  /** Adds to the track, at most five times a second. */
  sample(atMs: number, pose: Pose, speed: MetresPerSecond, charge: Share): void {
    const last = this.track[this.track.length - 1];
    if (last && atMs < last.atMs + TRACK_PERIOD_MS) return;
    this.track.push({ atMs, ...pose, speed, charge });
  }

  metrics(batteryUsed: Share): Metrics {
    const { violations } = this.#zones;
    const countOf = (kind: Violation["kind"]): number => violations.filter((one) => one.kind === kind).length;
    return {
      distance: this.#distance,
      meanSpeed: this.#movingSeconds === 0 ? 0 : this.#distance / this.#movingSeconds,
      movingSeconds: this.#movingSeconds,
      minClearance: this.minClearance,
      collisions: [...this.#collisions],
      touches: this.touches,
      keepoutViolations: countOf("keepout"),
      speedViolations: countOf("speed-limit"),
      violations: [...violations],
      batteryUsed,
    };
  }
}
