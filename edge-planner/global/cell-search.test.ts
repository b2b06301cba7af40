import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "#lib/geometry";
import { cellCentreX, cellCentreY } from "../grid.ts";
import { polylineCost } from "./path-smoothing.ts";
import { createSearchSpace, searchCells, type SearchResult } from "./cell-search.ts";

const frame = { width: 12, height: 12, resolution: 1, originX: 0, originY: 0 };

const space = createSearchSpace(frame);

function search(costs: Float32Array, nodeBudget = 1e6): SearchResult {
  return searchCells({ ...frame, costs }, space, 13, 130, { nodeBudget, directions: 8 });
}

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
  it("finds a cheapest way exactly when there is one", () => {
    fc.assert(
      fc.property(terrains, (costs) => {
        const best = cheapest(costs, 13, 130);
        const found = search(costs);
        const cost = found.ok ? costOf(costs, found.cells) : Infinity;
        expect(cost === best || Math.abs(cost - best) <= 1e-9).toBe(true);
      }),
    );
  });

  it("gives up when its budget is used up", () => {
    const costs = new Float32Array(144).fill(1);
    expect(search(costs, 5)).toMatchObject({ ok: false, reason: "budget_exhausted" });
  });

  it("comes nearer to straight lines with knight's moves, and touches no closed cell with them", () => {
    fc.assert(
      fc.property(terrains, (costs) => {
        const ground = { ...frame, costs };
        const eight = search(costs);
        const sixteen = searchCells(ground, space, 13, 130, { nodeBudget: 1e6, directions: 16 });
        expect(sixteen.ok).toBe(eight.ok);
        if (!sixteen.ok || !eight.ok) return;
        expect(sixteen.cost).toBeLessThanOrEqual(eight.cost + 1e-9);
        const points = sixteen.cells.map((cell): Point => [cellCentreX(frame, cell), cellCentreY(frame, cell)]);
        expect(polylineCost(ground, points)).toBeCloseTo(sixteen.cost, 6);
      }),
    );
  });

  it("ends when it is no longer wanted", () => {
    const large = { ...frame, width: 200, height: 200, costs: new Float32Array(40_000) };
    for (let row = 1; row < 199; row++) large.costs.fill(1, row * 200 + 1, row * 200 + 199);
    large.costs.fill(0, 100 * 200, 101 * 200);
    const limits = { nodeBudget: 1e6, directions: 8, isCancelled: () => true } as const;
    const found = searchCells(large, createSearchSpace(large), 201, 39_798, limits);
    expect(found).toMatchObject({ ok: false, reason: "cancelled" });
  });

  it("takes no step against one-way ground", () => {
    const costs = new Float32Array(144);
    for (let row = 1; row < 11; row++) costs.fill(1, row * 12 + 1, row * 12 + 11);
    // Columns 5 and 6 may be crossed westwards only, but for the top row.
    const allowedSteps = new Uint8Array(144).fill(255);
    for (let row = 1; row < 10; row++) allowedSteps.fill(0b0111_1100, row * 12 + 5, row * 12 + 7);
    const found = searchCells({ ...frame, costs, allowedSteps }, space, 13, 22, { nodeBudget: 1e6, directions: 16 });
    expect(found.ok && found.cells.some((cell) => Math.floor(cell / 12) === 10)).toBe(true);
  });
});
