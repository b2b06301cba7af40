import { describe, expect, it } from "vitest";
import { createRng } from "#lib/rng";
import { createRolloutEngine, createScalarEngine, type RolloutEngine } from "./rollout-engine.ts";
import { PARAMETER } from "./rollout-memory.ts";

const SHAPE = { samples: 64, steps: 24, cells: 60 };

describe("rollouts", () => {
  it("cost the same bit for bit in WebAssembly and in JavaScript", () => {
    const [vector, scalar] = [createRolloutEngine(SHAPE), createScalarEngine(SHAPE)];
    expect(vector.kind).toBe("webassembly");
    for (let seed = 1; seed <= 20; seed++) {
      for (const engine of [vector, scalar]) {
        fill(engine, seed);
        engine.rollOut(SHAPE.samples);
      }
      expect([...vector.memory.costs]).toEqual([...scalar.memory.costs]);
      expect(new Set(scalar.memory.costs).size).toBeGreaterThan(SHAPE.samples / 4);
    }
  });

  it("leave alone what was not asked for", () => {
    const engine = createRolloutEngine(SHAPE);
    fill(engine, 1);
    engine.memory.costs.fill(-1);
    engine.rollOut(8);
    expect(engine.memory.costs.findLastIndex((cost) => cost !== -1)).toBe(7);
  });
});

/** A random situation, among obstacles near enough that some sequences touch them. */
function fill({ memory }: RolloutEngine, seed: number): void {
  const rng = createRng(seed);
  const between = (low: number, high: number): number => low + (high - low) * rng.float();
  for (const name of Object.keys(PARAMETER) as (keyof typeof PARAMETER)[]) {
    memory.parameters[PARAMETER[name]] = between(0.05, 1);
  }
  const yaw = between(-3, 3);
  const set = {
    x: 30,
    y: 30,
    cos: Math.cos(yaw),
    sin: Math.sin(yaw),
    discs: 3,
    cellsPerSpeed: 1,
    slowest: -0.2,
    touching: 0.04,
  };
  for (const [name, value] of Object.entries(set)) memory.parameters[PARAMETER[name as keyof typeof set]] = value;
  memory.keep.fill(1).fill(0, 0, 8);
  for (const part of [memory.mean, memory.noise]) part.forEach((_, at) => (part[at] = rng.normal(0.6)));
  memory.discs.forEach((_, at) => (memory.discs[at] = at % 4 === 2 ? between(0.1, 0.3) : between(-3, 3)));
  memory.distances.forEach((_, at) => (memory.distances[at] = between(0.35, 1.5)));
  memory.slowness.forEach((_, at) => (memory.slowness[at] = between(1, 9)));
  memory.costToGo.forEach((_, at) => (memory.costToGo[at] = between(0, 9)));
}
