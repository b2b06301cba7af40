import type { CoverageRecord, DeviceRecord } from "../record.ts";
import { element, group, type Markup, NOTHING } from "./markup.ts";
import { toPage, type Viewport } from "./viewport.ts";

/** Colours of floor by how often a tool passed it, light to dark; the last is for all higher counts. */
export const PASS_COLOURS = ["#bfe3d4", "#7cc4a8", "#e3b35c", "#c8672b"] as const;

/** Floor that a tool has passed, coloured by how often. */
export function coverageLayer({ coverage }: DeviceRecord, view: Viewport): Markup {
  if (!coverage) return NOTHING;
  return group(
    { "shape-rendering": "crispEdges" },
    PASS_COLOURS.map((fill, at) => element("path", { d: runsOf(coverage, at + 1, view), fill })),
  );
}

/** Rectangles of cells in a row that have been passed so often. */
function runsOf({ grid, passes }: CoverageRecord, count: number, view: Viewport): string {
  const { width, height, cell, origin } = grid;
  const isOf = (index: number): boolean => Math.min(passes[index]!, PASS_COLOURS.length) === count;
  const size = cell * view.pixelsPerMetre;
  const parts: string[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!isOf(row * width + column)) continue;
      const from = column;
      while (column < width && isOf(row * width + column)) column++;
      const [x, y] = toPage(view, [origin[0] + from * cell, origin[1] + (row + 1) * cell]);
      parts.push(`M${x.toFixed(1)} ${y.toFixed(1)}h${((column - from) * size).toFixed(1)}v${size.toFixed(1)}H${x.toFixed(1)}Z`); // prettier-ignore
    }
  }
  return parts.join("");
}
