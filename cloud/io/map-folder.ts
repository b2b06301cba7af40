import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readMapFile } from "#contract/io/map-file";
import { AgentError, messageOf } from "#lib/errors";
import { loadYaml } from "#lib/node/yaml-file";
import { MapPlaces, type SiteMap } from "../core/equator/site-map.ts";

const PLACES = ".places.yaml";

/**
 * The maps of a folder: each `NAME.places.yaml` with the map_server map `NAME.yaml` beside it. Maps without places are left out:
 * nothing could be named on them. Throws `config.invalid` naming file and field.
 */
export function readMapFolder(folder: string): readonly SiteMap[] {
  return filesIn(folder)
    .filter((file) => file.endsWith(PLACES))
    .map((file) => {
      const mapId = basename(file, PLACES);
      if (!existsSync(join(folder, `${mapId}.yaml`)))
        throw new AgentError("config.invalid", `${join(folder, file)}: there is no map ${mapId}.yaml beside it`);
      return readSiteMap(folder, mapId);
    });
}

/** The map of a map_server file `NAME.yaml` with the places of `NAME.places.yaml` beside it; undefined where there are none. */
export function readMapWithPlaces(picture: string): SiteMap | undefined {
  const [folder, mapId] = [dirname(picture), basename(picture, ".yaml")];
  return existsSync(join(folder, `${mapId}${PLACES}`)) ? readSiteMap(folder, mapId) : undefined;
}

function readSiteMap(folder: string, mapId: string): SiteMap {
  const { occupancy } = readMapFile(join(folder, `${mapId}.yaml`));
  return { mapId, occupancy, ...loadYaml(join(folder, `${mapId}${PLACES}`), MapPlaces) };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (thrown) {
    throw new AgentError("config.invalid", `maps: ${folder} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}
