import { makeFootprint } from "#edge-planner/footprint";
import type { MapSource } from "#edge-planner/map-cache";
import { openMap } from "#edge-planner/planning-map";
import type { Metres } from "#lib/units";
import type { DeviceProfile } from "../profile.ts";
import type { CleaningDeps } from "../tools/cleaning/clean.ts";
import { worldOf } from "./outlook.ts";

/** Ground around an area that a robot without a map plans over. */
const AROUND: Metres = 10;

/** What cleaning takes of the profile, and how it finds the map of a contract: the same one that motion plans on. */
export function cleaningOf(
  { footprint, cleaner }: Pick<DeviceProfile, "footprint" | "cleaner">,
  maps: MapSource,
): Pick<CleaningDeps, "robot" | "mapOf"> {
  return {
    robot: cleaner && { footprint: makeFootprint(footprint), ...cleaner },
    mapOf(contract, area, from) {
      const world = worldOf(contract);
      if (world.occupancy) return maps(world, world.occupancy);
      const [xs, ys] = [area.map(([x]) => x), area.map(([, y]) => y)];
      return openMap(
        world,
        [Math.min(from.x, ...xs) - AROUND, Math.min(from.y, ...ys) - AROUND],
        [Math.max(from.x, ...xs) + AROUND, Math.max(from.y, ...ys) + AROUND],
      );
    },
  };
}
