import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CoverageState, decodeCells, encodeCells, mergeCoverage } from "./coverage.ts";

const grid = { cell: 0.1, origin: [1, 2] as [number, number], width: 20, height: 10 };
const cellsOf = fc.uint8Array({ minLength: 200, maxLength: 200, max: 1 });

function stateOf(cells: Uint8Array, share = 0.5): CoverageState {
  return { grid, cells: encodeCells(cells), share, area: share * 2 };
}

describe("cells of covered floor", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(cellsOf, (cells) => {
        expect(decodeCells(encodeCells(cells), grid)).toEqual(cells);
      }),
    );
  });

  it("take a few bytes where they are lines", () => {
    const cells = new Uint8Array(60_000);
    for (let row = 0; row < 200; row += 10) cells.fill(1, row * 300, (row + 5) * 300);
    expect(encodeCells(cells).length).toBeLessThan(120);
  });

  it("are refused where they do not fit, whoever wrote them", () => {
    expect(decodeCells(encodeCells(new Uint8Array(201).fill(1)), grid)).toBeUndefined();
    expect(decodeCells(Buffer.from([0xff, 0xff]).toString("base64"), grid)).toBeUndefined();
    expect(decodeCells(Buffer.alloc(40, 0xff).toString("base64"), grid)).toBeUndefined();
    expect(decodeCells("", { width: 65_536, height: 65_536 })).toBeUndefined();
  });

  it("are added up event by event", () => {
    fc.assert(
      fc.property(cellsOf, cellsOf, (before, after) => {
        const merged = mergeCoverage(stateOf(before), stateOf(after, 0.7));
        expect(decodeCells(merged.cells, grid)).toEqual(before.map((cell, at) => cell | after[at]!));
        expect(merged.share).toBe(0.7);
      }),
    );
  });

  it("begin anew on another grid, and stay where the newer ones make no sense", () => {
    const before = stateOf(new Uint8Array(200).fill(1));
    const other = { ...before, grid: { ...grid, cell: 0.2 } };
    expect(mergeCoverage(before, other)).toBe(other);
    expect(mergeCoverage(before, { ...before, cells: "/////w==" })).toBe(before);
  });
});
