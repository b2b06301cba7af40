import { poseFrom } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { bodyThing, obstacleThing } from "./space/shapes.ts";
import { neighboursOf } from "./space/surroundings.ts";
import { solidsOf } from "./space/scene.ts";
import { prepareTerrain } from "./space/terrain.ts";
import type { RobotSpec, WorldSpec } from "./world-spec.ts";

/** Where things stand when a world begins. */
export interface Placement extends Pick<WorldSpec, "map" | "obstacles"> {
  readonly robots: readonly Pick<RobotSpec, "id" | "pose" | "footprint">[];
}

/** A robot that cannot stand where it is put. */
export interface Misplacement {
  /** Index of the robot. */
  readonly robot: number;
  /** What its footprint touches, in words, such as `obstacles.0` or `robot amr-08`. */
  readonly touches: readonly string[];
}

/** How far around a robot is looked; only what touches it counts. */
const NEAR: Metres = 1e-3;

/** The robots whose footprint touches something solid at the start, or that stand outside of the walls. */
export function findMisplaced({ map, obstacles, robots }: Placement): Misplacement[] {
  const terrain = prepareTerrain(map);
  const things = obstacles.map((obstacle, index) => obstacleThing(`obstacles.${index}`, obstacle));
  const bodies = robots.map(({ id, pose, footprint }) => bodyThing(`robot ${id}`, footprint, poseFrom(pose)));
  return bodies.flatMap((body, robot) => {
    const touches = neighboursOf(body, solidsOf(terrain, [...things, ...bodies]), NEAR)
      .filter(({ gap }) => gap === 0)
      .map(({ id }) => (id === "map" ? "what is occupied on the map" : id));
    if (!isOnFloor(map, robots[robot]!.pose)) touches.push("the outside of the map's walls");
    return touches.length === 0 ? [] : [{ robot, touches }];
  });
}

function isOnFloor(map: WorldSpec["map"], [x, y]: RobotSpec["pose"]): boolean {
  if (!("empty" in map)) return true;
  const [xMin, yMin, xMax, yMax] = map.empty;
  return x > xMin && x < xMax && y > yMin && y < yMax;
}
