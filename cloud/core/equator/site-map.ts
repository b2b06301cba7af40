import { z } from "zod";
import { Landmark, Spatial, Zone, type Occupancy } from "#contract/spatial";

/** What belongs to a map besides its picture: `NAME.places.yaml` beside `NAME.yaml`. */
export const MapPlaces = z.strictObject({
  mapRevision: Spatial.shape.mapRevision,
  zones: z.array(Zone).max(5000).default([]),
  landmarks: z.array(Landmark).max(50_000).default([]),
});
export type MapPlaces = z.infer<typeof MapPlaces>;

/** A whole map of the site, of which contracts carry excerpts. */
export interface SiteMap extends MapPlaces {
  readonly mapId: string;
  readonly occupancy: Occupancy;
}

/** Maps of the site (documents 1 and 2: Equator). The default reads a folder of ROS map_server maps. */
export interface Equator {
  map(mapId: string): SiteMap | undefined;
  /** Ids of all maps. */
  list(): readonly string[];
}

/** Maps that are given as they are. */
export function createEquator(maps: readonly SiteMap[]): Equator {
  const known = new Map(maps.map((map) => [map.mapId, map]));
  return { map: (mapId) => known.get(mapId), list: () => [...known.keys()].toSorted() };
}
