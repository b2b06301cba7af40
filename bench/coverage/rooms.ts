import type { OccupancyGrid } from "#contract/occupancy-grid";
import { readMapFile } from "#contract/io/map-file";
import { FREE, OCCUPIED } from "#contract/occupancy-grid";
import { fillPolygon } from "#edge-planner/polygon-raster";
import { mapFromOccupancy, openMap, type PlanningMap } from "#edge-planner/planning-map";
import type { Point } from "#lib/geometry";
import { createRng, type Rng } from "#lib/rng";

/** A place to be covered. */
export interface Room {
  readonly name: string;
  readonly map: PlanningMap;
  readonly area: readonly Point[];
  /** Where the robot starts; somewhere free. */
  readonly start: Point;
}

const RESOLUTION = 0.05;
const PER_KIND = 6;
const DEPOT = new URL("../../config/maps/depot.yaml", import.meta.url).pathname;

/** Thirty rooms, six of each kind, and the depot: the same for the same seed. */
export function rooms(seed: number): Room[] {
  const generated = KINDS.flatMap(([kind, furnish]) =>
    Array.from({ length: PER_KIND }, (_, at) => {
      const rng = createRng(`${seed}/${kind}/${at}`);
      const [width, height] = [between(rng, 6, 20), between(rng, 5, 16)];
      const solid = furnish(rng, width, height);
      return roomOf(`${kind} ${at + 1}`, width, height, solid);
    }),
  );
  return [...generated, depot()];
}

type Polygon = readonly Point[];
type Furnish = (rng: Rng, width: number, height: number) => Polygon[];

const KINDS: readonly (readonly [string, Furnish])[] = [
  ["rectangle", () => []],
  [
    "l-shape",
    (rng, width, height) => [box(width * between(rng, 0.4, 0.7), height * between(rng, 0.4, 0.7), width, height)],
  ],
  [
    "columns",
    (rng, width, height) => spots(rng, width, height, 10).map(([x, y]) => round(x, y, between(rng, 0.15, 0.4))),
  ],
  ["shelves", shelves],
  [
    "obstacles",
    (rng, width, height) =>
      spots(rng, width, height, 12).map(([x, y]) =>
        turned(x, y, between(rng, 0.2, 1.6), between(rng, 0.2, 1), between(rng, 0, Math.PI)),
      ),
  ],
];

/** Rows of shelves with aisles of at least a metre between them and around. */
function shelves(rng: Rng, width: number, height: number): Polygon[] {
  const [depth, aisle] = [between(rng, 0.5, 0.9), between(rng, 1.2, 2.2)];
  const rows: Polygon[] = [];
  for (let y = aisle; y + depth + 1 < height; y += depth + aisle) rows.push(box(aisle, y, width - aisle, y + depth));
  return rows;
}

function roomOf(name: string, width: number, height: number, solid: readonly Polygon[]): Room {
  const [columns, rows] = [Math.round(width / RESOLUTION), Math.round(height / RESOLUTION)];
  const frame = {
    width: columns + 2,
    height: rows + 2,
    resolution: RESOLUTION,
    originX: -RESOLUTION,
    originY: -RESOLUTION,
  };
  const cells = new Uint8Array(frame.width * frame.height).fill(OCCUPIED);
  fillPolygon(frame, box(0, 0, columns * RESOLUTION, rows * RESOLUTION), (index) => void (cells[index] = FREE));
  for (const polygon of solid) fillPolygon(frame, polygon, (index) => void (cells[index] = OCCUPIED));
  const occupancy: OccupancyGrid = { ...frame, cells };
  const open = openMap({ zones: [], forbiddenZones: [] }, [0, 0], [width, height]);
  return { name, map: { ...open, occupancy }, area: box(0, 0, width, height), start: [0.6, 0.6] };
}

function depot(): Room {
  const map = mapFromOccupancy({ zones: [], forbiddenZones: [] }, readMapFile(DEPOT).occupancy);
  const area = box(0, 0, map.width * map.resolution, map.height * map.resolution);
  return { name: "depot", map, area, start: [5, 1.5] };
}

function spots(rng: Rng, width: number, height: number, most: number): Point[] {
  const count = 3 + Math.floor(rng.float() * (most - 2));
  return Array.from({ length: count }, (): Point => [between(rng, 1.5, width - 1), between(rng, 1.5, height - 1)]);
}

function between(rng: Rng, low: number, high: number): number {
  return low + rng.float() * (high - low);
}

function box(left: number, bottom: number, right: number, top: number): Polygon {
  return [[left, bottom], [right, bottom], [right, top], [left, top]]; // prettier-ignore
}

function round(x: number, y: number, radius: number): Polygon {
  return Array.from({ length: 24 }, (_, at): Point => {
    const angle = (at / 12) * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

function turned(x: number, y: number, length: number, width: number, angle: number): Polygon {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const corners: Polygon = [[length / 2, width / 2], [-length / 2, width / 2], [-length / 2, -width / 2], [length / 2, -width / 2]]; // prettier-ignore
  return corners.map(([cx, cy]): Point => [x + cos * cx - sin * cy, y + sin * cx + cos * cy]);
}
