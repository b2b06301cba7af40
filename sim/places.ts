import { createMapSource, type MapSource } from "#edge-planner/map-cache";
import type { LoadedScenario } from "./scenario-file.ts";
import { prepareTerrain, type Terrain } from "./world/space/terrain.ts";

type MapOfScenario = LoadedScenario["map"];

/** Maps made ready for worlds and planners, so that many runs in one place prepare it once. */
export interface Places {
  readonly maps: MapSource;
  terrainOf(map: MapOfScenario): Terrain;
}

export function createPlaces(): Places {
  const terrains = new WeakMap<MapOfScenario, Terrain>();
  return {
    maps: createMapSource(),
    terrainOf(map) {
      const terrain = terrains.get(map) ?? prepareTerrain(map);
      terrains.set(map, terrain);
      return terrain;
    },
  };
}
