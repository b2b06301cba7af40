import { type Point, type Pose, poseFrom } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { bodyThing, obstacleThing, type Thing } from "./space/shapes.ts";
import { neighboursOf } from "./space/surroundings.ts";
import { solidsOf } from "./space/scene.ts";
import { prepareTerrain } from "./space/terrain.ts";
import { createItinerary } from "./traffic/itinerary.ts";
import type { RobotSpec, WorldSpec } from "./world-spec.ts";

/** Where things stand when a world begins. */
export interface Placement
  extends Pick<WorldSpec, "map" | "obstacles">, Partial<Pick<WorldSpec, "sites" | "vehicles" | "doors">> {
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
export function findMisplaced({ map, robots, ...others }: Placement): Misplacement[] {
  const terrain = prepareTerrain(map);
  const things = othersAt(others);
  const bodies = robots.map(({ id, pose, footprint }) => bodyThing(`robot ${id}`, footprint, poseFrom(pose)));
  return bodies.flatMap((body, robot) => {
    const touches = neighboursOf(body, solidsOf(terrain, [...things, ...bodies]), NEAR)
      .filter(({ gap }) => gap === 0)
      .map(({ id }) => (id === "map" ? "what is occupied on the map" : id));
    if (!isOnFloor(map, robots[robot]!.pose)) touches.push("the outside of the map's walls");
    return touches.length === 0 ? [] : [{ robot, touches }];
  });
}

/** What else is solid at the start. */
function othersAt({ obstacles, sites = [], vehicles = [], doors = [] }: Omit<Placement, "map" | "robots">): Thing[] {
  return [
    ...obstacles.map((obstacle, index) => obstacleThing(`obstacles.${index}`, obstacle)),
    ...sites.flatMap(({ id, body, pose }) => (body ? [bodyThing(`the body of ${id}`, body, poseFrom(pose))] : [])),
    ...vehicles.map(({ path, footprint }, index) => bodyThing(`vehicles.${index}`, footprint, startOf(path))),
    ...doors.map(({ id, wall }) => obstacleThing(`the door ${id}`, { wall })),
  ];
}

function startOf(path: readonly Point[]): Pose {
  return createItinerary(path, { speed: 1, turnSpeed: 1, pause: 0 }).poseAt(0);
}

function isOnFloor(map: WorldSpec["map"], [x, y]: RobotSpec["pose"]): boolean {
  if (!("empty" in map)) return true;
  const [xMin, yMin, xMax, yMax] = map.empty;
  return x > xMin && x < xMax && y > yMin && y < yMax;
}
