import type { Point } from "#lib/geometry";
import { codeAt, type GridFrame, indexAt, linkAt, OUTSIDE } from "../grid.ts";
import type { Floor } from "./floor.ts";

/** Something to be driven, in one of several ways. */
export interface Item {
  readonly ways: readonly (readonly Point[])[];
}

/** Cells of this edge, in cells of the floor, are fine enough to tell near from far; larger ones where there would be too many. */
const COARSENESS = 4;
const MOST_CELLS = 20_000;
/** Times that every item is tried at every other place in the order. */
const ROUNDS = 4;

/**
 * The way through each item, in an order with short ways between them: always the nearest next, then each item is moved to where
 * it costs least until that helps no more. Distances are those around obstacles.
 */
export function orderItems(ways: WayLengths, items: readonly Item[], start: Point): (readonly Point[])[] {
  if (items.length === 0) return [];
  const distances = distancesBetween(ways, items, start);
  const order = nearestFirst(items, distances);
  for (let round = 0; round < ROUNDS && relocate(items, order, distances); round++);
  return order.map(({ item, way }) => items[item]!.ways[way]!);
}

/** One of the ways of one of the items. */
interface Visit {
  readonly item: number;
  readonly way: number;
}

/** How far it is from the end of one visit, or from the start where it is undefined, to the beginning of another. */
type Distances = (from: Visit | undefined, to: Visit) => number;

function nearestFirst(items: readonly Item[], distances: Distances): Visit[] {
  const left = new Set(items.keys());
  const order: Visit[] = [];
  while (left.size > 0) {
    let [best, least]: [Visit, number] = [{ item: -1, way: 0 }, Infinity];
    for (const item of left) {
      for (const way of items[item]!.ways.keys()) {
        const away = distances(order.at(-1), { item, way });
        if (away < least || best.item < 0) [best, least] = [{ item, way }, away];
      }
    }
    order.push(best);
    left.delete(best.item);
  }
  return order;
}

/** Moves items to better places; says whether anything got shorter. */
function relocate(items: readonly Item[], order: Visit[], distances: Distances): boolean {
  let isBetter = false;
  const between = (a: Visit | undefined, b: Visit | undefined): number => (b ? distances(a, b) : 0);
  for (let item = 0; item < items.length; item++) {
    const at = order.findIndex((visit) => visit.item === item);
    const visit = order[at]!;
    const [before, after] = [order[at - 1], order[at + 1]];
    const saved = between(before, visit) + between(visit, after) - between(before, after);
    const rest = order.filter((_, index) => index !== at);
    let [best, least, place]: [Visit, number, number] = [visit, saved - 1e-6, -1];
    for (let index = 0; index <= rest.length; index++) {
      const [left, right] = [rest[index - 1], rest[index]];
      const gap = between(left, right);
      for (const way of items[item]!.ways.keys()) {
        const tried = { item, way };
        const cost = between(left, tried) + between(tried, right) - gap;
        if (cost < least) [best, least, place] = [tried, cost, index];
      }
    }
    if (place < 0) continue;
    order.splice(0, order.length, ...rest.slice(0, place), best, ...rest.slice(place));
    isBetter = true;
  }
  return isBetter;
}

/** Lengths of ways around obstacles, kept from one ordering to the next. */
export interface WayLengths {
  readonly coarse: Coarse;
  /** Metres to all cells, by the cell from which they are counted. */
  readonly fields: Map<number, Float32Array>;
}

export function createWayLengths(floor: Floor): WayLengths {
  return { coarse: coarsened(floor), fields: new Map() };
}

function distancesBetween({ coarse, fields }: WayLengths, items: readonly Item[], start: Point): Distances {
  const ends = items.map(({ ways }) =>
    ways.map((way) => [cellOf(coarse, way[0]!), cellOf(coarse, way.at(-1)!)] as const),
  );
  const fieldFrom = (cell: number): Float32Array => {
    const known = fields.get(cell);
    if (known) return known;
    const field = spreadFrom(coarse, cell);
    fields.set(cell, field);
    return field;
  };
  const first = cellOf(coarse, start);
  return (from, to) => {
    const source = from ? ends[from.item]![from.way]![1] : first;
    return fieldFrom(source)[ends[to.item]![to.way]![0]]!;
  };
}

interface Coarse extends GridFrame {
  readonly open: Uint8Array;
}

/** A cell is open if any part of it is. */
function coarsened(floor: Floor): Coarse {
  const factor = Math.max(COARSENESS, Math.ceil(Math.sqrt(floor.open.length / MOST_CELLS)));
  const [width, height] = [floor.width, floor.height].map((cells) => Math.ceil(cells / factor) + 2);
  const resolution = floor.resolution * factor;
  const frame = { width: width!, height: height!, resolution };
  const [originX, originY] = [floor.originX - resolution, floor.originY - resolution];
  const open = new Uint8Array(frame.width * frame.height);
  for (let index = 0; index < floor.open.length; index++) {
    if (codeAt(floor.open, index) === 0) continue;
    const column = Math.floor((index % floor.width) / factor) + 1;
    const row = Math.floor(Math.floor(index / floor.width) / factor) + 1;
    open[row * frame.width + column] = 1;
  }
  return { ...frame, originX, originY, open };
}

function cellOf(coarse: Coarse, [x, y]: Point): number {
  const index = indexAt(coarse, x, y);
  return index === OUTSIDE ? 0 : index;
}

/** Ways of straight and diagonal steps count 5 and 7: as buckets of whole numbers they need no sorting. */
const STRAIGHT = 5;
const DIAGONAL = 7;

/** Metres from a cell to all others; infinite where there is no way. */
function spreadFrom({ open, width, resolution }: Coarse, start: number): Float32Array {
  const reached = new Int32Array(open.length).fill(UNREACHED);
  const steps = Int32Array.of(1, -1, width, -width, width + 1, width - 1, 1 - width, -width - 1);
  // A step adds at most DIAGONAL, so this many buckets in a circle hold all that is ahead.
  const buckets: number[][] = Array.from({ length: DIAGONAL + 1 }, () => []);
  buckets[0]!.push(start);
  reached[start] = 0;
  let ahead = 1;
  for (let cost = 0; ahead > 0; cost++) {
    const bucket = buckets[cost % buckets.length]!;
    for (let cell = bucket.pop(); cell !== undefined; cell = bucket.pop()) {
      ahead--;
      if (linkAt(reached, cell) !== cost) continue;
      for (let way = 0; way < 8; way++) {
        const next = cell + linkAt(steps, way);
        const length = cost + (way < 4 ? STRAIGHT : DIAGONAL);
        if (codeAt(open, next) === 0 || linkAt(reached, next) <= length) continue;
        reached[next] = length;
        buckets[length % buckets.length]!.push(next);
        ahead++;
      }
    }
  }
  return Float32Array.from(reached, (cost) => (cost === UNREACHED ? Infinity : (cost * resolution) / STRAIGHT));
}

const UNREACHED = 2 ** 30;
