import { FREE } from "#contract/occupancy-grid";
import type { CoveragePlan } from "#edge-planner/coverage/coverage-plan";
import { sweepAlong } from "#edge-planner/coverage/tool-sweep";
import { type Judged, ROBOT } from "./judge.ts";
import type { Room } from "./rooms.ts";

const PIXELS_PER_CELL = 2;

/** A room, its plan, and what it leaves open (red), as SVG. */
export function pictureOf({ map }: Room, { floor, points }: CoveragePlan, judged: Judged): string {
  const occupancy = map.occupancy!;
  const covered = new Uint8Array(floor.wanted.length);
  sweepAlong(floor, ROBOT.tool, points, 0, (index) => void (covered[index] = 1));
  const [width, height] = [occupancy.width * PIXELS_PER_CELL, occupancy.height * PIXELS_PER_CELL];
  const scale = PIXELS_PER_CELL / occupancy.resolution;
  const toPage = (x: number, y: number): string =>
    `${((x - occupancy.originX) * scale).toFixed(1)} ${(height - (y - occupancy.originY) * scale).toFixed(1)}`;
  const square = (x: number, y: number): string =>
    `M${toPage(x, y)}h${PIXELS_PER_CELL}v-${PIXELS_PER_CELL}h-${PIXELS_PER_CELL}z`;
  const walls = Array.from(occupancy.cells, (cell, index) => (cell === FREE ? "" : square(occupancy.originX + (index % occupancy.width) * occupancy.resolution, occupancy.originY + Math.floor(index / occupancy.width) * occupancy.resolution))); // prettier-ignore
  const open = Array.from(floor.wanted, (cell, index) => (cell === 1 && covered[index] === 0 ? square(floor.originX + (index % floor.width) * floor.resolution, floor.originY + Math.floor(index / floor.width) * floor.resolution) : "")); // prettier-ignore
  const text = `${judged.room}: ${(judged.covered * 100).toFixed(1)} % of ${judged.area.toFixed(0)} m² at ratio ${judged.ratio.toFixed(2)}, ${judged.turns} turns`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 24}" viewBox="0 0 ${width} ${height + 24}">
<rect width="${width}" height="${height + 24}" fill="#fff"/>
<path d="${walls.join("")}" fill="#3a444f"/>
<path d="${open.join("")}" fill="#c0291f"/>
<path d="M${points.map(([x, y]) => toPage(x, y)).join("L")}" fill="none" stroke="#0072b2" stroke-width="1"/>
<text x="4" y="${height + 17}" font-family="sans-serif" font-size="13">${text}</text>
</svg>
`;
}
