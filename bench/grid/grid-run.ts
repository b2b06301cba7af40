import { type Point, polylineLength, type Pose } from "#lib/geometry";
import { distanceField } from "#edge-planner/distance-field";
import { makeFootprint } from "#edge-planner/footprint";
import { createSearchSpace, searchCells, type SearchGround } from "#edge-planner/global/cell-search";
import { createCostedGround } from "#edge-planner/global/costed-ground";
import { planOver } from "#edge-planner/global/global-path";
import { polylineCost, straighten } from "#edge-planner/global/path-smoothing";
import type { PlanningMap } from "#edge-planner/planning-map";
import { cellCentreX, cellCentreY } from "#edge-planner/grid";
import type { BenchmarkMap, Problem } from "./benchmark-map.ts";

/** One problem solved by one planner; `length` is infinite where it was not. */
export interface Solved {
  readonly problem: Problem;
  readonly points: readonly Point[];
  /** In cells. */
  readonly length: number;
  readonly wallMs: number;
  /** What this thread itself computed, however busy the machine was. */
  readonly cpuMs: number;
}

/** What one map showed. */
export interface GridRun {
  readonly map: BenchmarkMap;
  readonly exact: readonly Solved[];
  readonly anyAngle: readonly Solved[];
  readonly robot: readonly Solved[];
  /** To make the map ready for the robot's planner, once. */
  readonly preparedMs: number;
}

/** Solves all problems of a map three ways. */
export function runGrid(map: BenchmarkMap): GridRun {
  const ground = plainGround(map);
  const space = createSearchSpace(ground);
  const search = (directions: 8 | 16) => (problem: Problem) =>
    searchCells(ground, space, problem.from, problem.to, { nodeBudget: Infinity, directions });
  const exact = map.problems.map((problem) =>
    timed(problem, () => {
      const found = search(8)(problem);
      return found.ok ? { points: centresOf(ground, found.cells), length: found.cost } : undefined;
    }),
  );
  const anyAngle = map.problems.map((problem) =>
    timed(problem, () => {
      const found = search(16)(problem);
      if (!found.ok) return undefined;
      const points = straighten(ground, centresOf(ground, found.cells));
      return { points, length: lengthOf(ground, points) };
    }),
  );
  return { map, exact, anyAngle, ...runRobot(map, map.problems) };
}

/** Solves problems with the planner that the robot uses, on a map made ready once. */
export function runRobot(map: BenchmarkMap, problems: readonly Problem[]): Pick<GridRun, "robot" | "preparedMs"> {
  const startedMs = performance.now();
  const planningMap = planningMapOf(map);
  // A robot that is smaller than a cell, and asks for no room beyond it, has the benchmark's problems to solve.
  const ground = createCostedGround({ map: planningMap, clearance: planningMap.clearance, footprint: POINT });
  const preparedMs = performance.now() - startedMs;
  const robot = problems.map((problem) =>
    timed(problem, () => {
      const found = planOver(ground, poseAt(ground, problem.from), poseAt(ground, problem.to));
      return found.ok ? { points: found.route.points, length: lengthOf(ground, found.route.points) } : undefined;
    }),
  );
  return { robot, preparedMs };
}

function plainGround({ width, height, free }: BenchmarkMap): SearchGround {
  return { width, height, resolution: 1, originX: 0, originY: 0, costs: Float32Array.from(free) };
}

const POINT = makeFootprint([
  [-0.1, -0.1],
  [0.1, -0.1],
  [0.1, 0.1],
  [-0.1, 0.1],
]);

/** One cell is one metre, so that no cell next to a wall is narrow. */
function planningMapOf({ width, height, free }: BenchmarkMap): PlanningMap {
  const frame = { width, height, resolution: 1, originX: 0, originY: 0 };
  const clearance = distanceField(
    free.map((isFree) => 1 - isFree),
    frame,
    5,
  );
  return { ...frame, clearance, zones: [] };
}

function poseAt(ground: SearchGround, cell: number): Pose {
  return { x: cellCentreX(ground, cell), y: cellCentreY(ground, cell), yaw: 0 };
}

function centresOf(ground: SearchGround, cells: readonly number[]): Point[] {
  return cells.map((cell): Point => [cellCentreX(ground, cell), cellCentreY(ground, cell)]);
}

/** In cells; infinite for a way that touches a closed cell or the corner of one. */
function lengthOf(ground: SearchGround, points: readonly Point[]): number {
  return polylineCost(ground, points) === Infinity ? Infinity : polylineLength(points);
}

function timed(problem: Problem, solve: () => { points: readonly Point[]; length: number } | undefined): Solved {
  const [startedMs, before] = [performance.now(), process.threadCpuUsage()];
  const found = solve();
  const { user, system } = process.threadCpuUsage(before);
  const wallMs = performance.now() - startedMs;
  return { problem, points: [], length: Infinity, ...found, wallMs, cpuMs: (user + system) / 1000 };
}
