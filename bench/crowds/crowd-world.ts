import { fileURLToPath } from "node:url";
import { motionProfileOf } from "#agent/profile";
import type { ControlWorld, MotionProfile } from "#agent/control/control";
import type { Zone } from "#contract/spatial";
import { makeFootprint } from "#edge-planner/footprint";
import { planRoute, type Route } from "#edge-planner/global/global-path";
import { cellCentreX, cellCentreY, sample } from "#edge-planner/grid";
import { mapFromOccupancy, type PlanningMap } from "#edge-planner/planning-map";
import { assert } from "#lib/errors";
import { type Point, polylineLength, type Pose } from "#lib/geometry";
import { createRng, type Rng } from "#lib/rng";
import type { Metres } from "#lib/units";
import { loadScenario } from "#sim/scenario-file";
import { worldSpecOf } from "#sim/scenario-world";
import { prepareTerrain, type Terrain } from "#sim/world/space/terrain";
import { type PersonSpec, type VehicleSpec, WorldSpec } from "#sim/world/world-spec";

const SCENARIO = fileURLToPath(new URL("../../config/scenarios/warehouse-pick.yaml", import.meta.url));
export const ROBOT = "amr-07";

/** The real warehouse, and the robot of the demonstration: what all crowds have in common. */
export interface Ground {
  readonly spec: WorldSpec;
  readonly place: ControlWorld;
  readonly map: PlanningMap;
  readonly terrain: Terrain;
  readonly profile: MotionProfile;
}

/** A drive from one place to another, and those who are about meanwhile. */
export interface Crowd {
  readonly seed: number;
  readonly start: Pose;
  readonly goal: Pose;
  readonly slow: Zone;
  readonly people: readonly PersonSpec[];
  readonly vehicles: readonly VehicleSpec[];
  /** Walkers, those on fixed paths and vehicles together. */
  readonly count: number;
}

const MOST_MOVERS = 20;
const MOST_VEHICLES = 3;
/** One in so many walks on a fixed path and yields to nobody. */
const STUBBORN_SHARE = 4;
const [SHORTEST, LONGEST]: readonly [Metres, Metres] = [9, 22];
/** The crowd walks in the box around the robot's way, and so much around it. */
const AROUND: Metres = 3;
/** A start or goal lies so far from anything on the map, and a vehicle's way too. */
const ROOM: Metres = 0.7;
const VEHICLE_ROOM: Metres = 0.75;
const VEHICLE_TURNING_ROOM: Metres = 1.8;
const SLOW_SPEED = 0.5;
const SLOW_HALF: Metres = 1.5;
/** Nobody stands so near to where the robot sets out or arrives. */
const TRIES = 20_000;

export function loadGround(): Ground {
  const loaded = loadScenario(SCENARIO);
  const { mapId, occupancy, zones } = loaded.contracts[0]!.draft.spatial;
  assert(occupancy, "the contract of the main job carries a map");
  const place = {
    mapId,
    occupancy,
    zones,
    forbiddenZones: loaded.contracts[0]!.draft.constraints.zones.forbidden ?? [],
  };
  const spec = { ...worldSpecOf(loaded), obstacles: [], sites: [] };
  const map = mapFromOccupancy(place, occupancy);
  const profile = motionProfileOf(loaded.profiles.get(ROBOT)!);
  return { spec, place, map, profile, terrain: prepareTerrain(spec.map) };
}

/** Draws the drive and the crowd of a seed; `most` limits how many are about. */
export function drawCrowd({ map, profile }: Ground, seed: number, most = MOST_MOVERS): Crowd {
  const rng = createRng(seed).fork("crowd");
  const terrain = { map, clearance: map.clearance, footprint: makeFootprint(profile.footprint) };
  const { start, goal, route } = drawDrive(terrain, rng.fork("drive"));
  const count = rng.integer(1, most);
  const vehicles = drawVehicles(map, route, Math.min(MOST_VEHICLES, Math.floor(count / 4)), rng.fork("vehicles"));
  const onFoot = count - vehicles.length;
  const stubborn = Math.floor(onFoot / STUBBORN_SHARE);
  const walk = { count: Math.max(1, onFoot - stubborn), area: areaOf(route) };
  const crowd: PersonSpec = { walk, speed: 1.1, radius: 0.25 };
  const crossing = Array.from({ length: stubborn }, () => drawCrossing(map, route, rng));
  return { seed, start, goal, slow: slowZone(route), people: [crowd, ...crossing], vehicles, count };
}

/** The world of a crowd; an empty one shows how long the drive takes when nobody is about. */
export function worldOf({ spec }: Ground, crowd: Crowd, who: "crowded" | "empty"): WorldSpec {
  const robot = spec.robots.find(({ id }) => id === ROBOT)!;
  const { x, y, yaw } = crowd.start;
  return {
    ...spec,
    zones: [...spec.zones, crowd.slow],
    robots: [{ ...robot, pose: [x, y, yaw] }],
    people: who === "empty" ? [] : [...crowd.people],
    vehicles: who === "empty" ? [] : [...crowd.vehicles],
  };
}

function drawDrive(terrain: Parameters<typeof planRoute>[0], rng: Rng): { start: Pose; goal: Pose; route: Route } {
  for (let tried = 0; tried < TRIES; tried++) {
    const [start, goal] = [drawPose(terrain.map, ROOM, rng), drawPose(terrain.map, ROOM, rng)];
    const straight = Math.hypot(start.x - goal.x, start.y - goal.y);
    if (straight < SHORTEST / 2 || straight > LONGEST) continue;
    const found = planRoute(terrain, start, goal);
    const length = found.ok ? polylineLength(found.route.points) : 0;
    if (found.ok && length >= SHORTEST && length <= LONGEST) return { start, goal, route: found.route };
  }
  throw assertNever("a drive");
}

function drawPose(map: PlanningMap, room: Metres, rng: Rng): Pose {
  for (let tried = 0; tried < TRIES; tried++) {
    const index = rng.integer(0, map.width * map.height - 1);
    const [x, y] = [cellCentreX(map, index), cellCentreY(map, index)];
    if (isRoomy(map, x, y, room)) return { x, y, yaw: (rng.float() - 0.5) * 2 * Math.PI };
  }
  throw assertNever("a pose");
}

/** Somebody who crosses the robot's way to and fro at a right angle, as far as there is floor. */
function drawCrossing(map: PlanningMap, { points }: Route, rng: Rng): PersonSpec {
  const at = rng.integer(1, points.length - 1);
  const [a, b] = [points[at - 1]!, points[at]!];
  const share = 0.2 + 0.6 * rng.float();
  const middle: Point = [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  const across = Math.atan2(b[1] - a[1], b[0] - a[0]) + Math.PI / 2;
  const end = (way: number): [number, number] => {
    let reach = 0;
    const pointAt = (far: number): [number, number] => [
      middle[0] + way * far * Math.cos(across),
      middle[1] + way * far * Math.sin(across),
    ];
    while (reach < 5 && isRoomy(map, ...pointAt(reach + 0.1), 0.35)) reach += 0.1;
    return pointAt(reach);
  };
  return { path: [end(1), end(-1)], speed: 0.7 + 0.5 * rng.float(), radius: 0.25 };
}

/** Forklifts on straight ways near the robot's, which wait for who is in their way. */
function drawVehicles(map: PlanningMap, route: Route, count: number, rng: Rng): VehicleSpec[] {
  const [xMin, yMin, xMax, yMax] = areaOf(route);
  const vehicles: VehicleSpec[] = [];
  for (let tried = 0; vehicles.length < count && tried < TRIES; tried++) {
    const from: Point = [xMin + rng.float() * (xMax - xMin), yMin + rng.float() * (yMax - yMin)];
    const [heading, length] = [(rng.float() - 0.5) * 2 * Math.PI, 4 + 6 * rng.float()];
    const to: Point = [from[0] + length * Math.cos(heading), from[1] + length * Math.sin(heading)];
    const isClear = Array.from({ length: 101 }, (_, at) => at / 100).every((share) => {
      const room = share === 0 || share === 1 ? VEHICLE_TURNING_ROOM : VEHICLE_ROOM;
      return isRoomy(map, from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, room);
    });
    const start = route.points[0]!;
    const isAway = distanceToLine(start, from, to) > 3;
    if (!isClear || !isAway) continue;
    const [spec] = WorldSpec.shape.vehicles.parse([{ path: [from, to], speed: 1.2, pause: 2, stopsFor: 2 }]);
    vehicles.push(spec!);
  }
  return vehicles;
}

function isRoomy(map: PlanningMap, x: Metres, y: Metres, room: Metres): boolean {
  const { zoneClearance } = map;
  return sample(map, map.clearance, x, y, 0) >= room && (!zoneClearance || sample(map, zoneClearance, x, y, 0) >= room);
}

/** A zone in which people are to be expected, in the middle of the way. */
function slowZone({ points }: Route): Zone {
  const [x, y] = points[Math.floor(points.length / 2)]!;
  const polygon: Zone["polygon"] = [
    [x - SLOW_HALF, y - SLOW_HALF],
    [x + SLOW_HALF, y - SLOW_HALF],
    [x + SLOW_HALF, y + SLOW_HALF],
    [x - SLOW_HALF, y + SLOW_HALF],
  ];
  return { id: "people-about", kind: "slow-near-people", polygon, maxSpeed: SLOW_SPEED };
}

function areaOf({ points }: Route): [number, number, number, number] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs) - AROUND, Math.min(...ys) - AROUND, Math.max(...xs) + AROUND, Math.max(...ys) + AROUND];
}

function distanceToLine([x, y]: Point, a: Point, b: Point): Metres {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const share = Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - a[0] - share * dx, y - a[1] - share * dy);
}

function assertNever(what: string): Error {
  return new RangeError(`the warehouse has no room for ${what}`);
}
