import type { Pose } from "#lib/geometry";
import type { Seconds } from "#lib/units";
import type { Scene } from "../space/scene.ts";
import { bodyThing, type Footprint, radiusOf, type Thing } from "../space/shapes.ts";
import { neighboursOf } from "../space/surroundings.ts";
import type { VehicleSpec } from "../world-spec.ts";
import { createItinerary, type Itinerary } from "./itinerary.ts";

/** Where a vehicle is at a moment. */
export interface VehicleTruth {
  readonly id: string;
  readonly pose: Pose;
  readonly footprint: Footprint;
}

/** A manned vehicle on its round trip. */
export class Vehicle {
  readonly #id: string;
  readonly #spec: VehicleSpec;
  readonly #scene: Scene;
  readonly #trip: Itinerary;
  readonly #place: number;
  #seconds: Seconds = 0;

  constructor(id: string, spec: VehicleSpec, scene: Scene) {
    this.#id = id;
    this.#spec = spec;
    this.#scene = scene;
    this.#trip = createItinerary(spec.path, spec);
    this.#place = scene.add(this.#bodyAt(this.#trip.poseAt(0)));
  }

  get thing(): Thing {
    return this.#scene.things[this.#place]!;
  }

  get truth(): VehicleTruth {
    return { id: this.#id, pose: this.#trip.poseAt(this.#seconds), footprint: this.#spec.footprint };
  }

  step(dtS: Seconds): void {
    if (this.#trip.duration === 0 || this.#isBlocked()) return;
    this.#seconds = (this.#seconds + dtS) % this.#trip.duration;
    const { speed, turnSpeed, footprint } = this.#spec;
    const way = (speed + turnSpeed * radiusOf(footprint)) * dtS;
    this.#scene.move(this.#place, this.#bodyAt(this.#trip.poseAt(this.#seconds)), way * 1.001);
  }

  /** Whether somebody stands where the vehicle will be within `stopsFor` metres of driving; the map is known to be free. */
  #isBlocked(): boolean {
    const { stopsFor, speed } = this.#spec;
    if (stopsFor === 0) return false;
    const ahead = (this.#seconds + stopsFor / speed) % this.#trip.duration;
    return [(this.#seconds + stopsFor / speed / 2) % this.#trip.duration, ahead].some((seconds) =>
      neighboursOf(this.#bodyAt(this.#trip.poseAt(seconds)), this.#scene, CLOSE, this.thing).some(
        ({ id }) => id !== "map",
      ),
    );
  }

  #bodyAt(pose: Pose): Thing {
    return bodyThing(this.#id, this.#spec.footprint, pose);
  }
}

/** So near to the place where the vehicle will be is in its way. */
const CLOSE = 0.2;
