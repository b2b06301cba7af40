import { OCCUPIED, UNKNOWN, decodeOccupancy, type OccupancyGrid } from "#contract/occupancy-grid";
import type { Spatial } from "#contract/spatial";
import { isInside, type Point, type Pose } from "#lib/geometry";
import type { ConsoleCommand } from "../core/command.ts";
import { ok, refused, word, type Told } from "../core/reply.ts";
import { duration } from "../core/text.ts";

/** Characters are about twice as high as wide, so a row stands for twice the metres of a column. */
const WIDTH = 77;
const HEIGHT = 21;
const METRES_ACROSS = 20;
const METRES_MAX = 500;

export const map: ConsoleCommand = {
  name: "map",
  usage: "[METRES]",
  summary: "the surroundings, METRES across",
  role: "viewer",
  needsAgent: true,
  wordsMax: 1,
  run({ words: [text = String(METRES_ACROSS)] }, { facts }) {
    const metres = Number(text);
    if (!(metres >= 1 && metres <= METRES_MAX)) return refused("usage", `map takes metres from 1 to ${METRES_MAX}`);
    const { live, contract, nowMs } = facts();
    const { robot, report } = live!;
    if (!robot.pose) return refused("not_ready", "the robot does not know where it is");
    const drawn = draw({ pose: robot.pose, route: robot.route, spatial: contract?.spatial, metres });
    const ageMs = report ? nowMs - report.atMs : undefined;
    return ok(toldOf(drawn, metres, ageMs));
  },
};

const LEGEND = "# wall  ? unknown  x no-go  * route  o place  > < ^ v the robot";

function toldOf(rows: readonly string[], metres: number, ageMs: number | undefined): Told {
  const column = metres / WIDTH;
  const age = ageMs === undefined ? "" : `, ${duration(ageMs)} ago`;
  const edge = `+${"-".repeat(WIDTH)}+`;
  return {
    lines: [
      edge,
      ...rows.map((row) => `|${row}|`),
      edge,
      `${metres} m across, ${column.toFixed(2)} m a column, ${(2 * column).toFixed(2)} m a row, north up${age}`,
      LEGEND,
    ],
    records: [
      {
        rows,
        metresPerColumn: Number(column.toFixed(4)),
        metresPerRow: Number((2 * column).toFixed(4)),
        legend: word(LEGEND).json,
        ageSeconds: ageMs === undefined ? null : Math.round(ageMs) / 1000,
      },
    ],
  };
}

interface Scene {
  readonly pose: Pose;
  readonly route: readonly Point[];
  readonly spatial: Spatial | undefined;
  readonly metres: number;
}

/** Rows from north to south, with the robot in the middle. What matters most is drawn last. */
function draw({ pose, route, spatial, metres }: Scene): string[] {
  const here: Point = [pose.x, pose.y];
  const column = metres / WIDTH;
  const row = 2 * column;
  const grid = spatial?.occupancy && decodeOccupancy(spatial.occupancy);
  const keepouts = spatial?.zones.filter(({ kind }) => kind === "keepout") ?? [];
  const left = pose.x - metres / 2;
  const top = pose.y + (HEIGHT * row) / 2;
  const cells = Array.from({ length: HEIGHT }, (_, line) =>
    Array.from({ length: WIDTH }, (_, at) => {
      const cell = { x: left + at * column, y: top - (line + 1) * row, width: column, height: row };
      const ground = grid ? groundIn(grid, cell) : " ";
      if (ground === "#") return ground;
      const middle = [cell.x + column / 2, cell.y + row / 2] as const;
      const isForbidden = keepouts.some(({ polygon }) => isInside(middle, polygon));
      return isForbidden ? "x" : ground;
    }),
  );
  const put = ([x, y]: Point, sign: string): void => {
    const [at, line] = [Math.floor((x - left) / column), Math.floor((top - y) / row)];
    if (cells[line]?.[at] !== undefined) cells[line][at] = sign;
  };
  for (const point of alongRoute([here, ...route], column)) put(point, "*");
  for (const {
    pose: [x, y],
  } of spatial?.landmarks ?? [])
    put([x, y], "o");
  put(here, arrow(pose.yaw));
  return cells.map((line) => line.join(""));
}

interface Cell {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A wall that is thinner than a character is still a wall. */
function groundIn(grid: OccupancyGrid, { x, y, width, height }: Cell): string {
  const { resolution, originX, originY } = grid;
  const index = (value: number, origin: number): number => Math.floor((value - origin) / resolution + 1e-9);
  const [fromX, toX] = [index(x, originX), index(x + width, originX)];
  const [fromY, toY] = [index(y, originY), index(y + height, originY)];
  let isKnown = false;
  for (let cellY = fromY; cellY <= Math.max(fromY, toY - 1); cellY++) {
    for (let cellX = fromX; cellX <= Math.max(fromX, toX - 1); cellX++) {
      const isOn = cellX >= 0 && cellY >= 0 && cellX < grid.width && cellY < grid.height;
      const value = isOn ? grid.cells[cellY * grid.width + cellX] : UNKNOWN;
      if (value === OCCUPIED) return "#";
      isKnown ||= value !== UNKNOWN;
    }
  }
  return isKnown ? " " : "?";
}

/** Points on the way, close enough to leave no gap between characters. */
function* alongRoute(points: readonly Point[], step: number): Generator<Point> {
  for (let at = 1; at < points.length; at++) {
    const [from, to] = [points[at - 1]!, points[at]!];
    const count = Math.min(1000, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / step));
    for (let part = 1; part <= count; part++) {
      const share = part / count;
      yield [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    }
  }
}

function arrow(yaw: number): string {
  const quarter = Math.round(yaw / (Math.PI / 2));
  return [">", "^", "<", "v"][((quarter % 4) + 4) % 4]!;
}
