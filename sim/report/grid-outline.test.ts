import { describe, expect, it } from "vitest";
import { FREE, OCCUPIED, type OccupancyGrid, UNKNOWN } from "#contract/occupancy-grid";
import { createRng } from "#lib/rng";
import { outlineGrid } from "./grid-outline.ts";

const generous = { blockAtLeast: 0.1, charactersAtMost: 1e6 };

/** A map of 0.1 m cells from rows of text, the top row first: `#` wall, `?` unknown, anything else free. */
function mapOf(...rows: readonly string[]): OccupancyGrid {
  const cells = rows.toReversed().flatMap((row) => Array.from(row, valueOf));
  return {
    width: rows[0]!.length,
    height: rows.length,
    resolution: 0.1,
    originX: 0,
    originY: 0,
    cells: Uint8Array.from(cells),
  };
}

function valueOf(character: string): number {
  if (character === "#") return OCCUPIED;
  return character === "?" ? UNKNOWN : FREE;
}

const everything = { x: -1, y: -1, width: 100, height: 100 };

/** The blocks that a path encloses by the even-odd rule, found by casting a ray to the left through each middle. */
function rasterise(path: string, columns: number, rows: number): string[] {
  const edges = verticalEdges(path);
  return Array.from({ length: rows }, (_, fromTop) => {
    const y = rows - 1 - fromTop + 0.5;
    return Array.from({ length: columns }, (_unused, x) => {
      const crossings = edges.filter((edge) => edge.x <= x && edge.low < y && y < edge.high).length;
      return crossings % 2 === 1 ? "#" : ".";
    }).join("");
  });
}

function verticalEdges(path: string): { x: number; low: number; high: number }[] {
  const edges: { x: number; low: number; high: number }[] = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  const goTo = (nextX: number, nextY: number): void => {
    if (nextX === x && nextY !== y) edges.push({ x, low: Math.min(y, nextY), high: Math.max(y, nextY) });
    [x, y] = [nextX, nextY];
  };
  for (const [, command, numbers] of path.matchAll(/([Mhvz])([-\d ]*)/g)) {
    const [first, second] = numbers!.split(" ").map(Number);
    if (command === "M") [x, y, startX, startY] = [first!, second!, first!, second!];
    else if (command === "h") goTo(x + first!, y);
    else if (command === "v") goTo(x, y + first!);
    else goTo(startX, startY);
  }
  return edges;
}

describe("outlineGrid", () => {
  it("encloses exactly the walls, holes and touching corners included", () => {
    const picture = ["#####..", "#...#..", "#.#.#..", "#...##.", "#####.#", ".......", "#.#.#.#"];
    const { walls, block } = outlineGrid(mapOf(...picture), everything, generous);
    expect(block).toBeCloseTo(0.1);
    expect(rasterise(walls, 7, 7)).toEqual(picture);
  });

  it("encloses random noise exactly", () => {
    const rng = createRng(3);
    const noise = Array.from({ length: 20 }, () =>
      Array.from({ length: 25 }, () => (rng.float() < 0.5 ? "#" : ".")).join(""),
    );
    expect(rasterise(outlineGrid(mapOf(...noise), everything, generous).walls, 25, 20)).toEqual(noise);
  });

  it("counts walls as closed together with the unknown, so that no seam shows", () => {
    const { walls, closed } = outlineGrid(mapOf("#??#", "...."), everything, generous);
    expect(rasterise(closed, 4, 2)).toEqual(["####", "...."]);
    expect(rasterise(walls, 4, 2)).toEqual(["#..#", "...."]);
  });

  it("merges a straight wall into one rectangle", () => {
    expect(outlineGrid(mapOf("#".repeat(500)), everything, generous).walls).toBe("M0 0h500v1h-500z");
  });

  it("keeps a wall of one cell when it coarsens", () => {
    const map = mapOf("........", "...#....", "........", "........");
    const { walls, block } = outlineGrid(map, everything, { ...generous, blockAtLeast: 0.35 });
    expect(block).toBeCloseTo(0.4);
    expect(rasterise(walls, 2, 1)).toEqual(["#."]);
  });

  it("draws only the region asked for, and says where it begins", () => {
    const map = mapOf("####", "####", "####", "####");
    const outline = outlineGrid(map, { x: 0.1, y: 0.2, width: 0.2, height: 0.2 }, generous);
    expect([outline.x, outline.y]).toEqual([expect.closeTo(0.1), expect.closeTo(0.2)]);
    expect(rasterise(outline.walls, 2, 2)).toEqual(["##", "##"]);
  });

  it("coarsens until the paths fit the limit", () => {
    const rng = createRng(5);
    const noise = Array.from({ length: 200 }, () =>
      Array.from({ length: 200 }, () => (rng.float() < 0.5 ? "#" : ".")).join(""),
    );
    const outline = outlineGrid(mapOf(...noise), everything, { ...generous, charactersAtMost: 5000 });
    expect(outline.walls.length + outline.closed.length).toBeLessThanOrEqual(5000);
    expect(outline.block).toBeGreaterThan(0.1);
  });

  it("is empty for an empty map", () => {
    const map = { width: 0, height: 0, resolution: 0.1, originX: 0, originY: 0, cells: new Uint8Array() };
    expect(outlineGrid(map, everything, generous)).toMatchObject({ walls: "", closed: "" });
  });
});
