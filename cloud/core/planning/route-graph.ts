import { decodeOccupancy, OCCUPIED, UNKNOWN, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Occupancy, Zone } from "#contract/spatial";
import { isInside, type Point } from "#lib/geometry";
import type { Metres } from "#lib/units";

/**
 * A map in coarse squares that a robot can cross or not. It is the platform's own idea of how far places are apart: it plans no
 * motion and shares nothing with the planner on the robot, so that neither inherits an error of the other.
 */
export interface RouteGraph {
  readonly columns: number;
  readonly rows: number;
  readonly edge: Metres;
  readonly originX: Metres;
  readonly originY: Metres;
  /** 1 where a robot can be, row-major from the lower-left corner. */
  readonly open: Uint8Array;
}

/** Ways from one place to all others. */
export interface Ways {
  /** Metres to a point; undefined when there is no way. */
  metresTo(point: Point): Metres | undefined;
  /** The way itself, from the start on. */
  pathTo(point: Point): readonly Point[] | undefined;
}

/** Less than a robot is wide, so that a doorway of a metre stays open. */
const EDGE: Metres = 0.25;
const SQUARES_MAX = 250_000;
/** A place may be told a little inside of what is closed: a rack's landmark, a robot at its charger. */
const SNAP: Metres = 2;
/** Straight and diagonal steps in whole numbers; 7/5 is the square root of 2 but for one percent. */
const [STRAIGHT, DIAGONAL] = [5, 7];

/** Squares with anything in them are closed, and those beside them; so are keepout zones and what is mostly unknown. */
export function routeGraphOf(occupancy: Occupancy, zones: readonly Zone[]): RouteGraph {
  const grid = decodeOccupancy(occupancy);
  const [width, height] = [grid.width * grid.resolution, grid.height * grid.resolution];
  const edge = Math.max(EDGE, grid.resolution, Math.sqrt((width * height) / SQUARES_MAX));
  const { originX, originY } = grid;
  const frame = { columns: Math.ceil(width / edge), rows: Math.ceil(height / edge), edge, originX, originY };
  const solid = solidSquares(grid, frame);
  const keepouts = zones.filter(({ kind }) => kind === "keepout").map(({ polygon }) => polygon);
  const open = Uint8Array.from({ length: frame.columns * frame.rows }, (_, at) => {
    const isFree = solid[at] === 0 && neighbours(frame, at).every(({ to }) => solid[to] !== OCCUPIED);
    return isFree && !keepouts.some((polygon) => isInside(centreOf(frame, at), polygon)) ? 1 : 0;
  });
  return { ...frame, open };
}

/** All ways from a point (Dijkstra 1959, with the buckets of Dial 1969). Undefined when nothing open is near it. */
export function waysFrom(graph: RouteGraph, start: Point): Ways | undefined {
  const from = openNear(graph, start);
  if (from === undefined) return undefined;
  const { cost, cameFrom } = spread(graph, from);
  const reach = (point: Point): number | undefined => {
    const at = openNear(graph, point);
    return at === undefined || cost[at]! < 0 ? undefined : at;
  };
  return {
    metresTo(point) {
      const at = reach(point);
      return at === undefined ? undefined : (cost[at]! / STRAIGHT) * graph.edge;
    },
    pathTo(point) {
      const points: Point[] = [point];
      let at = reach(point);
      if (at === undefined) return undefined;
      for (; at !== from; at = cameFrom[at]!) points.push(centreOf(graph, at));
      return [start, ...points.toReversed()];
    },
  };
}

type Frame = Omit<RouteGraph, "open">;

/** 0, `OCCUPIED` or `UNKNOWN` for each square. */
function solidSquares(grid: OccupancyGrid, frame: Frame): Uint8Array {
  const solid = new Uint8Array(frame.columns * frame.rows);
  const unknown = new Uint32Array(solid.length);
  for (let y = 0; y < grid.height; y++) {
    const row = Math.floor((y * grid.resolution) / frame.edge) * frame.columns;
    for (let x = 0; x < grid.width; x++) {
      const cell = grid.cells[y * grid.width + x];
      if (cell === 0) continue;
      const at = row + Math.floor((x * grid.resolution) / frame.edge);
      if (cell === OCCUPIED) solid[at] = OCCUPIED;
      else unknown[at]! += 1;
    }
  }
  const half = (frame.edge / grid.resolution) ** 2 / 2;
  for (let at = 0; at < solid.length; at++) if (solid[at] === 0 && unknown[at]! > half) solid[at] = UNKNOWN;
  return solid;
}

function spread(graph: RouteGraph, from: number): { readonly cost: Int32Array; readonly cameFrom: Int32Array } {
  const cost = new Int32Array(graph.open.length).fill(-1);
  const cameFrom = new Int32Array(graph.open.length);
  const buckets: number[][] = Array.from({ length: DIAGONAL + 1 }, () => []);
  buckets[0]!.push(from);
  cost[from] = 0;
  let waiting = 1;
  for (let reached = 0; waiting > 0; reached++) {
    const bucket = buckets[reached % buckets.length]!;
    for (const at of bucket.splice(0)) {
      waiting -= 1;
      if (cost[at] !== reached) continue;
      for (const { to, step } of neighbours(graph, at)) {
        const next = reached + step;
        if (graph.open[to] === 0 || (cost[to]! >= 0 && cost[to]! <= next)) continue;
        cost[to] = next;
        cameFrom[to] = at;
        buckets[next % buckets.length]!.push(to);
        waiting += 1;
      }
    }
  }
  return { cost, cameFrom };
}

function neighbours({ columns, rows }: Frame, at: number): readonly { readonly to: number; readonly step: number }[] {
  const [x, y] = [at % columns, Math.floor(at / columns)];
  const around: { to: number; step: number }[] = [];
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const isSelf = dx === 0 && dy === 0;
      if (isSelf || x + dx < 0 || x + dx >= columns || y + dy < 0 || y + dy >= rows) continue;
      around.push({ to: at + dy * columns + dx, step: dx !== 0 && dy !== 0 ? DIAGONAL : STRAIGHT });
    }
  }
  return around;
}

/** The nearest open square, if there is one at hand. */
function openNear(graph: RouteGraph, [x, y]: Point): number | undefined {
  const { columns, rows, edge, originX, originY, open } = graph;
  const [column, row] = [Math.floor((x - originX) / edge), Math.floor((y - originY) / edge)];
  const reach = Math.ceil(SNAP / edge);
  let best: { readonly at: number; readonly far: number } | undefined;
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const [cx, cy] = [column + dx, row + dy];
      if (cx < 0 || cx >= columns || cy < 0 || cy >= rows || open[cy * columns + cx] === 0) continue;
      const far = dx * dx + dy * dy;
      if (!best || far < best.far) best = { at: cy * columns + cx, far };
    }
  }
  return best?.at;
}

function centreOf({ columns, edge, originX, originY }: Frame, at: number): Point {
  return [originX + ((at % columns) + 0.5) * edge, originY + (Math.floor(at / columns) + 0.5) * edge];
}
