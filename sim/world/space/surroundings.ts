import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { DISC, type Solids } from "./scene.ts";
import { distanceToThing, gapBetween, type Thing } from "./shapes.ts";
import { freeAround, type Terrain } from "./terrain.ts";

/** A solid neighbour and its distance from the footprint; 0 = contact. */
export interface Neighbour {
  /** The id of a thing, or `map`. */
  readonly id: string;
  readonly gap: Metres;
}

/** All solid neighbours of a body nearer than `within`, without `self`: exact footprint against exact shapes. */
export function neighboursOf(
  body: Thing,
  { terrain, things, discs }: Solids,
  within: Metres,
  self: Thing = body,
): Neighbour[] {
  const found: Neighbour[] = [];
  const mapGap = gapToTerrain(body, terrain, within);
  if (mapGap < within) found.push({ id: "map", gap: mapGap });
  for (let place = 0; place < things.length; place++) {
    const reach = within + discs[place * DISC + 2]! + body.radius;
    const dx = discs[place * DISC]! - body.x;
    const dy = discs[place * DISC + 1]! - body.y;
    if (dx * dx + dy * dy >= reach * reach) continue;
    const thing = things[place]!;
    if (thing === self) continue;
    const gap = gapBetween(body, thing);
    if (gap < within) found.push({ id: thing.id, gap });
  }
  return found;
}

/** Distance to the nearest occupied cell, or `within` when there is none nearer. */
export function gapToTerrain(body: Thing, terrain: Terrain, within: Metres): Metres {
  if (freeAround(terrain, body.x, body.y) - body.radius >= within) return within;
  const { resolution } = terrain.grid;
  const halfDiagonal = resolution * Math.SQRT1_2;
  // First the cells' centres, then exactly those cells that may still be the nearest.
  const centres: number[] = [];
  const gaps: Metres[] = [];
  let least = within + halfDiagonal;
  forOccupied(terrain, body, body.radius + within, (x, y) => {
    const reach = body.radius + least + halfDiagonal;
    if ((x - body.x) ** 2 + (y - body.y) ** 2 > reach * reach) return;
    const gap = distanceToThing([x, y], body);
    if (gap - halfDiagonal >= least) return;
    centres.push(x, y);
    gaps.push(gap);
    if (gap < least) least = gap;
  });
  let exact = within;
  for (let at = 0; at < gaps.length; at++) {
    if (gaps[at]! - halfDiagonal >= Math.min(exact, least)) continue;
    exact = Math.min(exact, gapBetween(body, cellAround(centres[2 * at]!, centres[2 * at + 1]!, resolution / 2)));
  }
  return exact;
}

/** Visits the centres of the occupied cells in the square of half edge `reach` around a point. */
export function forOccupied(
  { grid, gap }: Terrain,
  { x, y }: { readonly x: Metres; readonly y: Metres },
  reach: Metres,
  visit: (x: Metres, y: Metres) => void,
): void {
  const { width, height, resolution, originX, originY } = grid;
  const clip = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(value)));
  const firstColumn = clip((x - reach - originX) / resolution, width);
  const lastColumn = clip((x + reach - originX) / resolution, width);
  const lastRow = clip((y + reach - originY) / resolution, height);
  for (let row = clip((y - reach - originY) / resolution, height); row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn;) {
      const free = gap[row * width + column]!;
      if (free === 0) visit(originX + (column + 0.5) * resolution, originY + (row + 0.5) * resolution);
      // The next `free - 1` cells of the row are free too.
      column += Math.max(1, free);
    }
  }
}

function cellAround(x: Metres, y: Metres, half: Metres): Thing {
  const outline: Point[] = [
    [x - half, y - half],
    [x + half, y - half],
    [x + half, y + half],
    [x - half, y + half],
  ];
  return { shape: "polygon", id: "map", x, y, radius: half * Math.SQRT2, outline, sense: 1 };
}
