import type { Metres } from "#lib/units";
import type { Fan } from "./fan.ts";

/** Sectors of the full turn. */
const SECTORS = 64;
/** Sectors to either side that a thing may reach into. */
const REACH = 3;
/** The narrowest sector has 1/16 rad; a thing of a smaller sine of half its angle reaches no farther than `REACH`. */
const SINE_MAX = REACH / 16 - 0.01;

/** The farthest end of any ray, by direction: a thing beyond it is surely hidden, which is told faster than by its rays. */
export class Horizon {
  readonly #sectorOfRay: Uint8Array;
  readonly #farthest = new Float64Array(SECTORS);
  readonly #around = new Float64Array(SECTORS);

  constructor({ cos, sin }: Fan) {
    this.#sectorOfRay = Uint8Array.from(cos, (x, ray) => sectorOf(x, sin[ray]!));
  }

  /** Takes in where rays end. */
  look(ranges: Float32Array): void {
    const [farthest, around] = [this.#farthest, this.#around];
    farthest.fill(0);
    for (let ray = 0; ray < ranges.length; ray++) {
      const sector = this.#sectorOfRay[ray]!;
      if (ranges[ray]! > farthest[sector]!) farthest[sector] = ranges[ray]!;
    }
    for (let sector = 0; sector < SECTORS; sector++) {
      let most = 0;
      for (let offset = -REACH; offset <= REACH; offset++) {
        const other = farthest[(sector + offset) & (SECTORS - 1)]!;
        if (other > most) most = other;
      }
      around[sector] = most;
    }
  }

  /** Whether all of a thing is hidden whose centre lies at (x, y) in the frame of the lidar, `away` from it. */
  hides(x: Metres, y: Metres, away: Metres, radius: Metres): boolean {
    return radius < away * SINE_MAX && away - radius > this.#around[sectorOf(x, y)]!;
  }
}

/** Sectors of equal parts of the diamond |x| + |y| = 1, counted counter-clockwise: no trigonometry is needed to find one. */
function sectorOf(x: number, y: number): number {
  const part = y / (Math.abs(x) + Math.abs(y));
  const along = x < 0 ? 2 - part : y < 0 ? 4 + part : part;
  return ((along * SECTORS) / 4) & (SECTORS - 1);
}
