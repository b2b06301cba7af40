import { createRng, type Rng } from "#lib/rng";
import type { LidarSpec } from "../world-spec.ts";

/** What a lidar gets wrong. */
export interface Flaws {
  /** What is told of true ranges; `factor` multiplies the noise and the share of lost rays. */
  apply(ranges: Float64Array, factor: number): Float32Array<ArrayBuffer>;
}

/** A power of two. */
const NOISE_TABLE_SIZE = 4096;
const noiseSource = createRng("lidar noise");
/** Normal values, from which each ray draws one. All lidars share them, so that they stay in the processor's cache. */
const NOISE = Float32Array.from({ length: NOISE_TABLE_SIZE }, () => noiseSource.normal(1));
const DRAW_BITS = 12;
const SHARE_MAX = 0xf_ffff;
const SLAB_SWEEPS = 16;
/** Neighbours that differ by more than this lie on different things. */
const EDGE_JUMP = 0.1;

/** Noise, lost rays, and rays that meet an edge and answer from between the two things (mixed pixels). */
export function createFlaws(spec: LidarSpec, rng: Rng): Flaws {
  const mixing = rng.fork("mixed pixels");

  const bytes = Float32Array.BYTES_PER_ELEMENT * spec.rays;
  let slab = new ArrayBuffer(0);
  let used = 0;

  /** Room for what a sweep tells, from slabs: a buffer for each sweep costs more than to fill it. */
  function room(): { told: Float32Array<ArrayBuffer>; draws: Uint32Array } {
    if (used + bytes > slab.byteLength) [slab, used] = [new ArrayBuffer(SLAB_SWEEPS * bytes), 0];
    const told = new Float32Array(slab, used, spec.rays);
    const draws = new Uint32Array(slab, used, spec.rays);
    used += bytes;
    return { told, draws };
  }
  function mix(ranges: Float64Array): void {
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
      const { told, draws } = room();
      // One draw a ray decides both its noise and its loss, and makes place for what the ray tells.
      rng.fill(draws);
      for (let ray = 0; ray < ranges.length; ray++) {
        const draw = draws[ray]!;
        const range = ranges[ray]! + sigma * NOISE[draw & (NOISE_TABLE_SIZE - 1)]!;
        if (draw >>> DRAW_BITS < lossBelow) told[ray] = NaN;
        else told[ray] = range > rangeMax ? Infinity : range < 0 ? 0 : range;
      }
      return told;
    },
  };
}
