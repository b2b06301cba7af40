import type { Metres } from "#lib/units";
import { cellAt, codeAt, cellCentreX, cellCentreY, type GridFrame, indexAt, OUTSIDE } from "../grid.ts";
import type { Footprint } from "../footprint.ts";
import type { PlanningMap } from "../planning-map.ts";

/** Cost of a cell that no way leads through. */
export const CLOSED = 0;
/** What a cell in the way out of a closed one costs, so that the shortest way out is taken. */
export const ESCAPE_COST = 30;

/** How much dearer than open floor a cell is on which the footprint barely fits. */
const NARROW_COST = 9;
/** How much dearer than a preferred lane other floor is, where there are such lanes. */
const OFF_LANE = 1.5;
/** Beyond the circumscribed circle, the room that is worth a detour. */
const COMFORT: Metres = 0.5;
/** How far a robot in a mapped obstacle, or too near to one, looks for a way out; keepout may be any size. */
const ESCAPE_REACH: Metres = 1.5;

/** Where the costs of cells come from: what is known of the place, and the clearance that observed obstacles leave. */
export interface Terrain {
  readonly map: PlanningMap;
  readonly clearance: Float32Array;
  readonly footprint: Footprint;
}

/** Cost per cell of going through: `CLOSED`, or from 1 on open floor, rising tenfold where it is narrow. */
export function traversalCosts(terrain: Terrain): Float32Array {
  const costAt = costsOf(terrain);
  return Float32Array.from({ length: terrain.map.width * terrain.map.height }, (_, index) => costAt(index));
}

/** The cost of a single cell, as its clearance is when it is asked. */
export function costsOf({ map, clearance, footprint }: Terrain): (index: number) => number {
  const { zoneClearance, lanes } = map;
  const narrow = narrowest(map, footprint);
  const comfortable = footprint.circumscribed + COMFORT;
  return (index) => {
    const room = Math.min(cellAt(clearance, index), zoneClearance ? cellAt(zoneClearance, index) : Infinity);
    if (room < narrow) return CLOSED;
    const lack = Math.max(0, (comfortable - room) / (comfortable - narrow));
    const offLane = lanes && codeAt(lanes, index) === 0 ? OFF_LANE : 1;
    return offLane * (1 + NARROW_COST * lack * lack);
  };
}

/** Sets the cost of a closed cell. */
export type Opening = (index: number, cost: number) => void;

/** Searches do not look for the end of the grid, so its outermost cells stay closed. */
export function isOnBorder({ width, height }: GridFrame, index: number): boolean {
  const row = Math.floor(index / width);
  const column = index - row * width;
  return row <= 0 || column === 0 || row >= height - 1 || column === width - 1;
}

/** The least clearance of a cell at which the footprint fits in at least one heading. */
export function narrowest(frame: GridFrame, footprint: Footprint): Metres {
  return footprint.inscribed + frame.resolution / 2;
}

/**
 * Opens a way out for a robot that stands in closed cells (too near to an obstacle, or in a keepout zone): from its
 * cell to ever less closed ones, never deeper. Without this it could not leave what it should not be in.
 */
export function openEscape(terrain: Terrain, costs: Float32Array, start: number, open: Opening): void {
  const { map } = terrain;
  if (isOnBorder(map, start) || cellAt(costs, start) !== CLOSED) return;
  const reach = ESCAPE_REACH / map.resolution;
  const neighbours = [-1, 1, -map.width, map.width];
  const frontier = [start];
  open(start, ESCAPE_COST);
  for (let from = frontier.pop(); from !== undefined; from = frontier.pop()) {
    for (const step of neighbours) {
      const to = from + step;
      if (isOnBorder(map, to) || cellAt(costs, to) !== CLOSED) continue;
      if (depthOf(terrain, to) > depthOf(terrain, from)) continue;
      if (!isNearZone(terrain, to) && cellsBetween(map, start, to) > reach) continue;
      open(to, ESCAPE_COST);
      frontier.push(to);
    }
  }
}

/** Opens the closed cells right around a goal whose footprint is known to be free. */
export function openGoal(terrain: Terrain, costs: Float32Array, x: Metres, y: Metres, open: Opening): void {
  const { map } = terrain;
  const reach = 3;
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const index = indexAt(map, x + column * map.resolution, y + row * map.resolution);
      if (index === OUTSIDE || isOnBorder(map, index) || cellAt(costs, index) !== CLOSED) continue;
      if (depthOf(terrain, index) === NARROW) open(index, 1 + NARROW_COST);
    }
  }
}

/** How bad it is to be in a closed cell. */
const NARROW = 1;
const FORBIDDEN = 2;
const OBSTRUCTED = 3;

function depthOf({ map, clearance }: Terrain, index: number): number {
  if (cellAt(clearance, index) <= 0) return OBSTRUCTED;
  return map.zoneClearance && cellAt(map.zoneClearance, index) <= 0 ? FORBIDDEN : NARROW;
}

/** Whether a forbidden zone alone is reason enough for a cell to be closed. */
function isNearZone({ map, footprint }: Terrain, index: number): boolean {
  return map.zoneClearance !== undefined && cellAt(map.zoneClearance, index) < narrowest(map, footprint);
}

function cellsBetween(frame: GridFrame, a: number, b: number): number {
  const dx = cellCentreX(frame, a) - cellCentreX(frame, b);
  const dy = cellCentreY(frame, a) - cellCentreY(frame, b);
  return Math.hypot(dx, dy) / frame.resolution;
}
