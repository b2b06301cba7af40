import type { Rng } from "#lib/rng";
import type { Seconds } from "#lib/units";
import type { Scene } from "../space/scene.ts";
import type { Thing } from "../space/shapes.ts";
import type { WayfarerSpec, WorldSpec } from "../world-spec.ts";
import { Door, type DoorTruth } from "./door.ts";
import { personAt } from "./people.ts";
import { Vehicle, type VehicleTruth } from "./vehicle.ts";
import { Walkers } from "./walkers.ts";

interface Wayfarer {
  readonly spec: WayfarerSpec;
  readonly index: number;
  readonly place: number;
}

/** Where all that moves and is no robot is at a moment. */
export interface Surroundings {
  readonly people: readonly Thing[];
  readonly vehicles: readonly VehicleTruth[];
  readonly doors: readonly DoorTruth[];
}

/** All that moves in a world and is no robot. */
export class Traffic {
  readonly #scene: Scene;
  readonly #wayfarers: readonly Wayfarer[];
  readonly #crowds: readonly Walkers[];
  readonly #vehicles: readonly Vehicle[];
  readonly #doors: readonly Door[];

  /** Made after everything else that is solid, as crowds settle where there is room. */
  constructor({ people, vehicles, doors, sites }: WorldSpec, scene: Scene, rng: Rng) {
    this.#scene = scene;
    const still = new Set(["map", ...scene.things.map(({ id }) => id).filter((id) => id.startsWith("obstacle-"))]);
    for (const { id } of [...sites, ...doors]) still.add(id);
    this.#doors = doors.map((door) => new Door(door, scene, (id) => still.has(id)));
    this.#vehicles = vehicles.map((vehicle, index) => new Vehicle(`vehicle-${index + 1}`, vehicle, scene));
    this.#wayfarers = people.flatMap((spec, index) =>
      "path" in spec ? [{ spec, index, place: scene.add(personAt(spec, index, 0)) }] : [],
    );
    this.#crowds = people.flatMap((spec, index) =>
      "walk" in spec ? [new Walkers(`person-${index + 1}`, spec, scene, rng.fork(`crowd ${index + 1}`))] : [],
    );
  }

  get people(): readonly Thing[] {
    return [
      ...this.#wayfarers.map(({ place }) => this.#scene.things[place]!),
      ...this.#crowds.flatMap(({ things }) => things),
    ];
  }

  get vehicles(): readonly Thing[] {
    return this.#vehicles.map(({ thing }) => thing);
  }

  get surroundings(): Surroundings {
    const [vehicles, doors] = [this.#vehicles.map(({ truth }) => truth), this.#doors.map(({ truth }) => truth)];
    return { people: this.people, vehicles, doors };
  }

  /** Lets `dtS` pass; `nowS` after the start of the world it is over. */
  step(nowS: Seconds, dtS: Seconds): void {
    for (const { spec, index, place } of this.#wayfarers) {
      // A hair more than the way, which is rounded.
      this.#scene.move(place, personAt(spec, index, nowS), spec.speed * dtS * 1.001);
    }
    for (const vehicle of this.#vehicles) vehicle.step(dtS);
    for (const crowd of this.#crowds) crowd.step(dtS);
    for (const door of this.#doors) door.step(nowS);
  }
}
