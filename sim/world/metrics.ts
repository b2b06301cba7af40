import { isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond, Seconds, Share } from "#lib/units";
import type { Velocity } from "#drivers/driver";
import type { Zone } from "#contract/spatial";
import { distanceToBorder } from "./shapes.ts";
import type { Neighbour } from "./surroundings.ts";

/** Farther things are not measured, so this is also the clearance of a robot that never came near anything. */
export const CLEARANCE_MAX: Metres = 2;
/** How deep a zone must be entered to count: a position source of a few centimetres can keep no finer border. */
const ZONE_TOLERANCE: Metres = 0.05;
/** Excess over a speed limit that counts, for the same reason and for the gain error of wheels. */
const SPEED_TOLERANCE: MetresPerSecond = 0.05;
const SPEED_TOLERANCE_SHARE = 0.05;
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

/** The beginning of a stay in a zone against its rule. */
export interface Violation {
  readonly atMs: number;
  readonly kind: "keepout" | "speed-limit";
  readonly zone: string;
  readonly pose: Pose;
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
  #distance = 0;
  #movingSeconds = 0;
  readonly #violations: Violation[] = [];
  readonly #judges: {
    readonly zone: string;
    readonly kind: Violation["kind"];
    readonly judge: Judge;
    isViolated: boolean;
  }[];

  constructor(zones: readonly Zone[]) {
    this.#judges = zones.flatMap((zone) => {
      const { kind, id } = zone;
      if (kind !== "keepout" && kind !== "speed-limit") return [];
      const judge = kind === "keepout" ? keepoutJudge(zone) : speedJudge(zone);
      return [{ zone: id, kind, judge, isViolated: false }];
    });
  }

  /** Takes in a step of `dtS` that ended in this state. */
  step(state: Judged, nearest: readonly Neighbour[], dtS: Seconds): void {
    const speed = Math.abs(state.velocity.linear);
    this.#distance += speed * dtS;
    if (speed > MOVING) this.#movingSeconds += dtS;
    for (const { gap } of nearest) this.minClearance = Math.min(this.minClearance, gap);
    for (const entry of this.#judges) {
      const { zone, kind } = entry;
      const isViolated = entry.judge(state);
      if (isViolated && !entry.isViolated) this.#violations.push({ atMs: state.atMs, kind, zone, pose: state.pose });
      entry.isViolated = isViolated;
    }
  }

  /** Books a collision; contact is a clearance of 0. */
  collide(collision: Collision): void {
    this.#collisions.push(collision);
    this.minClearance = 0;
  }

  /** Adds to the track, at most five times a second. */
  sample(atMs: number, pose: Pose, velocity: Velocity, charge: Share): void {
    const last = this.track[this.track.length - 1];
    if (last && atMs < last.atMs + TRACK_PERIOD_MS) return;
    this.track.push({ atMs, ...pose, speed: velocity.linear, charge });
  }

  metrics(batteryUsed: Share): Metrics {
    const countOf = (kind: Violation["kind"]): number => this.#violations.filter((one) => one.kind === kind).length;
    return {
      distance: this.#distance,
      meanSpeed: this.#movingSeconds === 0 ? 0 : this.#distance / this.#movingSeconds,
      movingSeconds: this.#movingSeconds,
      minClearance: this.minClearance,
      collisions: [...this.#collisions],
      touches: this.touches,
      keepoutViolations: countOf("keepout"),
      speedViolations: countOf("speed-limit"),
      violations: [...this.#violations],
      batteryUsed,
    };
  }
}

/** What zones judge. */
export interface Judged {
  readonly atMs: number;
  readonly pose: Pose;
  readonly velocity: Velocity;
  /** The footprint in the frame `map`. */
  readonly outline: readonly Point[];
}

type Judge = (state: Judged) => boolean;

function keepoutJudge({ polygon }: Zone): Judge {
  const isNear = nearBox(polygon);
  return ({ outline }) =>
    isNear(outline) &&
    (outline.some((corner) => isDeepInside(corner, polygon)) ||
      polygon.some((corner) => isDeepInside(corner, outline)));
}

function speedJudge({ polygon, maxSpeed = Infinity }: Zone): Judge {
  const isNear = nearBox(polygon);
  const limit = maxSpeed * (1 + SPEED_TOLERANCE_SHARE) + SPEED_TOLERANCE;
  return ({ pose, velocity }) => {
    const point: Point = [pose.x, pose.y];
    return Math.abs(velocity.linear) > limit && isNear([point]) && isDeepInside(point, polygon);
  };
}

function isDeepInside(point: Point, polygon: readonly Point[]): boolean {
  return isInside(point, polygon) && distanceToBorder(point, polygon) > ZONE_TOLERANCE;
}

/** Whether the boxes around two polygons overlap: cheap, and false nearly always. */
function nearBox(polygon: readonly Point[]): (points: readonly Point[]) => boolean {
  const box = boxOf(polygon);
  return (points) => {
    const other = boxOf(points);
    return box.xMin <= other.xMax && other.xMin <= box.xMax && box.yMin <= other.yMax && other.yMin <= box.yMax;
  };
}

function boxOf(points: readonly Point[]): { xMin: number; xMax: number; yMin: number; yMax: number } {
  const box = { xMin: Infinity, xMax: -Infinity, yMin: Infinity, yMax: -Infinity };
  for (const [x, y] of points) {
    box.xMin = Math.min(box.xMin, x);
    box.xMax = Math.max(box.xMax, x);
    box.yMin = Math.min(box.yMin, y);
    box.yMax = Math.max(box.yMax, y);
  }
  return box;
}
