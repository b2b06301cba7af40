import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { searchCells } from "./cell-search.ts";

const frame = { width: 12, height: 12, resolution: 1, originX: 0, originY: 0 };

/** Dijkstra by plain relaxation until nothing changes: slow, and obviously right. */
function cheapest(costs: Float32Array, from: number, to: number): number {
  const reached = new Float64Array(costs.length).fill(Infinity);
  reached[from] = 0;
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (let cell = 0; cell < costs.length; cell++) {
      for (const [next, cost] of stepsFrom(costs, cell)) {
        if (reached[cell]! + cost < reached[next]! - 1e-9) {
          reached[next] = reached[cell]! + cost;
          isChanged = true;
        }
      }
    }
  }
  return reached[to]!;
}

function stepsFrom(costs: Float32Array, cell: number): [number, number][] {
  if (costs[cell] === 0) return [];
  const steps: [number, number][] = [];
  for (const dy of [-1, 0, 1]) {
    for (const dx of [-1, 0, 1]) {
      const next = cell + dy * frame.width + dx;
      const isOpen = costs[next]! > 0 && costs[cell + dx]! > 0 && costs[cell + dy * frame.width]! > 0;
      if ((dx !== 0 || dy !== 0) && isOpen)
        steps.push([next, (Math.hypot(dx, dy) * (costs[cell]! + costs[next]!)) / 2]);
    }
  }
  return steps;
}

function costOf(costs: Float32Array, cells: readonly number[]): number {
  let sum = 0;
  for (let at = 1; at < cells.length; at++) {
    const step = stepsFrom(costs, cells[at - 1]!).find(([next]) => next === cells[at]);
    expect(step, "each step leads to an open neighbour and cuts no corner").toBeDefined();
    sum += step![1];
  }
  return sum;
}

/** Costs of the inner cells; the border is closed. */
const terrains = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(1) }, fc.constant(0), fc.integer({ min: 2, max: 10 })), {
    minLength: 100,
    maxLength: 100,
  })
  .map((inner) => {
    const costs = new Float32Array(144);
    for (const [at, cost] of inner.entries()) costs[(Math.floor(at / 10) + 1) * 12 + (at % 10) + 1] = cost;
    costs[13] = 1;
    costs[130] = 1;
    return costs;
  });

describe("cell search", () => {
  it("finds the cheapest way, to the width of a bucket, exactly when there is one", () => {
    fc.assert(
      fc.property(terrains, (costs) => {
        const best = cheapest(costs, 13, 130);
        const found = searchCells(frame, costs, 13, 130, 1e6);
        const cost = found.ok ? costOf(costs, found.cells) : Infinity;
        expect(cost === best || Math.abs(cost - best) <= 0.25).toBe(true);
      }),
    );
  });

  it("gives up when its budget is used up", () => {
    const costs = new Float32Array(144).fill(1);
    expect(searchCells(frame, costs, 13, 130, 5)).toEqual({ ok: false, reason: "budget_exhausted" });
  });

  it("treats the border as closed, whatever it is said to cost", () => {
    const costs = new Float32Array(144).fill(1);
    for (let row = 1; row < 11; row++) costs[row * 12 + 6] = 0;
    expect(searchCells(frame, costs, 13, 130, 1e6)).toEqual({ ok: false, reason: "no_route" });
  });
});
