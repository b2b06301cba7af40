import type { Metres } from "#lib/units";
import type { Thing } from "./shapes.ts";
import type { Terrain } from "./terrain.ts";

/** Farther than anything that is measured: after a jump nobody trusts an earlier look. */
const JUMP: Metres = 1000;
const NOBODY = -1;
/** What is not there is far away from everything. */
const ABSENT: Thing = { shape: "circle", id: "absent", x: 1e9, y: 1e9, radius: 0 };

/** Numbers for each thing in `Solids.discs`. */
export const DISC = 4;

/** All that is solid. */
export interface Solids {
  readonly terrain: Terrain;
  readonly things: readonly Thing[];
  /**
   * For each thing the centre x, y and the radius of the circle around it, and 1 if it is glass or a mirror, else 0: packed, as most things are
   * only asked whether they are near.
   */
  readonly discs: Float64Array;
}

/** Things that stay where they are. */
export function solidsOf(terrain: Terrain, things: readonly Thing[]): Solids {
  return { terrain, things, discs: Float64Array.from(things.flatMap(discOf)) };
}

function discOf({ x, y, radius, surface = "plain" }: Thing): number[] {
  return [x, y, radius, surface === "plain" ? 0 : 1];
}

/** All that is solid, and how much of it may have moved. */
export class Scene implements Solids {
  readonly terrain: Terrain;
  readonly #things: Thing[] = [];
  #discs = new Float64Array(16 * DISC);
  /** Sum over the steps before of the longest way that a thing made. */
  #drift: Metres = 0;
  /** How much of that a thing made alone: the steps in which it went farthest, over who went second farthest. */
  readonly #alone: Metres[] = [];
  /** Who goes farthest in this step, how far, and how far the next one goes. */
  #lead = { place: NOBODY, moved: 0, second: 0 };

  constructor(terrain: Terrain) {
    this.terrain = terrain;
  }

  get things(): readonly Thing[] {
    return this.#things;
  }

  get discs(): Float64Array {
    return this.#discs;
  }

  /** Puts something into the scene; the answer is its place. */
  add(thing: Thing): number {
    this.#drift += JUMP;
    this.#alone.push(0);
    const place = this.#things.push(thing) - 1;
    if (this.#discs.length < this.#things.length * DISC) {
      const before = this.#discs;
      this.#discs = new Float64Array(2 * before.length);
      this.#discs.set(before);
    }
    this.#set(place, thing);
    return place;
  }

  /** Puts a thing elsewhere; `moved` bounds the way of each of its points. */
  move(place: number, thing: Thing, moved: Metres): void {
    this.#set(place, thing);
    const lead = this.#lead;
    if (place !== lead.place && moved > lead.moved) this.#lead = { place, moved, second: lead.moved };
    else if (place !== lead.place) lead.second = Math.max(lead.second, moved);
    else lead.moved += moved;
  }

  /** Takes a thing away; its place remains. */
  remove(place: number): void {
    this.#set(place, ABSENT);
  }

  /** Something was put elsewhere without moving there. */
  jump(place: number, thing: Thing): void {
    this.#set(place, thing);
    this.#drift += JUMP;
  }

  /** A new step begins: what moves in it adds to what moved before. */
  beginStep(): void {
    const { place, moved, second } = this.#lead;
    if (place === NOBODY) return;
    this.#drift += moved;
    this.#alone[place]! += moved - second;
    this.#lead = { place: NOBODY, moved: 0, second: 0 };
  }

  /** Mark for `driftSince`, taken by the thing at `place` when it measures its surroundings. */
  driftMark(place: number): Metres {
    // Without what has moved in this step: that counts once more later, as others may move on in it.
    return this.#drift - this.#alone[place]!;
  }

  /** How far any single other thing may have moved since the mark, at most. */
  driftSince(mark: Metres, place: number): Metres {
    const { place: leader, moved, second } = this.#lead;
    return this.#drift - this.#alone[place]! + (leader === place ? second : moved) - mark;
  }

  #set(place: number, thing: Thing): void {
    this.#things[place] = thing;
    const at = place * DISC;
    const discs = this.#discs;
    discs[at] = thing.x;
    discs[at + 1] = thing.y;
    discs[at + 2] = thing.radius;
    discs[at + 3] = thing.surface === undefined || thing.surface === "plain" ? 0 : 1;
  }
}
