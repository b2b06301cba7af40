import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "./rng.ts";

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uint32());

describe("createRng", () => {
  it("repeats itself for equal seeds and differs for others", () => {
    expect(draw(createRng(7), 20)).toEqual(draw(createRng(7), 20));
    expect(draw(createRng(7), 20)).not.toEqual(draw(createRng(8), 20));
  });

  it("forks by name only: what was drawn, or forked, before makes no difference", () => {
    const [fresh, used] = [createRng(1), createRng(1)];
    draw(used, 100);
    used.fork("other");
    expect(draw(used.fork("network"), 10)).toEqual(draw(fresh.fork("network"), 10));
    expect(draw(fresh.fork("network"), 10)).not.toEqual(draw(fresh.fork("world"), 10));
  });

  it("fills a list with the draws that would come next, and goes on after them", () => {
    const [one, many] = [createRng(3), createRng(3)];
    const words = new Uint32Array(1000);
    many.fill(words);
    expect([...words]).toEqual(draw(one, 1000));
    expect(draw(many, 10)).toEqual(draw(one, 10));
  });

  it("spreads evenly, also over neighbouring seeds", () => {
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 4000; seed++) counts[Math.floor(createRng(seed).float() * 4)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it("draws integers within both bounds and reaches them", () => {
    const rng = createRng("dice");
    const seen = new Set(Array.from({ length: 500 }, () => rng.integer(1, 6)));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is normal enough: mean, deviation and symmetry", () => {
    const rng = createRng("noise");
    const values = Array.from({ length: 20_000 }, () => rng.normal(2));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(deviation - 2)).toBeLessThan(0.06);
  });

  it("gives a chance in its proportion, and none or all at the ends", () => {
    const rng = createRng("chance");
    const hits = Array.from({ length: 10_000 }, () => rng.chance(1, 4)).filter(Boolean).length;
    expect(Math.abs(hits - 2500)).toBeLessThan(200);
    expect(rng.chance(0, 5)).toBe(false);
    expect(rng.chance(5, 5)).toBe(true);
  });
});
