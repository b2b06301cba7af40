/**
 * Seeded chance. One seed makes a world; each consumer draws from its own `fork`, so that adding a consumer
 * does not shift the draws of the others.
 */
export interface Rng {
  /** A 32-bit unsigned integer. */
  uint32(): number;
  /** The next draws of `uint32`, as many as there is room for: faster than one at a time. */
  fill(words: Uint32Array): void;
  /** Uniform in [0, 1). */
  float(): number;
  /** An integer in [from, to], both included. */
  integer(from: number, to: number): number;
  /** True in `numerator` of `denominator` cases. */
  chance(numerator: number, denominator: number): boolean;
  /** Normal, mean 0, with the given standard deviation. */
  normal(sigma: number): number;
  /** An independent stream that depends on this stream's seed and `name` only, not on what was drawn. */
  fork(name: string): Rng;
}

/** The stream of a seed; equal seeds give equal streams. Generator: sfc32 (Chris Doty-Humphrey, PractRand). */
export function createRng(seed: number | string): Rng {
  const path = String(seed);
  const { next, fill } = sfc32(path);
  const float = (): number => next() / 0x1_0000_0000;
  return {
    uint32: next,
    fill,
    float,
    integer: (from, to) => from + Math.floor(float() * (to - from + 1)),
    chance: (numerator, denominator) => float() * denominator < numerator,
    // Sum of 12 uniforms: unlike Box-Muller it needs no log or cos, which differ between CPU architectures.
    normal(sigma) {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) sum += float();
      return sum * sigma;
    },
    fork: (name) => createRng(`${path}/${name}`),
  };
}

function sfc32(text: string): { next: () => number; fill: (words: Uint32Array) => void } {
  let [a, b, c] = [hash(text, 0x9e37_79b9), hash(text, 0x85eb_ca6b), hash(text, 0xc2b2_ae35)];
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  function fill(words: Uint32Array): void {
    let ownA = a | 0;
    let ownB = b | 0;
    let ownC = c | 0;
    for (let at = 0; at < words.length; at++) {
      const sum = (ownA + ownB + counter + at) | 0;
      ownA = ownB ^ (ownB >>> 9);
      ownB = (ownC + (ownC << 3)) | 0;
      ownC = (((ownC << 21) | (ownC >>> 11)) + sum) | 0;
      words[at] = sum;
    }
    [a, b, c] = [ownA, ownB, ownC];
    counter += words.length;
  }
  for (let round = 0; round < 15; round++) next();
  return { next, fill };
}

/** FNV-1a with a murmur finish; only spreads seeds, guards nothing. */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x0100_0193);
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) | 0;
}
