import { distance, type Point } from "#lib/geometry";
import type { Rng } from "#lib/rng";
import type { Metres, MetresPerSecond, Seconds } from "#lib/units";
import { castRay } from "../space/ray.ts";
import type { Scene } from "../space/scene.ts";
import type { Thing } from "../space/shapes.ts";
import { gapToTerrain, neighboursOf } from "../space/surroundings.ts";
import type { CrowdSpec } from "../world-spec.ts";
import { avoidance, type Moving } from "./avoidance.ts";

/** How fast a walker takes up its wanted speed, s. */
const RELAXATION: Seconds = 0.5;
const ARRIVED: Metres = 0.4;
/** A walker that comes no nearer for so long wants to go elsewhere. */
const PATIENCE: Seconds = 4;
const SIGHT: Metres = 6;
const TRIES = 200;
/** Walkers are of different haste: each wants this share of the speed, at least. */
const SLOWEST_SHARE = 0.7;
const ELBOW_ROOM: Metres = 0.02;

interface Walker extends Moving {
  readonly id: string;
  readonly place: number;
  readonly haste: MetresPerSecond;
  goal: Point;
  nearest: Metres;
  patience: Seconds;
}

/** A crowd: people who walk to and fro in an area, around each other, walls, things and robots. */
export class Walkers {
  readonly #spec: CrowdSpec;
  readonly #scene: Scene;
  readonly #rng: Rng;
  readonly #walkers: Walker[] = [];
  readonly #name: string;
  readonly #byPlace = new Map<number, Walker>();

  /** `name` begins the ids of the walkers. The area must have room for them: those who find none are left out. */
  constructor(name: string, spec: CrowdSpec, scene: Scene, rng: Rng) {
    this.#name = name;
    this.#spec = spec;
    this.#scene = scene;
    this.#rng = rng;
    for (let index = 0; index < spec.walk.count; index++) this.#settle(index);
    for (const walker of this.#walkers) this.#byPlace.set(walker.place, walker);
  }

  get things(): readonly Thing[] {
    return this.#walkers.map(({ place }) => this.#scene.things[place]!);
  }

  step(dtS: Seconds): void {
    for (const walker of this.#walkers) {
      this.#choose(walker, dtS);
      this.#push(walker, dtS);
      this.#move(walker, dtS);
    }
  }

  #settle(index: number): void {
    for (let tried = 0; tried < TRIES; tried++) {
      const [x, y] = this.#draw();
      const id = `${this.#name}-${index + 1}`;
      const body = this.#bodyAt(id, x, y);
      if (neighboursOf(body, this.#scene, ELBOW_ROOM).length > 0) continue;
      const haste = this.#spec.speed * (SLOWEST_SHARE + (1 - SLOWEST_SHARE) * this.#rng.float());
      const { radius } = this.#spec;
      const place = this.#scene.add(body);
      this.#walkers.push({ id, place, x, y, vx: 0, vy: 0, radius, haste, goal: [x, y], nearest: 0, patience: 0 });
      return;
    }
  }

  #draw(): Point {
    const [xMin, yMin, xMax, yMax] = this.#spec.walk.area;
    return [xMin + this.#rng.float() * (xMax - xMin), yMin + this.#rng.float() * (yMax - yMin)];
  }

  /** A new goal in sight when the old one is reached, or comes no nearer. */
  #choose(walker: Walker, dtS: Seconds): void {
    const left = distance(walker, { x: walker.goal[0], y: walker.goal[1] });
    if (left < walker.nearest - 0.1) [walker.nearest, walker.patience] = [left, PATIENCE];
    walker.patience -= dtS;
    if (left > ARRIVED && walker.patience > 0) return;
    walker.goal = this.#draw();
    const [dx, dy] = [walker.goal[0] - walker.x, walker.goal[1] - walker.y];
    const way = Math.hypot(dx, dy) || 1;
    // A goal behind a wall: as far as one can see, a step before the wall.
    const seen = castRay(this.#scene.terrain, walker.x, walker.y, dx / way, dy / way, way);
    const share = seen === Infinity ? 1 : Math.max(0, seen - 2 * walker.radius) / way;
    walker.goal = [walker.x + dx * share, walker.y + dy * share];
    [walker.nearest, walker.patience] = [way * share, PATIENCE];
  }

  /** Changes the velocity by the wish to get on and by what is in the way. */
  #push(walker: Walker, dtS: Seconds): void {
    const [dx, dy] = [walker.goal[0] - walker.x, walker.goal[1] - walker.y];
    const left = Math.hypot(dx, dy) || 1;
    let ax = ((dx / left) * walker.haste - walker.vx) / RELAXATION;
    let ay = ((dy / left) * walker.haste - walker.vy) / RELAXATION;
    for (const other of this.#others(walker)) {
      const [fx, fy] = avoidance(walker, other);
      ax += fx;
      ay += fy;
    }
    walker.vx += ax * dtS;
    walker.vy += ay * dtS;
    const speed = Math.hypot(walker.vx, walker.vy);
    const excess = Math.max(1, speed / this.#spec.speed);
    walker.vx /= excess;
    walker.vy /= excess;
  }

  /** What a walker looks at: its fellows with their velocities, all else as if it stood. */
  *#others(walker: Walker): Generator<Moving> {
    for (const [place, thing] of this.#scene.things.entries()) {
      const reach = SIGHT + thing.radius;
      if (place === walker.place || (thing.x - walker.x) ** 2 + (thing.y - walker.y) ** 2 > reach * reach) continue;
      const fellow = this.#byPlace.get(place);
      yield (
        fellow ?? {
          x: thing.x,
          y: thing.y,
          vx: 0,
          vy: 0,
          radius: thing.shape === "circle" ? thing.radius : 0.8 * thing.radius,
        }
      );
    }
  }

  /** Goes where there is room: straight on, else along one axis, else not at all. */
  #move(walker: Walker, dtS: Seconds): void {
    const { vx, vy, place, id } = walker;
    for (const [wx, wy] of [
      [vx, vy],
      [vx, 0],
      [0, vy],
    ] as const) {
      const body = this.#bodyAt(id, walker.x + wx * dtS, walker.y + wy * dtS);
      if (!this.#isFree(body, place)) continue;
      [walker.x, walker.y, walker.vx, walker.vy] = [body.x, body.y, wx, wy];
      this.#scene.move(place, body, Math.hypot(wx, wy) * dtS);
      return;
    }
    [walker.vx, walker.vy] = [0, 0];
  }

  #isFree(body: Thing, place: number): boolean {
    if (gapToTerrain(body, this.#scene.terrain, ELBOW_ROOM) < ELBOW_ROOM) return false;
    return neighboursOf(body, this.#scene, ELBOW_ROOM, this.#scene.things[place]).length === 0;
  }

  #bodyAt(id: string, x: Metres, y: Metres): Thing {
    return { shape: "circle", id, x, y, radius: this.#spec.radius };
  }
}
