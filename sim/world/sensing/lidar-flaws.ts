import type { Rng } from "#lib/rng";
import type { LidarSpec } from "../world-spec.ts";

/** What a lidar gets wrong. */
export interface Flaws {
  /** Spoils true ranges in place; `factor` multiplies the noise and the share of lost rays. */
  apply(ranges: Float32Array, factor: number): void;
}

const NOISE_TABLE_SIZE = 4096;
const DRAW_BITS = 12;
const SHARE_MAX = 0xf_ffff;
/** Neighbours that differ by more than this lie on different things. */
const EDGE_JUMP = 0.1;

/** Noise, lost rays, and rays that meet an edge and answer from between the two things (mixed pixels). */
export function createFlaws(spec: LidarSpec, rng: Rng): Flaws {
  // One draw a ray decides both its noise (through a table of normal values) and its loss.
  const noise = Float64Array.from({ length: NOISE_TABLE_SIZE }, () => rng.normal(1));
  const mixing = rng.fork("mixed pixels");

  function mix(ranges: Float32Array): void {
    let before = ranges[0]!;
    for (let ray = 1; ray < ranges.length; ray++) {
      const own = ranges[ray]!;
      const jump = own - before;
      const isEdge = Math.abs(jump) > EDGE_JUMP && Math.abs(jump) !== Infinity;
      if (isEdge && mixing.float() < spec.mixedPixels) ranges[ray] = before + jump * mixing.float();
      before = own;
    }
  }
  return {
    apply(ranges, factor) {
      if (spec.mixedPixels > 0) mix(ranges);
      const { rangeMax } = spec;
      const sigma = spec.rangeSigma * factor;
      const lossBelow = Math.min(1, spec.dropout * factor) * SHARE_MAX;
      for (let ray = 0; ray < ranges.length; ray++) {
        const draw = rng.uint32();
        const range = ranges[ray]! + sigma * noise[draw % NOISE_TABLE_SIZE]!;
        if (draw >>> DRAW_BITS < lossBelow) ranges[ray] = NaN;
        else ranges[ray] = range > rangeMax ? Infinity : range < 0 ? 0 : range;
      }
    },
  };
}
