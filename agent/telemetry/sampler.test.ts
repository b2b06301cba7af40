import { describe, expect, it } from "vitest";
import { Sampler } from "./sampler.ts";

function ticksOf(sampler: Sampler, name: string): readonly (readonly [number, number | null])[] {
  const series = sampler.take();
  const ticks = series?.columns.find((column) => column.name === name)?.ticks ?? [];
  return ticks.map((tick, at) => [series!.atMs[at]!, tick] as const);
}

describe("a sampler", () => {
  it("leaves out what does not change, and records where it ended before the next change", () => {
    const sampler = new Sampler("battery", {});
    for (const [atMs, battery] of [
      [0, 0.9],
      [100, 0.9],
      [200, 0.9],
      [300, 0.8],
    ] as const) {
      sampler.offer(atMs, { battery });
    }
    expect(ticksOf(sampler, "battery")).toEqual([
      [0, 9000],
      [200, 9000],
      [300, 8000],
    ]);
  });

  it("lets changes within the deadband pass, measured from what was recorded", () => {
    const sampler = new Sampler("battery", { deadband: { battery: 0.01 } });
    for (const [at, battery] of [0.9, 0.895, 0.89, 0.885].entries()) sampler.offer(at * 100, { battery });
    expect(ticksOf(sampler, "battery").map(([, tick]) => tick)).toEqual([9000, 8900, 8850]);
  });

  it("says something every minute, so that a silent channel is told from a dead one", () => {
    const sampler = new Sampler("battery", {});
    for (let atMs = 0; atMs <= 120_000; atMs += 5000) sampler.offer(atMs, { battery: 0.5 });
    expect(ticksOf(sampler, "battery").map(([atMs]) => atMs)).toEqual([0, 55_000, 60_000, 115_000, 120_000]);
  });

  it("follows an angle across the half turn", () => {
    const sampler = new Sampler("pose", {});
    for (const [at, yaw] of [3.1, -3.1, 3.1].entries()) sampler.offer(at * 100, { x: 0, y: 0, yaw });
    expect(ticksOf(sampler, "yaw").map(([, tick]) => tick)).toEqual([3100, 3183, 3100]);
  });

  it("has nothing to give where nothing was read, and no column for what is never known", () => {
    const sampler = new Sampler("pose", {});
    sampler.offer(0, undefined);
    expect(sampler.take()).toBeUndefined();
    sampler.offer(100, { x: 1, y: 2 });
    expect(sampler.take()?.columns.map(({ name }) => name)).toEqual(["x", "y"]);
    expect(sampler.take()).toBeUndefined();
  });
});
