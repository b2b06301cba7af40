import type { Zone } from "#contract/spatial";
import { isInside, type Point, type Pose } from "#lib/geometry";
import type { Metres, MetresPerSecond } from "#lib/units";
import { distanceToBorder, distanceToThing, type Thing } from "./space/shapes.ts";

/** How deep a zone must be entered to count: a position source of a few centimetres can keep no finer border. */
const ZONE_TOLERANCE: Metres = 0.05;
/** Excess over a speed limit that counts, for the same reason and for the gain error of wheels. */
const SPEED_TOLERANCE: MetresPerSecond = 0.05;
const SPEED_TOLERANCE_SHARE = 0.05;
/** Edge of the squares by which zones are found. */
const SQUARE: Metres = 2;
/** A zone of more squares is looked at all the time instead. */
const SQUARES_MAX = 1000;

/** The beginning of a stay in a zone against its rule. */
export interface Violation {
  readonly atMs: number;
  readonly kind: "keepout" | "speed-limit";
  readonly zone: string;
  readonly pose: Pose;
}

/** What zones judge. */
export interface Judged {
  readonly atMs: number;
  readonly pose: Pose;
  readonly body: Thing;
  readonly speed: MetresPerSecond;
}

interface Watched {
  readonly id: string;
  readonly kind: "keepout" | "speed-limit";
  readonly polygon: readonly Point[];
  /** Faster than this is too fast. */
  readonly limit: MetresPerSecond;
  isViolated: boolean;
}

/** Notes when one robot enters keepout zones, and when it begins to drive too fast in others. */
export class ZoneWatch {
  /** In the order of time. */
  readonly violations: Violation[] = [];
  /** Zones by the square in which the origin of a robot is that may be in them. */
  readonly #bySquare = new Map<string, Watched[]>();
  /** Zones that are looked at wherever the robot is. */
  readonly #wide: Watched[] = [];
  #square = { column: NaN, row: NaN };
  /** Zones of the square that the robot is in. */
  #near: readonly Watched[] = [];

  /** `radius` is that of the robot's footprint. */
  constructor(zones: readonly Zone[], radius: Metres) {
    for (const { id, kind, polygon, maxSpeed = Infinity } of zones) {
      if (kind !== "keepout" && kind !== "speed-limit") continue;
      const limit = maxSpeed * (1 + SPEED_TOLERANCE_SHARE) + SPEED_TOLERANCE;
      const watched: Watched = { id, kind, polygon, limit, isViolated: false };
      const squares = squaresAround(polygon, radius);
      if (squares === undefined) this.#wide.push(watched);
      for (const square of squares ?? []) {
        this.#bySquare.set(square, [...(this.#bySquare.get(square) ?? []), watched]);
      }
    }
  }

  /** Takes in where the robot is and how fast it drives. */
  look(state: Judged): void {
    if (this.#bySquare.size + this.#wide.length === 0) return;
    this.#enter(Math.floor(state.body.x / SQUARE), Math.floor(state.body.y / SQUARE));
    for (const zone of this.#wide) this.#judge(zone, state);
    for (const zone of this.#near) this.#judge(zone, state);
  }

  #judge(zone: Watched, { atMs, pose, body, speed }: Judged): void {
    const isViolated = zone.kind === "keepout" ? isEntered(body, zone) : isTooFast(body, speed, zone);
    if (isViolated && !zone.isViolated) this.violations.push({ atMs, kind: zone.kind, zone: zone.id, pose });
    zone.isViolated = isViolated;
  }

  #enter(column: number, row: number): void {
    if (column === this.#square.column && row === this.#square.row) return;
    this.#square = { column, row };
    const near = this.#bySquare.get(`${column} ${row}`) ?? [];
    for (const zone of this.#near) if (!near.includes(zone)) zone.isViolated = false;
    this.#near = near;
  }
}

function isTooFast({ x, y }: Thing, speed: MetresPerSecond, { polygon, limit }: Watched): boolean {
  return speed > limit && isDeepInside([x, y], polygon);
}

function isEntered(body: Thing, { polygon }: Watched): boolean {
  if (body.shape === "circle") {
    const { x, y, radius } = body;
    return isInside([x, y], polygon) || distanceToBorder([x, y], polygon) < radius - ZONE_TOLERANCE;
  }
  const isDeepInBody = (corner: Point): boolean =>
    distanceToThing(corner, body) === 0 && distanceToBorder(corner, body.outline) > ZONE_TOLERANCE;
  return body.outline.some((corner) => isDeepInside(corner, polygon)) || polygon.some(isDeepInBody);
}

function isDeepInside(point: Point, polygon: readonly Point[]): boolean {
  return isInside(point, polygon) && distanceToBorder(point, polygon) > ZONE_TOLERANCE;
}

/** The squares that a zone and a margin around it lie in; undefined when they are too many to list. */
function squaresAround(polygon: readonly Point[], margin: Metres): string[] | undefined {
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
  const squareOf = (value: Metres): number => Math.floor(value / SQUARE);
  const [firstColumn, lastColumn] = [squareOf(Math.min(...xs) - margin), squareOf(Math.max(...xs) + margin)];
  const [firstRow, lastRow] = [squareOf(Math.min(...ys) - margin), squareOf(Math.max(...ys) + margin)];
  if ((lastColumn - firstColumn + 1) * (lastRow - firstRow + 1) > SQUARES_MAX) return undefined;
  const squares: string[] = [];
  for (let column = firstColumn; column <= lastColumn; column++) {
    for (let row = firstRow; row <= lastRow; row++) squares.push(`${column} ${row}`);
  }
  return squares;
}
