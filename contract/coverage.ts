import { z } from "zod";
import { ByteWriter } from "./byte-codec.ts";
import { PointTuple } from "./spatial.ts";

/** Cells that a map of covered floor may have: enough for a large hall at the width of a hand, and bounded in the journal. */
export const COVERAGE_CELLS_MAX = 65_536;

/** Where the cells of covered floor lie: row-major from the lower-left corner, x fastest, in the frame `map`. */
export const CoverageGrid = z.object({
  cell: z.number().positive().max(10).meta({ unit: "m", description: "edge of a cell" }),
  origin: PointTuple.meta({ description: "lower-left corner of cell (0, 0)" }),
  width: z.number().int().min(1).max(COVERAGE_CELLS_MAX),
  height: z.number().int().min(1).max(COVERAGE_CELLS_MAX),
});
export type CoverageGrid = z.infer<typeof CoverageGrid>;

/** Floor that has been covered: which cells, as `encodeCells` writes them, and what that comes to. */
export interface CoverageState {
  readonly grid: CoverageGrid;
  readonly cells: string;
  /** Of what the tool can get to. */
  readonly share: number;
  /** Square metres covered. */
  readonly area: number;
}

/** The same with its cells at hand, one number a cell. */
export interface CoverageMap extends Omit<CoverageState, "cells"> {
  readonly cells: Uint8Array;
}

/** Lengths of runs of cells that are not set and set, in turn, beginning with such that are not; LEB128 numbers in base64. */
export function encodeCells(cells: Uint8Array): string {
  const writer = new ByteWriter();
  let [value, length] = [0, 0];
  const last = cells.lastIndexOf(1);
  for (let index = 0; index <= last; index++) {
    const cell = cells[index]!;
    if (cell === value) {
      length++;
      continue;
    }
    writer.varint(length);
    [value, length] = [cell, 1];
  }
  if (last >= 0) writer.varint(length);
  return Buffer.from(writer.bytes()).toString("base64");
}

/** What `encodeCells` wrote; undefined where that does not fit the grid. */
export function decodeCells(
  text: string,
  { width, height }: Pick<CoverageGrid, "width" | "height">,
): Uint8Array | undefined {
  const size = width * height;
  const bytes = Buffer.from(text, "base64");
  // A number that goes on past the end would be read past it.
  if (size > COVERAGE_CELLS_MAX || (bytes.length > 0 && bytes.at(-1)! >= 128)) return undefined;
  const cells = new Uint8Array(size);
  let [at, value, length, scale] = [0, 0, 0, 1];
  for (const byte of bytes) {
    length += (byte & 127) * scale;
    scale *= 128;
    if (length > size - at) return undefined;
    if (byte >= 128) continue;
    cells.fill(value, at, at + length);
    [at, value, length, scale] = [at + length, 1 - value, 0, 1];
  }
  return cells;
}

/** All that either of two has covered, on the grid of the newer; `newer` alone where the older is of another grid or makes no sense. */
export function mergeCoverage(older: CoverageState | undefined, newer: CoverageState): CoverageState {
  if (!older || !isSameGrid(older.grid, newer.grid)) return newer;
  const [before, after] = [decodeCells(older.cells, older.grid), decodeCells(newer.cells, newer.grid)];
  if (!before || !after) return after ? newer : older;
  for (let index = 0; index < after.length; index++) after[index] = after[index]! | before[index]!;
  return { ...newer, cells: encodeCells(after) };
}

/** What is set in one and not in the other. */
export function cellsBeyond(cells: Uint8Array, known: Uint8Array): Uint8Array {
  return cells.map((cell, index) => (cell === 1 && known[index] !== 1 ? 1 : 0));
}

export function isSameGrid(a: CoverageGrid, b: CoverageGrid): boolean {
  return (
    a.cell === b.cell &&
    a.width === b.width &&
    a.height === b.height &&
    a.origin[0] === b.origin[0] &&
    a.origin[1] === b.origin[1]
  );
}
