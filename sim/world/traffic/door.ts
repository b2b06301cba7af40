import type { Seconds } from "#lib/units";
import type { Scene } from "../space/scene.ts";
import { obstacleThing, type Thing } from "../space/shapes.ts";
import { neighboursOf } from "../space/surroundings.ts";
import type { DoorSpec } from "../world-spec.ts";

/** A door opens for nobody, but it does not close while somebody is this near. */
const SAFETY_EDGE = 0.1;

/** A door that opens and closes by the clock. */
export class Door {
  readonly #spec: DoorSpec;
  readonly #scene: Scene;
  readonly #leaf: Thing;
  readonly #place: number;
  #state: "open" | "closed" = "closed";

  constructor(spec: DoorSpec, scene: Scene) {
    this.#spec = spec;
    this.#scene = scene;
    const { surface } = spec;
    this.#leaf = obstacleThing(spec.id, { wall: spec.wall, ...(surface === undefined ? {} : { surface }) });
    this.#place = scene.add(this.#leaf);
    this.step(0);
  }

  /** What is to be done `nowS` after the start of the world. */
  step(nowS: Seconds): void {
    const { openFor, closedFor, offset } = this.#spec;
    const wanted = (nowS + offset) % (openFor + closedFor) < closedFor ? "closed" : "open";
    if (wanted === this.#state || (wanted === "closed" && this.#isOccupied())) return;
    this.#state = wanted;
    if (wanted === "open") this.#scene.remove(this.#place);
    else this.#scene.jump(this.#place, this.#leaf);
  }

  #isOccupied(): boolean {
    return neighboursOf(this.#leaf, this.#scene, SAFETY_EDGE).some(({ id }) => id !== "map");
  }
}
