import type { Point } from "#lib/geometry";
import type { Metres, Seconds } from "#lib/units";
import type { Scene } from "../space/scene.ts";
import { obstacleThing, type Thing } from "../space/shapes.ts";
import { neighboursOf } from "../space/surroundings.ts";
import type { DoorSpec } from "../world-spec.ts";

/** No door closes while somebody is this near. */
const SAFETY_EDGE = 0.1;

/** A door as it is at a moment. */
export interface DoorTruth {
  readonly id: string;
  /** What it closes. */
  readonly line: readonly Point[];
  readonly state: "open" | "closed";
}

/** A door that opens and closes by the clock, or for who comes near. */
export class Door {
  readonly #spec: DoorSpec;
  readonly #scene: Scene;
  readonly #leaf: Thing;
  readonly #place: number;
  readonly #isStill: (id: string) => boolean;
  #state: DoorTruth["state"] = "closed";
  #neededS: Seconds = -Infinity;

  /** `isStill` tells things by their ids that never move, and for which no door opens. */
  constructor(spec: DoorSpec, scene: Scene, isStill: (id: string) => boolean) {
    this.#isStill = isStill;
    this.#spec = spec;
    this.#scene = scene;
    const { surface } = spec;
    this.#leaf = obstacleThing(spec.id, { wall: spec.wall, ...(surface === undefined ? {} : { surface }) });
    this.#place = scene.add(this.#leaf);
    this.step(0);
  }

  /** Whether it lets pass, now. */
  get truth(): DoorTruth {
    return { id: this.#spec.id, line: this.#spec.wall, state: this.#state };
  }

  /** What is to be done `nowS` after the start of the world. */
  step(nowS: Seconds): void {
    const wanted = this.#wanted(nowS);
    if (wanted === this.#state || (wanted === "closed" && this.#hasNear(SAFETY_EDGE))) return;
    this.#state = wanted;
    if (wanted === "open") this.#scene.remove(this.#place);
    else this.#scene.jump(this.#place, this.#leaf);
  }

  #wanted(nowS: Seconds): DoorTruth["state"] {
    if ("openFor" in this.#spec) {
      const { openFor, closedFor, offset } = this.#spec;
      return (nowS + offset) % (openFor + closedFor) < closedFor ? "closed" : "open";
    }
    if (this.#hasNear(this.#spec.opensWithin)) this.#neededS = nowS;
    return nowS <= this.#neededS + this.#spec.staysOpen ? "open" : "closed";
  }

  #hasNear(within: Metres): boolean {
    return neighboursOf(this.#leaf, this.#scene, within).some(({ id }) => !this.#isStill(id));
  }
}
