import type { Metres } from "#lib/units";
import { DISC } from "../space/scene.ts";
import type { Fan, View } from "./fan.ts";

/** Sectors of the full turn. */
const SECTORS = 64;
const LAST = SECTORS - 1;
/** Sectors to either side that a thing may reach into. */
const REACH = 3;
/** The narrowest sector has 1/16 rad; a thing of a smaller sine of half its angle reaches no farther than `REACH`. */
const SINE_MAX = REACH / 16 - 0.01;

/** The farthest end of any ray, by direction: a thing beyond it is surely hidden, which is told faster than by its rays. */
export class Horizon {
  readonly #sectorOfRay: Uint8Array;
  readonly #farthest = new Float64Array(SECTORS);
  readonly #two = new Float64Array(SECTORS);
  readonly #four = new Float64Array(SECTORS);
  readonly #around = new Float64Array(SECTORS);

  constructor({ cos, sin }: Fan) {
    this.#sectorOfRay = Uint8Array.from(cos, (x, ray) => sectorOf(x, sin[ray]!));
  }

  /** Those of the things at `places` that are not surely hidden behind the ends of rays. */
  unhidden(ranges: Float64Array, view: View, discs: Float64Array, places: readonly number[]): number[] {
    this.#look(ranges);
    const { x, y, turnCos, turnSin } = view;
    const left: number[] = [];
    for (const place of places) {
      const dx = discs[place * DISC]! - x;
      const dy = discs[place * DISC + 1]! - y;
      const ahead = turnCos * dx + turnSin * dy;
      const beside = turnCos * dy - turnSin * dx;
      if (!this.#hides(ahead, beside, Math.sqrt(dx * dx + dy * dy), discs[place * DISC + 2]!)) left.push(place);
    }
    return left;
  }

  #look(ranges: Float64Array): void {
    const farthest = this.#farthest;
    const around = this.#around;
    farthest.fill(0);
    for (let ray = 0; ray < ranges.length; ray++) {
      const sector = this.#sectorOfRay[ray]!;
      if (ranges[ray]! > farthest[sector]!) farthest[sector] = ranges[ray]!;
    }
    // Maxima of two sectors, then of four, then of the seven around each: those of four from `REACH` before it and from itself.
    const two = this.#two;
    const four = this.#four;
    for (let at = 0; at < SECTORS; at++) two[at] = larger(farthest[at]!, farthest[(at + 1) & LAST]!);
    for (let at = 0; at < SECTORS; at++) four[at] = larger(two[at]!, two[(at + 2) & LAST]!);
    for (let at = 0; at < SECTORS; at++) around[at] = larger(four[(at - REACH) & LAST]!, four[at]!);
  }

  /** Whether all of a thing is hidden whose centre lies at (x, y) in the frame of the lidar, `away` from it. */
  #hides(x: Metres, y: Metres, away: Metres, radius: Metres): boolean {
    return radius < away * SINE_MAX && away - radius > this.#around[sectorOf(x, y)]!;
  }
}

function larger(a: number, b: number): number {
  return a > b ? a : b;
}

/** Sectors of equal parts of the diamond |x| + |y| = 1, counted counter-clockwise: no trigonometry is needed to find one. */
function sectorOf(x: number, y: number): number {
  const part = y / (Math.abs(x) + Math.abs(y));
  const along = x < 0 ? 2 - part : y < 0 ? 4 + part : part;
  return ((along * SECTORS) / 4) & LAST;
}
