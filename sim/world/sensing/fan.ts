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

/** `rays` directions from `angleMin` on, counter-clockwise. */
export function createFan(angleMin: Radians, angleStep: Radians, rays: number): Fan {
  const angles = Array.from({ length: rays }, (_, ray) => angleMin + ray * angleStep);
  return { angleMin, angleStep, cos: Float64Array.from(angles, Math.cos), sin: Float64Array.from(angles, Math.sin) };
}

const TURN = 2 * Math.PI;

/**
 * Calls `visit` with the first and the last of the rays whose bearing lies within `width` counter-clockwise of `from`; twice
 * where they lie on both sides of the seam behind the lidar.
 */
export function forRaysWithin(
  { angleMin, angleStep, cos }: Fan,
  from: Radians,
  width: Radians,
  visit: (first: number, last: number) => void,
): void {
  const turns = Math.floor((from - angleMin) / TURN);
  // The arc begins in this turn, or began in the one before and reaches into it.
  for (let start = from - angleMin - turns * TURN, round = 0; round < 2; round++, start -= TURN) {
    const first = Math.max(0, Math.ceil(start / angleStep));
    const last = Math.min(cos.length - 1, Math.floor((start + width) / angleStep));
    if (first <= last) visit(first, last);
  }
}
