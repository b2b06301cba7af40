import fc from "fast-check";
import { expect, it } from "vitest";
import { assignAtLeastCost } from "./min-cost.ts";

it("costs no more than any other assignment", () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }));
  const costs = sizes.chain(([rows, more]) => {
    const row = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: rows + more, maxLength: rows + more });
    return fc.array(row, { minLength: rows, maxLength: rows });
  });
  fc.assert(
    fc.property(costs, (table) => {
      const chosen = assignAtLeastCost(table);
      expect(new Set(chosen).size).toBe(table.length);
      expect(totalOf(table, chosen)).toBe(leastOf(table));
    }),
  );
});

it("assigns nothing where there is nothing", () => {
  expect(assignAtLeastCost([])).toEqual([]);
});

function totalOf(table: readonly (readonly number[])[], columns: readonly number[]): number {
  return columns.reduce((sum, column, row) => sum + table[row]![column]!, 0);
}

/** Every assignment, one after the other. */
function leastOf(table: readonly (readonly number[])[], row = 0, taken: readonly number[] = []): number {
  if (row === table.length) return 0;
  const free = table[row]!.map((_, column) => column).filter((column) => !taken.includes(column));
  return Math.min(...free.map((column) => table[row]![column]! + leastOf(table, row + 1, [...taken, column])));
}
