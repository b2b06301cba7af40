import type { z } from "zod";
import type { DeviceProfile } from "#agent/profile";
import type { Zone } from "#contract/spatial";
import type { LoadedScenario } from "./scenario-file.ts";
import { type BodySpec, type RobotSpec, WorldSpec } from "./world/world-spec.ts";

/** The world of a scenario, judged by the zones of its masks and of every contract in it. */
export function worldSpecOf({ scenario, map, zones, profiles, contracts }: LoadedScenario): WorldSpec {
  const judged = new Map<string, Zone>();
  for (const zone of [...zones, ...contracts.flatMap(({ draft }) => draft.spatial.zones)]) judged.set(zone.id, zone);
  return WorldSpec.parse({
    map,
    obstacles: scenario.obstacles,
    people: scenario.people,
    vehicles: scenario.vehicles,
    doors: scenario.doors,
    sites: scenario.sites,
    ...(scenario.dirt ? { dirt: scenario.dirt } : {}),
    zones: [...judged.values()],
    robots: scenario.robots.map((robot) => robotSpec(robot, profiles.get(robot.id)!)),
  });
}

/** A cleaning head where the profile has one, unless the scenario gives the robot another. */
function cleanerOf({ cleaner, tools }: DeviceProfile, body: BodySpec): Pick<RobotInput, "cleaner"> {
  if (body.cleaner) return { cleaner: body.cleaner };
  return cleaner && tools.includes("cleaner") ? { cleaner: { tool: cleaner.tool } } : {};
}

type PlacedRobot = LoadedScenario["scenario"]["robots"][number];
type RobotInput = z.input<typeof RobotSpec>;

function robotSpec(
  { id, pose, battery, odometryOrigin: origin, body = {} }: PlacedRobot,
  profile: DeviceProfile,
): RobotInput {
  const { footprint, limits, lidar, odometry, position, tools } = profile;
  return {
    id,
    pose,
    footprint: body.footprint ?? footprint,
    limits,
    lidar: { ...lidar, ...body.lidar },
    ...(body.base ? { base: body.base } : {}),
    ...cleanerOf(profile, body),
    ...(body.actuation ? { actuation: body.actuation } : {}),
    odometry: { ...odometry, ...(origin === undefined ? {} : { origin }) },
    position,
    battery: { ...profile.battery, ...(battery === undefined ? {} : { charge: battery }) },
    ...(tools.includes("load") ? { load: {} } : {}),
    ...(tools.includes("scanner") ? { scanner: {} } : {}),
  };
}
