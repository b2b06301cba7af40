import { FREE } from "#contract/occupancy-grid";
import { isInside, type Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { Terrain } from "../space/terrain.ts";

/** What cleaning some floor came to, in cells. */
export interface Swept {
  /** Cells that were dirty before. */
  readonly cleaned: number;
  /** Cells that were clean already, and that no tool had passed for a while. */
  readonly again: number;
}

/** Never passed by a tool. */
const DIRTY = 0;
/** Not of the dirty floor. */
const ELSEWHERE = 0xffff_ffff;
/** A tool that comes back to a cell after so long makes another pass over it. */
const PASS_GAP_MS = 2000;

/** The dirty floor of a world: one number a cell, when a tool was last on it. */
export class DirtGrid {
  /** Dirty cells at the start. */
  readonly total: number;
  readonly #cell: Metres;
  readonly #left: Metres;
  readonly #bottom: Metres;
  readonly #width: number;
  readonly #height: number;
  readonly #passedMs: Uint32Array;

  /** The free floor of the terrain within a polygon, in cells of this edge. */
  constructor(area: readonly Point[], cell: Metres, terrain: Terrain) {
    const [xs, ys] = [area.map(([x]) => x), area.map(([, y]) => y)];
    this.#cell = cell;
    this.#left = Math.min(...xs);
    this.#bottom = Math.min(...ys);
    this.#width = Math.ceil((Math.max(...xs) - this.#left) / cell);
    this.#height = Math.ceil((Math.max(...ys) - this.#bottom) / cell);
    this.#passedMs = new Uint32Array(this.#width * this.#height).fill(ELSEWHERE);
    let total = 0;
    for (let at = 0; at < this.#passedMs.length; at++) {
      const [x, y] = this.#centreOf(at);
      if (!isInside([x, y], area) || !isFloor(terrain, x, y)) continue;
      this.#passedMs[at] = DIRTY;
      total++;
    }
    this.total = total;
  }

  /** A tool is on the floor whose cells have their centres in a convex polygon, at `atMs`, which is above 0. */
  sweep(polygon: readonly Point[], atMs: number): Swept {
    let [cleaned, again] = [0, 0];
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const firstColumn = this.#clip((Math.min(...xs) - this.#left) / this.#cell, this.#width);
    const lastColumn = this.#clip((Math.max(...xs) - this.#left) / this.#cell, this.#width);
    const lastRow = this.#clip((Math.max(...ys) - this.#bottom) / this.#cell, this.#height);
    for (let row = this.#clip((Math.min(...ys) - this.#bottom) / this.#cell, this.#height); row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const at = row * this.#width + column;
        const before = this.#passedMs[at]!;
        if (before === ELSEWHERE || before === atMs || !isInside(this.#centreOf(at), polygon)) continue;
        this.#passedMs[at] = atMs;
        if (before === DIRTY) cleaned++;
        else if (atMs - before >= PASS_GAP_MS) again++;
      }
    }
    return { cleaned, again };
  }

  #centreOf(at: number): Point {
    const row = Math.floor(at / this.#width);
    return [this.#left + (at - row * this.#width + 0.5) * this.#cell, this.#bottom + (row + 0.5) * this.#cell];
  }

  #clip(value: number, size: number): number {
    return Math.min(size - 1, Math.max(0, Math.floor(value)));
  }
}

function isFloor({ grid }: Terrain, x: Metres, y: Metres): boolean {
  const column = Math.floor((x - grid.originX) / grid.resolution);
  const row = Math.floor((y - grid.originY) / grid.resolution);
  if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) return false;
  return grid.cells[row * grid.width + column] === FREE;
}
