import type { CleaningParts } from "#drivers/simulated/cleaning-head";
import type { Point, Pose } from "#lib/geometry";
import type { Share } from "#lib/units";
import { placeOutline } from "../space/shapes.ts";
import type { CleanerSpec } from "../world-spec.ts";
import type { DirtGrid } from "./dirt-grid.ts";

/** What a robot cleaned of the dirty floor. */
export interface Coverage {
  /** Share of the dirty floor that it was the first to clean. */
  readonly coverage: Share;
  /** Passes over floor that was clean already, for each cell that it was the first to clean. */
  readonly coverageOverlap: number;
}

export const HEAD_OFF: CleaningParts = { brush: false, vacuum: false, water: false };

/** The brush, vacuum and water of a robot: what is under it gets clean while it has on what dirt goes away by. */
export class CleaningHead {
  parts: CleaningParts = HEAD_OFF;
  readonly #spec: CleanerSpec;
  readonly #dirt: DirtGrid | undefined;
  #cleaned = 0;
  #again = 0;

  constructor(spec: CleanerSpec, dirt: DirtGrid | undefined) {
    this.#spec = spec;
    this.#dirt = dirt;
  }

  /** Whether anything of it runs. */
  get isActive(): boolean {
    return this.parts.brush || this.parts.vacuum || this.parts.water;
  }

  /** The robot has moved in one step that ended at `atMs`. The tool passes all that lies between, however fast it goes. */
  move(from: Pose, to: Pose, atMs: number): void {
    if (!this.#dirt || !this.#spec.needs.every((part) => this.parts[part])) return;
    const [before, after] = [placeOutline(this.#spec.tool, from), placeOutline(this.#spec.tool, to)];
    this.#sweep(after, atMs);
    if (from === to) return;
    for (const [at, corner] of after.entries()) {
      const last = (at + after.length - 1) % after.length;
      // What an edge passes over is a quadrangle, which may be twisted: two triangles cover it.
      this.#sweep([before[last]!, before[at]!, corner], atMs);
      this.#sweep([before[last]!, corner, after[last]!], atMs);
    }
  }

  /** What came of it, where there is dirty floor. */
  get coverage(): Coverage | undefined {
    if (!this.#dirt || this.#dirt.total === 0) return undefined;
    const coverageOverlap = this.#cleaned === 0 ? 0 : this.#again / this.#cleaned;
    return { coverage: this.#cleaned / this.#dirt.total, coverageOverlap };
  }

  #sweep(polygon: readonly Point[], atMs: number): void {
    const { cleaned, again } = this.#dirt!.sweep(polygon, atMs);
    this.#cleaned += cleaned;
    this.#again += again;
  }
}
