import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";

/** What stood somewhere so long ago may have gone. */
const KEPT_MS = 600_000;
/** Sightings nearer to each other than this are one. */
const CELL: Metres = 0.1;

/** Obstacles that were seen while cleaning: motion forgets them when they are out of sight, what is left undone remembers them. */
export class SightingMemory {
  readonly #seenMs = new Map<string, { readonly point: Point; readonly atMs: number }>();
  #last: readonly Point[] = [];

  note(points: readonly Point[], nowMs: number): void {
    if (points === this.#last) return;
    this.#last = points;
    for (const point of points) {
      const key = `${Math.round(point[0] / CELL)},${Math.round(point[1] / CELL)}`;
      this.#seenMs.set(key, { point, atMs: nowMs });
    }
  }

  /** What may still be there. */
  list(nowMs: number): readonly Point[] {
    return [...this.#seenMs.values()].filter(({ atMs }) => nowMs - atMs <= KEPT_MS).map(({ point }) => point);
  }
}
