/** @import { Device, Run } from "./run.js" */
import { entryAt } from "./run.js";

/** Costs as one robot had them at a time: those of its map, raised around what it had observed by then. */
export class Costmap {
  /** @param {Run} run @param {Device} device */
  constructor(run, device) {
    this.run = run;
    this.device = device;
    /** @type {string} */
    this.shown = "";
    this.canvas = document.createElement("canvas");
    /** @type {Map<number, Uint8Array>} */
    this.bases = new Map();
  }

  /**
   * A picture with a pixel a cell, its first row the top, and where it lies; undefined while there is none.
   * @param {number} t
   * @param {(level: number, closed: number) => readonly [number, number, number, number]} colourOf
   * @param {string} theme names the colours
   */
  pictureAt(t, colourOf, theme) {
    const costmap = entryAt(this.device.costmaps, t);
    const grid = costmap && this.run.grids[costmap.grid];
    if (!grid) return undefined;
    const changes = costmap.observed.filter((change) => change.t <= t);
    const key = `${costmap.t} ${changes.length} ${theme}`;
    if (key !== this.shown) {
      this.shown = key;
      this.paint(grid, this.levels(costmap.grid, grid, cellsOf(changes)), colourOf);
    }
    return { canvas: this.canvas, frame: grid.frame };
  }

  /**
   * @param {number} at
   * @param {Run["grids"][number]} grid
   * @param {Iterable<number>} observed
   */
  levels(at, grid, observed) {
    const base = this.bases.get(at) ?? expand(grid);
    this.bases.set(at, base);
    const levels = base.slice();
    for (const cell of observed) raise(levels, grid, cell);
    return levels;
  }

  /**
   * @param {Run["grids"][number]} grid
   * @param {Uint8Array} levels
   * @param {(level: number, closed: number) => readonly [number, number, number, number]} colourOf
   */
  paint({ frame: { width, height }, closed }, levels, colourOf) {
    this.canvas.width = width;
    this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const image = context.createImageData(width, height);
    const colours = Array.from({ length: closed + 1 }, (_, level) => colourOf(level, closed));
    for (let cell = 0; cell < levels.length; cell++) {
      const into = ((height - 1 - Math.floor(cell / width)) * width + (cell % width)) * 4;
      image.data.set(colours[levels[cell] ?? 0] ?? [0, 0, 0, 0], into);
    }
    context.putImageData(image, 0, 0);
  }
}

/** @param {Run["grids"][number]} grid */
function expand({ frame, runs }) {
  const levels = new Uint8Array(frame.width * frame.height);
  for (let at = 0, from = 0; at < runs.length; at += 2) {
    const to = from + (runs[at + 1] ?? 0);
    levels.fill(runs[at] ?? 0, from, to);
    from = to;
  }
  return levels;
}

/**
 * Cells that are believed to be obstacles after some changes.
 * @param {readonly { appeared: number[], gone: number[] }[]} changes
 */
export function cellsOf(changes) {
  /** @type {Set<number>} */
  const cells = new Set();
  for (const { appeared, gone } of changes) {
    for (const cell of gone) cells.delete(cell);
    for (const cell of appeared) cells.add(cell);
  }
  return cells;
}

/**
 * Raises the levels around an observed cell, ring by ring.
 * @param {Uint8Array} levels
 * @param {Run["grids"][number]} grid
 * @param {number} cell
 */
function raise(levels, { frame, cells, rings }, cell) {
  const x = (cells.originX - frame.originX + ((cell % cells.width) + 0.5) * cells.resolution) / frame.resolution;
  const y =
    (cells.originY - frame.originY + (Math.floor(cell / cells.width) + 0.5) * cells.resolution) / frame.resolution;
  const reach = (rings.at(-1)?.radius ?? 0) / frame.resolution;
  for (let row = Math.max(0, Math.floor(y - reach)); row <= Math.min(frame.height - 1, y + reach); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column <= Math.min(frame.width - 1, x + reach); column++) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y) * frame.resolution;
      const level = rings.find(({ radius }) => distance < radius)?.level ?? 0;
      const at = row * frame.width + column;
      if (level > (levels[at] ?? 0)) levels[at] = level;
    }
  }
}
