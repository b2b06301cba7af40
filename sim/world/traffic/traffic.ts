import type { Seconds } from "#lib/units";
import type { Scene } from "#sim/world/space/scene";
import type { Thing } from "#sim/world/space/shapes";
import type { WorldSpec } from "#sim/world/world-spec";
import { personAt } from "./people.ts";

/** All that moves in a world and is no robot. */
export class Traffic {
  readonly #spec: WorldSpec;
  readonly #scene: Scene;
  readonly #places: readonly number[];
  #lastS: Seconds = 0;

  constructor(spec: WorldSpec, scene: Scene) {
    this.#spec = spec;
    this.#scene = scene;
    this.#places = spec.people.map((person, index) => scene.add(personAt(person, index, 0)));
  }

  get people(): readonly Thing[] {
    return this.#places.map((place) => this.#scene.things[place]!);
  }

  step(nowS: Seconds): void {
    for (const [index, person] of this.#spec.people.entries()) {
      const place = this.#places[index]!;
      this.#scene.move(place, personAt(person, index, nowS), person.speed * (nowS - this.#lastS) * 1.001);
    }
    this.#lastS = nowS;
  }
}
