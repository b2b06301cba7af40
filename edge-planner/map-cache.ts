import { mapFromOccupancy, type Place, type PlanningMap } from "./planning-map.ts";
import type { Occupancy } from "#contract/spatial";

/** Makes the planning map of a place, or finds it when an equal place was made ready before. */
export type MapSource = (place: Place, occupancy: Occupancy) => PlanningMap;

const KEPT_MAPS = 4;

/**
 * A source that remembers the maps it made last: decoding an image takes tens of milliseconds, and a simulation
 * starts hundreds of robots in one place.
 */
export function createMapSource(): MapSource {
  const kept = new Map<string, PlanningMap>();
  return (place, occupancy) => {
    const key = JSON.stringify([occupancy, place.zones, place.forbiddenZones, place.allowedZones, place.routes]);
    const map = kept.get(key) ?? mapFromOccupancy(place, occupancy);
    kept.delete(key);
    kept.set(key, map);
    const [oldest] = kept.keys();
    if (kept.size > KEPT_MAPS && oldest !== undefined) kept.delete(oldest);
    return map;
  };
}
