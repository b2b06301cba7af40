import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { makeFootprint, signedDistance } from "#edge-planner/footprint";
import { ARRIVED_WITHIN, type BarnWorld, CYLINDER_RADIUS, GOAL, outlineOf, START, type Variant } from "./barn-world.ts";

const CELL: Metres = 0.05;
const HEADINGS = 72;
/** The corridor, and the floor behind it up to the goal. */
const [X_FROM, Y_FROM, WIDTH, HEIGHT] = [-4.5, 0, 90, 260] as const;
const TURN = (2 * Math.PI) / HEADINGS;
const [UNKNOWN, FREE, TAKEN] = [0, 1, 2] as const;

/**
 * Whether the robot's outline can be brought to the goal at all: a breadth-first search over position and heading, in cells of 5 cm
 * and 5 degrees, with everything known, no errors and no limits. From a state the base may turn by one step, or go to a neighbouring cell that lies
 * within half a neighbour's angle of ahead or behind; so a world in which only a motion finer than the cells succeeds is not called feasible.
 */
export function isFeasible(world: BarnWorld, variant: Variant): boolean {
  const isFree = freedomOf(world, outlineOf(variant));
  const seen = new Uint8Array(WIDTH * HEIGHT * HEADINGS);
  const first = stateAt(cellOf(START.x - X_FROM), cellOf(START.y - Y_FROM), Math.round(START.yaw / TURN));
  let frontier = [first];
  seen[first] = 1;
  while (frontier.length > 0) {
    const next: number[] = [];
    for (const state of frontier) {
      if (isAtGoal(state)) return true;
      for (const neighbour of neighboursOf(state)) {
        if (seen[neighbour] === 1) continue;
        seen[neighbour] = 1;
        if (isFree(neighbour)) next.push(neighbour);
      }
    }
    frontier = next;
  }
  return false;
}

function stateAt(column: number, row: number, heading: number): number {
  return ((((heading % HEADINGS) + HEADINGS) % HEADINGS) * HEIGHT + row) * WIDTH + column;
}

function partsOf(state: number): { column: number; row: number; heading: number } {
  const column = state % WIDTH;
  const rest = (state - column) / WIDTH;
  const row = rest % HEIGHT;
  return { column, row, heading: (rest - row) / HEIGHT };
}

function cellOf(length: Metres): number {
  return Math.floor(length / CELL);
}

function placeOf(column: number, row: number): Point {
  return [X_FROM + (column + 0.5) * CELL, Y_FROM + (row + 0.5) * CELL];
}

function isAtGoal(state: number): boolean {
  const { column, row } = partsOf(state);
  const [x, y] = placeOf(column, row);
  return Math.hypot(x - GOAL.x, y - GOAL.y) <= ARRIVED_WITHIN;
}

function neighboursOf(state: number): number[] {
  const { column, row, heading } = partsOf(state);
  const turned = [stateAt(column, row, heading + 1), stateAt(column, row, heading - 1)];
  const octant = Math.round((heading * TURN) / (Math.PI / 4)) * (Math.PI / 4);
  const [across, up] = [Math.round(Math.cos(octant)), Math.round(Math.sin(octant))];
  const moved = [1, -1].flatMap((way) => {
    const [x, y] = [column + way * across, row + way * up];
    return x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT ? [] : [stateAt(x, y, heading)];
  });
  return [...turned, ...moved];
}

/** Whether the outline touches no cylinder in a state; each state is looked at once. */
function freedomOf({ cylinders }: BarnWorld, outline: readonly Point[]): (state: number) => boolean {
  const footprint = makeFootprint(outline);
  const known = new Uint8Array(WIDTH * HEIGHT * HEADINGS);
  const nearBy = new Map<number, readonly Point[]>();
  const reach = footprint.circumscribed + CYLINDER_RADIUS;
  const nearOf = (column: number, row: number): readonly Point[] => {
    const [x, y] = placeOf(column, row);
    const found = nearBy.get(row * WIDTH + column);
    const near = found ?? cylinders.filter(([cx, cy]) => Math.hypot(cx - x, cy - y) < reach);
    if (!found) nearBy.set(row * WIDTH + column, near);
    return near;
  };
  return (state) => {
    if (known[state] !== UNKNOWN) return known[state] === FREE;
    const { column, row, heading } = partsOf(state);
    const [x, y] = placeOf(column, row);
    const [cos, sin] = [Math.cos(heading * TURN), Math.sin(heading * TURN)];
    const isTaken = nearOf(column, row).some(([cx, cy]) => {
      const [dx, dy] = [cx - x, cy - y];
      return signedDistance(footprint, cos * dx + sin * dy, cos * dy - sin * dx) < CYLINDER_RADIUS;
    });
    known[state] = isTaken ? TAKEN : FREE;
    return !isTaken;
  };
}
