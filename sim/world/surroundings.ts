import type { Point, Pose } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { distanceToPolygon, gapTo, polygonGap, type Thing } from "./shapes.ts";
import type { Terrain } from "./terrain.ts";

/** A solid neighbour and its distance from the footprint; 0 = contact. */
export interface Neighbour {
  /** The id of a thing, or `map`. */
  readonly id: string;
  readonly gap: Metres;
}

/** A body at a place: its outline in the frame `map`, around `pose`, within `radius` of it. */
export interface Placed {
  readonly pose: Pose;
  readonly radius: Metres;
  readonly outline: readonly Point[];
}

/** Measures what is near one body; exact footprint against exact shapes. */
export class Gauge {
  readonly #terrain: Terrain;
  // The map does not move, so a robot that stands needs to be measured against it once.
  #last: { readonly pose: Pose; readonly within: Metres; readonly gap: Metres } | undefined;

  constructor(terrain: Terrain) {
    this.#terrain = terrain;
  }

  /** All solid neighbours nearer than `within`. */
  neighbours(body: Placed, things: Iterable<Thing>, within: Metres): Neighbour[] {
    const found: Neighbour[] = [];
    const mapGap = this.#mapGap(body, within);
    if (mapGap < within) found.push({ id: "map", gap: mapGap });
    for (const thing of things) {
      const away = Math.hypot(thing.x - body.pose.x, thing.y - body.pose.y) - thing.radius - body.radius;
      if (away >= within) continue;
      const gap = gapTo(body.outline, thing);
      if (gap < within) found.push({ id: thing.id, gap });
    }
    return found;
  }

  #mapGap(body: Placed, within: Metres): Metres {
    const { pose } = body;
    const last = this.#last;
    const isSame =
      last?.within === within && last.pose.x === pose.x && last.pose.y === pose.y && last.pose.yaw === pose.yaw;
    if (isSame) return last.gap;
    const gap = gapToTerrain(body, this.#terrain, within);
    this.#last = { pose, within, gap };
    return gap;
  }
}

/** Distance to the nearest occupied cell, or `within` when there is none nearer. */
function gapToTerrain({ pose, radius, outline }: Placed, terrain: Terrain, within: Metres): Metres {
  if (freeAround(terrain, pose) - radius >= within) return within;
  const { resolution } = terrain.grid;
  const halfDiagonal = resolution * Math.SQRT1_2;
  // First the cells' centres, then exactly those cells that may still be the nearest.
  const candidates: { centre: Point; gap: Metres }[] = [];
  let least = within + halfDiagonal;
  forOccupied(terrain, pose, radius + within, (centre) => {
    const gap = distanceToPolygon(centre, outline);
    if (gap - halfDiagonal >= least) return;
    candidates.push({ centre, gap });
    least = Math.min(least, gap);
  });
  let exact = within;
  for (const { centre, gap } of candidates) {
    if (gap - halfDiagonal < exact) exact = Math.min(exact, polygonGap(outline, squareAround(centre, resolution / 2)));
  }
  return exact;
}

/** A distance around the point that surely holds nothing occupied. */
function freeAround({ grid, gap }: Terrain, { x, y }: Pose): Metres {
  const column = Math.floor((x - grid.originX) / grid.resolution);
  const row = Math.floor((y - grid.originY) / grid.resolution);
  if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) return 0;
  return (gap[row * grid.width + column]! - 1) * grid.resolution;
}

/** Visits the centres of the occupied cells in the square of half edge `reach` around a point. */
function forOccupied({ grid, gap }: Terrain, { x, y }: Pose, reach: Metres, visit: (centre: Point) => void): void {
  const { width, height, resolution, originX, originY } = grid;
  const clip = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(value)));
  const [firstColumn, lastColumn] = [
    clip((x - reach - originX) / resolution, width),
    clip((x + reach - originX) / resolution, width),
  ];
  const lastRow = clip((y + reach - originY) / resolution, height);
  for (let row = clip((y - reach - originY) / resolution, height); row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn;) {
      const free = gap[row * width + column]!;
      if (free === 0) visit([originX + (column + 0.5) * resolution, originY + (row + 0.5) * resolution]);
      // The next `free - 1` cells of the row are free too.
      column += Math.max(1, free);
    }
  }
}

function squareAround([x, y]: Point, half: Metres): Point[] {
  return [
    [x - half, y - half],
    [x + half, y - half],
    [x + half, y + half],
    [x - half, y + half],
  ];
}
