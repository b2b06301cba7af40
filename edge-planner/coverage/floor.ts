import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { FREE } from "#contract/occupancy-grid";
import { distanceField } from "../distance-field.ts";
import type { Footprint } from "../footprint.ts";
import { cellAt, cellCentreX, cellCentreY, clamp, codeAt, type GridFrame, indexAt, OUTSIDE, sample } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import { fillPolygon } from "../polygon-raster.ts";

/** What covers floor: the robot, and the tool below it. */
export interface CoveringRobot {
  readonly footprint: Footprint;
  /** Corners, in the frame of the base, of the convex part of the floor that the tool covers at once. */
  readonly tool: readonly Point[];
  /** Room that is kept between the robot and what the map shows, beyond the grid's own error. */
  readonly room: Metres;
}

/** Floor to be covered, in square cells. */
export interface Floor extends GridFrame {
  /** 1 where the middle of the robot may be, whatever its heading, and where it gets to from where it is. */
  readonly open: Uint8Array;
  /** 1 where the tool can get to within the area. */
  readonly wanted: Uint8Array;
  readonly wantedCells: number;
  /** Free cells of the area, also those that the tool cannot get to. */
  readonly areaCells: number;
}

/** Obstacles that no map shows, as points in the frame of the map. */
export type Sightings = readonly Point[];

/** Cells of about this edge are fine enough for a tool of half a metre. */
const CELL: Metres = 0.05;
/** The robot may leave the area by this much to get from one part of it to another. */
const AROUND: Metres = 5;
/** A position is an estimate: a robot that seems to stand in something stands beside it. */
const NEAR: Metres = 1;
const FAR: Metres = 5;
/** Sizes in metres come out a little less than the whole number of cells that they are. */
const ROUNDING = 1e-6;

/** The floor of an area as a map shows it, for a robot that is at `from`; nothing is wanted where it cannot get there. */
export function makeFloor(
  map: PlanningMap,
  area: readonly Point[],
  robot: CoveringRobot,
  from: Point,
  sightings: Sightings = [],
): Floor {
  const frame = frameAround(map, area);
  const obstacles = obstaclesIn(frame, map, sightings);
  const { circumscribed } = robot.footprint;
  const needed = circumscribed + robot.room;
  const clearance = distanceField(obstacles, frame, FAR);
  const open = new Uint8Array(clearance.length);
  for (let index = 0; index < open.length; index++) {
    // Distances are between centres of cells, so an obstacle may be nearer by half a diagonal.
    if (cellAt(clearance, index) - frame.resolution * Math.SQRT1_2 < needed - 1e-6) continue;
    const zone = map.zoneClearance;
    const [x, y] = [cellCentreX(frame, index), cellCentreY(frame, index)];
    if (zone && sample(map, zone, x, y, 0) < circumscribed + map.resolution / 2) continue;
    open[index] = 1;
  }
  closeBorder(frame, open);
  keepReachable(frame, open, from);
  return { ...frame, open, ...wantedIn(frame, area, obstacles, open, robot.tool) };
}

/** Radius of the circle in which the tool lies whatever the heading. */
export function reachOf(tool: readonly Point[]): Metres {
  return Math.max(...tool.map(([x, y]) => Math.hypot(x, y)));
}

/** How far the tool reaches to either side, at least. */
export function halfWidthOf(tool: readonly Point[]): Metres {
  const ys = tool.map(([, y]) => y);
  return Math.min(Math.max(...ys), -Math.min(...ys));
}

function frameAround(map: PlanningMap, area: readonly Point[]): GridFrame {
  const source: GridFrame = map.occupancy ?? map;
  const resolution = source.resolution * Math.max(1, Math.round(CELL / source.resolution));
  const [xs, ys] = [area.map(([x]) => x), area.map(([, y]) => y)];
  const span = (low: number, high: number, origin: number, cells: number): [number, number] => {
    const most = Math.floor((cells * source.resolution) / resolution + ROUNDING);
    const first = clamp(Math.floor((low - AROUND - origin) / resolution), 0, most);
    return [first, clamp(Math.ceil((high + AROUND - origin) / resolution), first, most) - first];
  };
  const [left, width] = span(Math.min(...xs), Math.max(...xs), source.originX, source.width);
  const [bottom, height] = span(Math.min(...ys), Math.max(...ys), source.originY, source.height);
  const [originX, originY] = [source.originX + left * resolution, source.originY + bottom * resolution];
  return { width, height, resolution, originX, originY };
}

/** Where the map shows anything else than free floor, and where something was seen. */
function obstaclesIn(frame: GridFrame, map: PlanningMap, sightings: Sightings): Uint8Array {
  const obstacles = new Uint8Array(frame.width * frame.height);
  closeEdges(frame, map.occupancy ?? map, obstacles);
  const { occupancy } = map;
  if (occupancy) {
    const factor = Math.round(frame.resolution / occupancy.resolution);
    const left = Math.round((frame.originX - occupancy.originX) / occupancy.resolution);
    const bottom = Math.round((frame.originY - occupancy.originY) / occupancy.resolution);
    for (let row = 0; row < frame.height * factor; row++) {
      const from = (bottom + row) * occupancy.width + left;
      const into = Math.floor(row / factor) * frame.width;
      for (let column = 0; column < frame.width * factor; column++) {
        if (codeAt(occupancy.cells, from + column) !== FREE) obstacles[into + Math.floor(column / factor)] = 1;
      }
    }
  }
  // A sighting is a cell of the planning map, which may be larger than one of these.
  const half = map.resolution / 2 - 1e-6;
  for (const [x, y] of sightings) {
    for (const dx of [-half, 0, half]) {
      for (const dy of [-half, 0, half]) {
        const index = indexAt(frame, x + dx, y + dy);
        if (index !== OUTSIDE) obstacles[index] = 1;
      }
    }
  }
  return obstacles;
}

/** Beyond the map lies the unknown: where the floor ends with it, there is a wall. */
function closeEdges(frame: GridFrame, source: GridFrame, obstacles: Uint8Array): void {
  const { width, height, resolution, originX, originY } = frame;
  const isEnd = (end: Metres, sourceEnd: Metres): boolean => Math.abs(end - sourceEnd) < resolution;
  const close = (isClosed: boolean, count: number, indexOf: (at: number) => number): void => {
    for (let at = 0; isClosed && at < count; at++) obstacles[indexOf(at)] = 1;
  };
  const [sourceRight, sourceTop] = [
    source.originX + source.width * source.resolution,
    source.originY + source.height * source.resolution,
  ];
  close(isEnd(originX, source.originX), height, (row) => row * width);
  close(isEnd(originX + width * resolution, sourceRight), height, (row) => row * width + width - 1);
  close(isEnd(originY, source.originY), width, (column) => column);
  close(isEnd(originY + height * resolution, sourceTop), width, (column) => (height - 1) * width + column);
}

/** Searches rely on closed cells around all open ones. */
function closeBorder({ width, height }: GridFrame, open: Uint8Array): void {
  open.fill(0, 0, width);
  open.fill(0, Math.max(0, (height - 1) * width));
  for (let row = 0; row < height; row++) {
    open[row * width] = 0;
    open[row * width + width - 1] = 0;
  }
}

/** Closes what cannot be reached from the open cell nearest to a place; keeps all where the place is elsewhere. */
function keepReachable(frame: GridFrame, open: Uint8Array, [x, y]: Point): void {
  const start = nearestOpen(frame, open, x, y);
  if (start === OUTSIDE) return;
  const neighbours = [-1, 1, -frame.width, frame.width];
  const frontier = [start];
  open[start] = REACHED;
  for (let from = frontier.pop(); from !== undefined; from = frontier.pop()) {
    for (const step of neighbours) {
      if (codeAt(open, from + step) !== 1) continue;
      open[from + step] = REACHED;
      frontier.push(from + step);
    }
  }
  for (let index = 0; index < open.length; index++) open[index] = codeAt(open, index) === REACHED ? 1 : 0;
}

const REACHED = 2;

function nearestOpen(frame: GridFrame, open: Uint8Array, x: Metres, y: Metres): number {
  let nearest = NEAR;
  let found = OUTSIDE;
  const cells = Math.ceil(NEAR / frame.resolution);
  for (let row = -cells; row <= cells; row++) {
    for (let column = -cells; column <= cells; column++) {
      const index = indexAt(frame, x + column * frame.resolution, y + row * frame.resolution);
      if (index === OUTSIDE || codeAt(open, index) === 0) continue;
      const away = Math.hypot(cellCentreX(frame, index) - x, cellCentreY(frame, index) - y);
      if (away < nearest) [nearest, found] = [away, index];
    }
  }
  return found;
}

function wantedIn(
  frame: GridFrame,
  area: readonly Point[],
  obstacles: Uint8Array,
  open: Uint8Array,
  tool: readonly Point[],
): Pick<Floor, "wanted" | "wantedCells" | "areaCells"> {
  const away = distanceField(open, frame, FAR);
  const reach = reachOf(tool);
  const wanted = new Uint8Array(open.length);
  let [wantedCells, areaCells] = [0, 0];
  fillPolygon(frame, area, (index) => {
    if (codeAt(obstacles, index) !== 0) return;
    areaCells++;
    // What the very edge of the tool just touches is not what it gets to.
    if (cellAt(away, index) > reach - frame.resolution / 4 || wanted[index] === 1) return;
    wanted[index] = 1;
    wantedCells++;
  });
  return { wanted, wantedCells, areaCells };
}
