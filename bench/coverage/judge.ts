import { FREE } from "#contract/occupancy-grid";
import { type CoveragePlan, planCoverage } from "#edge-planner/coverage/coverage-plan";
import type { CoveringRobot } from "#edge-planner/coverage/floor";
import { posesAlong, sweepTool } from "#edge-planner/coverage/tool-sweep";
import { cornersAt, makeFootprint } from "#edge-planner/footprint";
import { fillPolygon } from "#edge-planner/polygon-raster";
import { distance, type Point, type Pose, wrapAngle } from "#lib/geometry";
import type { Room } from "./rooms.ts";

/** What a plan is worth, by driving it in the mind of the bench, not of the planner. */
export interface Judged {
  readonly room: string;
  readonly target: number;
  /** Square metres that the tool can get to. */
  readonly area: number;
  /** Of that. */
  readonly covered: number;
  /** Length over the bound: area by width of the tool. */
  readonly ratio: number;
  /** Passes over covered floor, for each cell covered; a tool that comes back after two metres makes another. */
  readonly overlap: number;
  /** Turns on the spot by more than 20 degrees. */
  readonly turns: number;
  /** Poses, every 2 cm and 3 degrees, at which the footprint touches something. */
  readonly collisions: number;
  readonly poses: number;
  readonly planMs: number;
}

/** A round robot of 0.25 m radius with a tool as wide as itself. */
export const ROBOT: CoveringRobot = {
  footprint: makeFootprint(
    Array.from({ length: 16 }, (_, at): Point => [
      0.25 * Math.cos((at * Math.PI) / 8),
      0.25 * Math.sin((at * Math.PI) / 8),
    ]),
  ),
  tool: [[0.05, 0.25], [-0.05, 0.25], [-0.05, -0.25], [0.05, -0.25]], // prettier-ignore
  room: 0,
};
const WIDTH = 0.5;
const STEP = 0.02;
const TURN_STEP = 0.05;
const SHARP = 0.35;
const COMES_BACK = 2;

/** Plans a room and judges the plan. */
export function judge(room: Room, target: number): { readonly judged: Judged; readonly plan: CoveragePlan } {
  const [x, y] = room.start;
  const startMs = process.cpuUsage().user / 1000;
  const plan = planCoverage({ map: room.map, area: room.area, robot: ROBOT, from: { x, y, yaw: 0 }, target });
  const planMs = process.cpuUsage().user / 1000 - startMs;
  const poses = posesAlong(plan.points, 0);
  const area = plan.floor.wantedCells * plan.floor.resolution ** 2;
  const judged: Judged = {
    room: room.name,
    target,
    area,
    ...coverageOf(plan, poses),
    ratio: plan.length / (area / WIDTH),
    turns: turnsOf(poses),
    ...collisionsOf(room, poses),
    planMs,
  };
  return { judged, plan };
}

function coverageOf({ floor }: CoveragePlan, poses: readonly Pose[]): Pick<Judged, "covered" | "overlap"> {
  const passedAt = new Float64Array(floor.wanted.length).fill(-Infinity);
  let [covered, again, along] = [0, 0, 0];
  for (let at = 1; at < poses.length; at++) {
    const [from, to] = [poses[at - 1]!, poses[at]!];
    along += distance(from, to);
    sweepTool(floor, ROBOT.tool, from, to, (index) => {
      if (floor.wanted[index] !== 1) return;
      if (passedAt[index] === -Infinity) covered++;
      else if (along - passedAt[index]! > COMES_BACK) again++;
      passedAt[index] = along;
    });
  }
  return { covered: covered / floor.wantedCells, overlap: again / covered };
}

function turnsOf(poses: readonly Pose[]): number {
  return poses.filter((pose, at) => at > 0 && Math.abs(wrapAngle(pose.yaw - poses[at - 1]!.yaw)) > SHARP).length;
}

/** On the cells of the map itself: whether any that is not free has its centre under the footprint. */
function collisionsOf({ map }: Room, poses: readonly Pose[]): Pick<Judged, "collisions" | "poses"> {
  const occupancy = map.occupancy!;
  let [collisions, count] = [0, 0];
  for (let at = 1; at < poses.length; at++) {
    const [from, to] = [poses[at - 1]!, poses[at]!];
    const turn = wrapAngle(to.yaw - from.yaw);
    const steps = Math.max(1, Math.ceil(distance(from, to) / STEP), Math.ceil(Math.abs(turn) / TURN_STEP));
    for (let step = 0; step < steps; step++) {
      const share = step / steps;
      const pose = {
        x: from.x + (to.x - from.x) * share,
        y: from.y + (to.y - from.y) * share,
        yaw: from.yaw + turn * share,
      };
      let isHit = false;
      fillPolygon(occupancy, cornersAt(ROBOT.footprint, pose), (index) => (isHit ||= occupancy.cells[index] !== FREE));
      count++;
      if (isHit) collisions++;
    }
  }
  return { collisions, poses: count };
}
