import type { Metres } from "#lib/units";
import type { Scene } from "./scene.ts";

/** A lower bound of the gap between one body and everything else, so that it is measured only where that may matter. */
export class Clearing {
  readonly #scene: Scene;
  readonly #place: number;
  #gap: Metres = 0;
  #mark: Metres = 0;

  /** For the thing at `place` of the scene. */
  constructor(scene: Scene, place: number) {
    this.#scene = scene;
    this.#place = place;
  }

  /** The gap is at least this after a movement of the body by `reach`. */
  leastAfter(reach: Metres): Metres {
    return this.#gap - reach - this.#scene.driftSince(this.#mark, this.#place);
  }

  /** The body has moved, by no more than `reach`. */
  moved(reach: Metres): void {
    this.#gap -= reach;
  }

  /** The gap was found to be `gap` or more, now. */
  measured(gap: Metres): void {
    this.#gap = gap;
    this.#mark = this.#scene.driftMark(this.#place);
  }
}
