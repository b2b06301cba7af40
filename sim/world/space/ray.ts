import type { OccupancyGrid } from "#contract/occupancy-grid";
import type { Metres } from "#lib/units";
import { ASPECT, type FreeBoxes, type FreeBoxTable, OBLONG, octantOf } from "./free-boxes.ts";
import type { Terrain } from "./terrain.ts";

/** Directions of rays in some frame, as unit vectors. */
export interface Directions {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Where rays come from, and a frame there that is turned by the angle of these `turnCos`, `turnSin`. */
export interface Eye {
  readonly x: Metres;
  readonly y: Metres;
  readonly turnCos: number;
  readonly turnSin: number;
}

/**
 * Distance along the unit vector (`cos`, `sin`) from (`x`, `y`) to the first occupied cell, or `Infinity` when none
 * lies within `rangeMax`.
 */
export function castRay(terrain: Terrain, x: Metres, y: Metres, cos: number, sin: number, rangeMax: Metres): Metres {
  const range = Float64Array.of(Infinity);
  castFan(terrain, { x, y, turnCos: cos, turnSin: sin }, AHEAD, rangeMax, range);
  return range[0]!;
}

const AHEAD: Directions = { cos: Float64Array.of(1), sin: Float64Array.of(0) };

/**
 * Shortens each of the `ranges` to the distance for its direction in the frame of the eye, where `castRay` finds a nearer cell. Exact: rays go from border to border of
 * large free boxes ahead (J. Amanatides & A. Woo, "A Fast Voxel Traversal Algorithm", 1987, with boxes for voxels),
 * so no occupied cell on the way is missed.
 */
export function castFan(
  terrain: Terrain,
  eye: Eye,
  directions: Directions,
  rangeMax: Metres,
  ranges: Float64Array,
): void {
  const { grid, boxes } = terrain;
  if (!isInside(grid, eye.x, eye.y)) return castFromOutside(terrain, eye, directions, rangeMax, ranges);
  const { cos, sin } = directions;
  const { turnCos, turnSin } = eye;
  for (let ray = 0; ray < ranges.length;) {
    // Neighbours mostly share an octant, and with it all that does not depend on the ray.
    const octant = octantOf(turnCos * cos[ray]! - turnSin * sin[ray]!, turnSin * cos[ray]! + turnCos * sin[ray]!);
    ray = castWithin(startIn(octant, boxes, grid, eye), directions, ray, rangeMax, ranges);
  }
}

/** Where rays of one octant start, in cells of its table, and how directions are turned into the frame of the table. */
interface Start {
  readonly table: FreeBoxTable;
  readonly resolution: Metres;
  readonly x: number;
  readonly y: number;
  readonly cosToX: number;
  readonly sinToX: number;
  readonly cosToY: number;
  readonly sinToY: number;
}

function startIn(octant: number, { octants }: FreeBoxes, grid: OccupancyGrid, { x, y, turnCos, turnSin }: Eye): Start {
  const { width, height, resolution } = grid;
  const gridX = (x - grid.originX) / resolution;
  const gridY = (y - grid.originY) / resolution;
  const isLeft = (octant & 1) > 0;
  const isDown = (octant & 2) > 0;
  const across = isLeft
    ? { at: width - gridX, cos: -turnCos, sin: turnSin }
    : { at: gridX, cos: turnCos, sin: -turnSin };
  const up = isDown ? { at: height - gridY, cos: -turnSin, sin: -turnCos } : { at: gridY, cos: turnSin, sin: turnCos };
  const isSteep = (octant & 4) > 0;
  const along = isSteep ? up : across;
  const aside = isSteep ? across : up;
  return {
    table: octants[octant]!,
    resolution,
    x: along.at,
    y: aside.at,
    cosToX: along.cos,
    sinToX: along.sin,
    cosToY: aside.cos,
    sinToY: aside.sin,
  };
}

/** Casts rays from `first` on as long as they lie in the octant; answers the first that does not. All in one loop, as this is what scans cost. */
function castWithin(
  { table, resolution, x, y, cosToX, sinToX, cosToY, sinToY }: Start,
  directions: Directions,
  first: number,
  rangeMax: Metres,
  ranges: Float64Array,
): number {
  const { boxes, stride, columns, rows } = table;
  const startColumn = x >>> 0;
  const startRow = y >>> 0;
  const perMetre = 1 / resolution;
  let ray = first;
  do {
    const cos = cosToX * directions.cos[ray]! + sinToX * directions.sin[ray]!;
    const sin = cosToY * directions.cos[ray]! + sinToY * directions.sin[ray]!;
    if (cos < sin || sin < 0) break;
    const reach = Math.min(rangeMax, ranges[ray]!) * perMetre;
    const inverseX = 1 / cos;
    // Of a minus zero too.
    const inverseY = 1 / Math.abs(sin);
    let column = startColumn;
    let row = startRow;
    let along = 0;
    for (let box = boxes[row * stride + column]!; box !== 0; box = boxes[row * stride + column]!) {
      const tall = box & (OBLONG - 1);
      const wide = box < OBLONG ? tall : tall * ASPECT;
      const toX = (column + wide - x) * inverseX;
      const toY = (row + tall - y) * inverseY;
      // Rounding may put a ray that leaves by a corner one cell beside the box; it left by the box.
      if (toX < toY) {
        along = toX;
        column += wide;
        row = clamp((y + sin * along) >>> 0, row, row + tall - 1);
      } else {
        along = toY;
        row += tall;
        column = clamp((x + cos * along) >>> 0, column, column + wide - 1);
      }
      if (along > reach) break;
    }
    if (along <= reach && column < columns && row < rows) ranges[ray] = along * resolution;
  } while (++ray < ranges.length);
  return ray;
}

function clamp(value: number, least: number, most: number): number {
  return value < least ? least : value > most ? most : value;
}

function isInside({ width, height, resolution, originX, originY }: OccupancyGrid, x: Metres, y: Metres): boolean {
  return x >= originX && y >= originY && x < originX + width * resolution && y < originY + height * resolution;
}

/** Casts each ray from where it comes into the grid, if it does. */
function castFromOutside(
  terrain: Terrain,
  { x, y, turnCos, turnSin }: Eye,
  directions: Directions,
  rangeMax: Metres,
  ranges: Float64Array,
): void {
  const { grid } = terrain;
  for (let ray = 0; ray < ranges.length; ray++) {
    const cos = turnCos * directions.cos[ray]! - turnSin * directions.sin[ray]!;
    const sin = turnSin * directions.cos[ray]! + turnCos * directions.sin[ray]!;
    // A hair inside, so that rounding does not leave the entry outside of the border.
    const entry =
      HAIR +
      Math.max(
        entryTo(x - grid.originX, cos, grid.width * grid.resolution),
        entryTo(y - grid.originY, sin, grid.height * grid.resolution),
      );
    const [inX, inY] = [x + cos * entry, y + sin * entry];
    if (!(entry < Math.min(rangeMax, ranges[ray]!)) || !isInside(grid, inX, inY)) continue;
    ranges[ray] = Math.min(ranges[ray]!, entry + castRay(terrain, inX, inY, cos, sin, rangeMax - entry));
  }
}

const HAIR: Metres = 1e-9;

/** How far along a ray that moves along one axis by `step` a metre the stretch from 0 to `size` begins; `Infinity` if it never does. */
function entryTo(from: Metres, step: number, size: Metres): Metres {
  const border = from < 0 ? 0 : size;
  if (from >= 0 && from < size) return 0;
  const away = (border - from) / step;
  return away >= 0 ? away : Infinity;
}
