import type { Metres, Radians } from "#lib/units";

/** The directions of the rays of a lidar in its own frame. */
export interface Fan {
  readonly angleMin: Radians;
  readonly angleStep: Radians;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Where a lidar is, with the direction that it faces as a unit vector. */
export interface View {
  readonly x: Metres;
  readonly y: Metres;
  readonly turnCos: number;
  readonly turnSin: number;
}

const known = new Map<string, Fan>();

/** `rays` directions from `angleMin` on, counter-clockwise. Equal lidars share a fan, so that it stays in the processor's cache. */
export function createFan(angleMin: Radians, angleStep: Radians, rays: number): Fan {
  const key = `${angleMin} ${angleStep} ${rays}`;
  const angles = Array.from({ length: rays }, (_, ray) => angleMin + ray * angleStep);
  const fan = known.get(key) ?? {
    angleMin,
    angleStep,
    cos: Float64Array.from(angles, Math.cos),
    sin: Float64Array.from(angles, Math.sin),
  };
  known.set(key, fan);
  return fan;
}

/** A whole turn. */
export const TURN: Radians = 2 * Math.PI;

/** How far counter-clockwise of the first ray a direction lies, from 0 to a whole turn. */
export function angleFromFirst({ angleMin }: Fan, direction: Radians): Radians {
  const angle = (direction - angleMin) / TURN;
  return (angle - Math.floor(angle)) * TURN;
}
