import { cellAt } from "../grid.ts";
import { LOOK_STRIDE, PARAMETER, type RolloutMemory, type RollOut } from "./rollout-memory.ts";

const single = Math.fround;
const SIXTH = single(1 / 6);
const TWENTY_FOURTH = single(1 / 24);

/**
 * Rollouts in JavaScript. Each operation is rounded to 32 bits and stands in the order in which `rollout-kernel.as` has it, so that both
 * give the same costs bit for bit: what WebAssembly computes four at a time, this does one by one.
 */
export function createRollOut(memory: RolloutMemory): RollOut {
  const base = new Float32Array(BASE_NUMBERS);
  return (samples) => {
    for (let sample = 0; sample < samples; sample++) memory.costs[sample] = costOf(memory, base, sample);
  };
}

/** Places of what changes along a rollout; the first six are those of the parameters. */
const BASE = { x: 0, y: 1, cos: 2, sin: 3, linear: 4, angular: 5, jerk: 6, swerve: 7 } as const;
const BASE_NUMBERS = 8;
const STARTING_NUMBERS = 6;

function costOf(memory: RolloutMemory, base: Float32Array, sample: number): number {
  const { shape, parameters } = memory;
  const { steps } = shape;
  for (let at = 0; at < STARTING_NUMBERS; at++) base[at] = cellAt(parameters, at);
  let cost = 0;
  for (let step = 0; step < steps; step++) {
    drive(memory, base, step, sample);
    const room = roomAround(memory, base);
    if (room < cellAt(parameters, PARAMETER.touching)) {
      const early = single(cellAt(parameters, PARAMETER.collisionPerStep) * (steps - step));
      cost = single(cost + single(cellAt(parameters, PARAMETER.collision) + early));
      break;
    }
    cost = single(cost + spentAt(memory, base, room));
    if (step % LOOK_STRIDE !== LOOK_STRIDE - 1) continue;
    cost = single(cost + single(cellAt(parameters, PARAMETER.progress) * restOfWay(memory, base)));
  }
  return single(cost + single(cellAt(parameters, PARAMETER.ending) * restOfWay(memory, base)));
}

/** One step of the base: what is asked for, within its limits, along the arc. */
function drive(
  { shape, parameters, mean, keep, noise }: RolloutMemory,
  base: Float32Array,
  step: number,
  sample: number,
): void {
  const { samples, steps } = shape;
  const linear = cellAt(base, BASE.linear);
  const angular = cellAt(base, BASE.angular);
  const share = cellAt(keep, sample);
  const at = step * samples + sample;
  const wantedSpeed = single(single(share * cellAt(mean, step)) + cellAt(noise, at));
  const askedSpeed = clip(wantedSpeed, cellAt(parameters, PARAMETER.slowest), cellAt(parameters, PARAMETER.fastest));
  const slowDown = cellAt(parameters, PARAMETER.slowDown);
  const speedUp = cellAt(parameters, PARAMETER.speedUp);
  const speed = clip(askedSpeed, single(linear - slowDown), single(linear + speedUp));
  const wantedTurn = single(single(share * cellAt(mean, steps + step)) + cellAt(noise, steps * samples + at));
  const turnMost = cellAt(parameters, PARAMETER.turnMost);
  const turnUp = cellAt(parameters, PARAMETER.turnUp);
  const turn = clip(clip(wantedTurn, -turnMost, turnMost), single(angular - turnUp), single(angular + turnUp));
  base[BASE.jerk] = speed - linear;
  base[BASE.swerve] = turn - angular;
  base[BASE.linear] = speed;
  base[BASE.angular] = turn;
  moveAlong(
    base,
    single(turn * cellAt(parameters, PARAMETER.halfStep)),
    single(speed * cellAt(parameters, PARAMETER.cellsPerSpeed)),
  );
}

/** Turns by half an angle, goes on, and turns by the other half. */
function moveAlong(base: Float32Array, half: number, way: number): void {
  const cos = cellAt(base, BASE.cos);
  const sin = cellAt(base, BASE.sin);
  const square = single(half * half);
  const halfSin = single(half * single(1 - single(square * SIXTH)));
  const halfCos = single(single(1 - single(square * 0.5)) + single(single(square * square) * TWENTY_FOURTH));
  const midCos = single(single(cos * halfCos) - single(sin * halfSin));
  const midSin = single(single(sin * halfCos) + single(cos * halfSin));
  base[BASE.x] = cellAt(base, BASE.x) + single(midCos * way);
  base[BASE.y] = cellAt(base, BASE.y) + single(midSin * way);
  base[BASE.cos] = single(midCos * halfCos) - single(midSin * halfSin);
  base[BASE.sin] = single(midSin * halfCos) + single(midCos * halfSin);
}

/** Room around the footprint, no more than is worth anything. */
function roomAround({ shape, parameters, distances, discs }: RolloutMemory, base: Float32Array): number {
  const { cells } = shape;
  const x = cellAt(base, BASE.x);
  const y = cellAt(base, BASE.y);
  const cos = cellAt(base, BASE.cos);
  const sin = cellAt(base, BASE.sin);
  const roomy = cellAt(parameters, PARAMETER.roomy);
  const around = single(cellAt(distances, cellOf(x, y, cells)) - cellAt(parameters, PARAMETER.circumscribed));
  if (around >= roomy) return roomy;
  const end = 4 * cellAt(parameters, PARAMETER.discs);
  let room = roomy;
  for (let disc = 0; disc < end; disc += 4) {
    const ahead = cellAt(discs, disc);
    const left = cellAt(discs, disc + 1);
    const discX = single(x + single(single(cos * ahead) - single(sin * left)));
    const discY = single(y + single(single(sin * ahead) + single(cos * left)));
    room = Math.min(room, single(cellAt(distances, cellOf(discX, discY, cells)) - cellAt(discs, disc + 2)));
  }
  return room;
}

/** What a step costs, without what is left of the way. */
function spentAt({ shape, parameters, slowness }: RolloutMemory, base: Float32Array, room: number): number {
  const speed = cellAt(base, BASE.linear);
  const turn = cellAt(base, BASE.angular);
  const jerk = cellAt(base, BASE.jerk);
  const swerve = cellAt(base, BASE.swerve);
  const lack = single(single(cellAt(parameters, PARAMETER.roomy) - room) * cellAt(parameters, PARAMETER.perRoomy));
  const allowed = single(
    cellAt(parameters, PARAMETER.hurrySpeed) + single(cellAt(parameters, PARAMETER.hurryPerRoom) * room),
  );
  const hurry = Math.max(0, single(speed - allowed));
  const lackSquare = single(lack * lack);
  let spent = single(cellAt(parameters, PARAMETER.crowding) * single(lackSquare * lackSquare));
  const dear = cellAt(slowness, cellOf(cellAt(base, BASE.x), cellAt(base, BASE.y), shape.cells));
  spent = single(spent + single(cellAt(parameters, PARAMETER.traversing) * single(dear * Math.abs(speed))));
  const press = Math.max(
    0,
    single(single(cellAt(parameters, PARAMETER.pressed) - room) * cellAt(parameters, PARAMETER.perPressed)),
  );
  spent = single(spent + single(cellAt(parameters, PARAMETER.pressing) * single(press * press)));
  spent = single(spent + single(cellAt(parameters, PARAMETER.hurrying) * single(hurry * hurry)));
  spent = single(spent + single(cellAt(parameters, PARAMETER.turning) * single(turn * turn)));
  spent = single(spent + single(cellAt(parameters, PARAMETER.reversing) * Math.max(0, -speed)));
  spent = single(spent + single(cellAt(parameters, PARAMETER.jerking) * single(jerk * jerk)));
  return single(spent + single(cellAt(parameters, PARAMETER.swerving) * single(swerve * swerve)));
}

/** How much dearer than its own place the place ahead may count: a nose that points at a wall says nothing about the way around it. */
const STEEPEST = single(0.1);

/** The cost to go of a place ahead of the base, so that the heading counts too; no more than the base's own and a little. */
function restOfWay({ shape, parameters, costToGo }: RolloutMemory, base: Float32Array): number {
  const { cells } = shape;
  const x = cellAt(base, BASE.x);
  const y = cellAt(base, BASE.y);
  const ahead = cellAt(parameters, PARAMETER.ahead);
  const aheadX = single(cellAt(base, BASE.cos) * ahead);
  const aheadY = single(cellAt(base, BASE.sin) * ahead);
  const here = smooth(costToGo, cells, x, y);
  const there = smooth(costToGo, cells, single(x + aheadX), single(y + aheadY));
  return Math.min(there, single(here + single(ahead * STEEPEST)));
}

/** A field between the centres of four cells. */
function smooth(field: Float32Array, cells: number, x: number, y: number): number {
  const across = clip(single(x - 0.5), 0, cells - 2);
  const up = clip(single(y - 0.5), 0, cells - 2);
  const column = Math.trunc(across);
  const row = Math.trunc(up);
  const partX = single(across - column);
  const partY = single(up - row);
  const cell = row * cells + column;
  const a = cellAt(field, cell);
  const b = cellAt(field, cell + 1);
  const c = cellAt(field, cell + cells);
  const d = cellAt(field, cell + cells + 1);
  const low = single(a + single(single(b - a) * partX));
  const high = single(c + single(single(d - c) * partX));
  return single(low + single(single(high - low) * partY));
}

function cellOf(x: number, y: number, cells: number): number {
  const edge = cells - 1;
  return Math.trunc(clip(y, 0, edge)) * cells + Math.trunc(clip(x, 0, edge));
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
