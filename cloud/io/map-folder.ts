import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
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
      const picture = join(folder, `${mapId}.yaml`);
      if (!existsSync(picture))
        throw new AgentError("config.invalid", `${join(folder, file)}: there is no map ${mapId}.yaml beside it`);
      return { mapId, occupancy: readMapFile(picture).occupancy, ...loadYaml(join(folder, file), MapPlaces) };
    });
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (thrown) {
    throw new AgentError("config.invalid", `maps: ${folder} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}
