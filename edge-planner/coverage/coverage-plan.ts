import { type Point, polylineLength, type Pose } from "#lib/geometry";
import type { Metres, Radians, Share } from "#lib/units";
import { createSearchSpace, searchCells, type SearchGround, type SearchSpace } from "../global/cell-search.ts";
import { straighten } from "../global/path-smoothing.ts";
import { cellCentreX, cellCentreY, codeAt, indexAt, OUTSIDE } from "../grid.ts";
import type { PlanningMap } from "../planning-map.ts";
import { cellsOf, waysThrough } from "./cells.ts";
import { layFills } from "./fills.ts";
import { type CoveringRobot, type Floor, halfWidthOf, makeFloor, type Sightings } from "./floor.ts";
import { contoursOf, isOpenLine, layHeadland, wallAngle } from "./headland.ts";
import { type Passes, prune } from "./pruning.ts";
import { type Covered, layStrokes, OVERLAP, type Stroke } from "./strokes.ts";
import { createWayLengths, type Item, orderItems } from "./tour.ts";
import { sweepAlong } from "./tool-sweep.ts";

/** What is to be covered, by whom, from where. */
export interface CoverageRequest {
  readonly map: PlanningMap;
  readonly area: readonly Point[];
  readonly robot: CoveringRobot;
  readonly from: Pose;
  /** Share of what the tool can get to that is to be covered. */
  readonly target: Share;
  /** What is covered already; nothing unless given. */
  readonly isCovered?: (x: Metres, y: Metres) => boolean;
  /** Obstacles that the map does not show. */
  readonly sightings?: Sightings;
}

/** A way that covers an area. The robot turns on the spot at its corners. */
export interface CoveragePlan {
  /** From where the robot is. */
  readonly points: readonly Point[];
  readonly length: Metres;
  /** Of what the tool can get to: the share that is covered in the end. */
  readonly share: Share;
  /** Direction of the long passes. */
  readonly direction: Radians;
  readonly floor: Floor;
}

/** What an uncovered share of the floor costs, in metres of way for each metre that would cover it well. */
const FILL_COST = 2.2;
/** Getting from pass to pass, besides the way between them. */
const TURN_COST: Metres = 0.3;
/** Times that what ordering and links have left open is filled. */
const ROUNDS = 4;
/** Share of the floor that may be covered beyond what is asked for before passes are left out once more. */
const EXCESS: Share = 0.005;
/** Corners of a closed way at which it may be begun. */
const LOOP_STARTS = 8;

/**
 * Plans a way over all of an area that the robot's tool can get to: passes along walls and around obstacles where they save
 * way, parallel passes in the direction that makes the plan shortest, short ones over what is left. Passes are grouped into cells that
 * are driven back and forth, and cells are ordered by the ways between them. Deterministic.
 */
export function planCoverage(request: CoverageRequest): CoveragePlan {
  const { map, area, robot, from, target, isCovered, sightings } = request;
  const floor = makeFloor(map, area, robot, [from.x, from.y], sightings);
  const covered: Covered = new Uint8Array(floor.open.length);
  if (isCovered) {
    for (let index = 0; index < covered.length; index++) {
      if (isCovered(cellCentreX(floor, index), cellCentreY(floor, index))) covered[index] = 1;
    }
  }
  const contours = contoursOf(floor);
  const angle = wallAngle(contours);
  const layouts = [angle, angle + Math.PI / 2].flatMap((direction) =>
    [true, false].map((hasHeadland) => layOut({ ...request, floor, contours }, covered, direction, hasHeadland)),
  );
  const best = layouts.reduce((a, b) => (b.cost < a.cost ? b : a));
  const needed = Math.ceil(target * floor.wantedCells);
  return finish(request, floor, covered, { ...best, ...prune(floor, robot.tool, covered, best, needed) });
}

/** The long passes of a plan, before they are ordered. */
interface Layout extends Passes {
  readonly direction: Radians;
  /** About the length of the plan that comes of it. */
  readonly cost: Metres;
}

type Place = CoverageRequest & { readonly floor: Floor; readonly contours: readonly (readonly Point[])[] };

function layOut(
  { floor, contours, robot, target }: Place,
  before: Covered,
  direction: Radians,
  hasHeadland: boolean,
): Layout {
  const covered = before.slice();
  const headland = hasHeadland ? layHeadland(floor, robot.tool, covered, contours) : [];
  const strokes = layStrokes(floor, robot.tool, covered, direction);
  const lengths = [...headland, ...strokes.map(({ points }) => points)].map((points) => polylineLength(points));
  const driven = lengths.reduce((sum, length) => sum + length + TURN_COST + halfWidthOf(robot.tool), 0);
  const missing = Math.max(0, target * floor.wantedCells - coveredCells(floor, covered));
  const width = 2 * halfWidthOf(robot.tool);
  const cost = driven + (FILL_COST * missing * floor.resolution ** 2) / width;
  return { direction, headland, strokes, cost };
}

/** Orders and links the passes, leaves out what the links do besides, and fills what is open, until the plan covers what it should. */
function finish({ robot, from, target }: CoverageRequest, floor: Floor, before: Covered, layout: Layout): CoveragePlan {
  const needed = Math.ceil(target * floor.wantedCells);
  const fills: Stroke[] = [];
  const lengths = createWayLengths(floor);
  let passes: Passes = layout;
  for (let round = 0; ; round++) {
    const points = linked(floor, from, orderItems(lengths, itemsOf(robot, passes, fills), [from.x, from.y]));
    const covered = before.slice();
    sweepAlong(floor, robot.tool, points, from.yaw, (index) => void (covered[index] = 1));
    const cells = coveredCells(floor, covered);
    if (round === 0 && cells - needed > EXCESS * floor.wantedCells) {
      const byLinks = cells - coveredBy(floor, robot, before, passes);
      passes = prune(floor, robot.tool, before, passes, needed - byLinks);
      continue;
    }
    const directions = [layout.direction, layout.direction + Math.PI / 2];
    const isOpen = cells < needed && round <= ROUNDS;
    const more = isOpen ? layFills(floor, robot.tool, covered, directions, needed - cells) : [];
    fills.push(...more);
    if (more.length > 0) continue;
    const share = floor.wantedCells === 0 ? 1 : cells / floor.wantedCells;
    return { points, length: polylineLength(points), share, direction: layout.direction, floor };
  }
}

function itemsOf({ tool }: CoveringRobot, { headland, strokes }: Passes, fills: readonly Stroke[]): Item[] {
  const spacing = 2 * halfWidthOf(tool) * (1 - OVERLAP);
  return [
    ...headland.map((points) => ({ ways: waysAround(points) })),
    ...cellsOf(strokes, spacing).map((cell) => ({ ways: waysThrough(cell) })),
    ...fills.map((fill) => ({ ways: waysThrough([fill]) })),
  ];
}

/** Wanted cells that the passes cover without the ways between them. */
function coveredBy(floor: Floor, { tool }: CoveringRobot, before: Covered, { headland, strokes }: Passes): number {
  const covered = before.slice();
  for (const points of [...headland, ...strokes.map((stroke) => stroke.points)]) {
    sweepAlong(floor, tool, points, undefined, (index) => void (covered[index] = 1));
  }
  return coveredCells(floor, covered);
}

/** A closed way can be begun at any of its corners, an open one at its ends. */
function waysAround(points: readonly Point[]): (readonly Point[])[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  const isClosed = Math.hypot(first[0] - last[0], first[1] - last[1]) < 1e-6;
  if (!isClosed) return [points, points.toReversed()];
  const corners = points.slice(0, -1);
  const stride = Math.max(1, Math.floor(corners.length / LOOP_STARTS));
  return corners.flatMap((_, at) => {
    if (at % stride !== 0) return [];
    const around = [...corners.slice(at), ...corners.slice(0, at), corners[at]!];
    return [around, around.toReversed()];
  });
}

/** One polyline through all ways, with the shortest ways between them; what cannot be got to is left out. */
function linked(floor: Floor, { x, y }: Pose, ways: readonly (readonly Point[])[]): Point[] {
  const ground = { ...floor, costs: Float32Array.from(floor.open) };
  const space = createSearchSpace(floor);
  const points: Point[] = [[x, y]];
  for (const way of ways) {
    for (const [at, point] of way.entries()) {
      const link = linkTo(ground, space, points.at(-1)!, point);
      if (!link && at === 0) break;
      points.push(...(link ?? []).slice(1));
    }
  }
  return points;
}

type Ground = Floor & SearchGround;

const LINK_LIMITS = { nodeBudget: 2_000_000, directions: 8 } as const;

function linkTo(floor: Ground, space: SearchSpace, a: Point, b: Point): readonly Point[] | undefined {
  if (isOpenLine(floor, a, b)) return [a, b];
  const [from, to] = [nearestCell(floor, a), nearestCell(floor, b)];
  if (from === OUTSIDE || to === OUTSIDE) return undefined;
  const found = searchCells(floor, space, from, to, LINK_LIMITS);
  if (!found.ok) return undefined;
  const cells = found.cells.map((cell): Point => [cellCentreX(floor, cell), cellCentreY(floor, cell)]);
  return straighten(floor, [a, ...cells, b]);
}

/** The open cell at a point, or beside it. */
function nearestCell(floor: Floor, [x, y]: Point): number {
  for (const reach of [0, 1, 2, 4, 8, 16]) {
    for (const [dx, dy] of AROUND) {
      const index = indexAt(floor, x + dx * reach * floor.resolution, y + dy * reach * floor.resolution);
      if (index !== OUTSIDE && codeAt(floor.open, index) === 1) return index;
    }
  }
  return OUTSIDE;
}

const AROUND = [
  [0, 0],
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
  [1, 1],
  [-1, 1],
  [-1, -1],
  [1, -1],
] as const;

/** How many of the wanted cells are covered. */
export function coveredCells({ wanted }: Floor, covered: Covered): number {
  let cells = 0;
  for (let index = 0; index < wanted.length; index++) cells += codeAt(wanted, index) & codeAt(covered, index);
  return cells;
}
