import { z } from "zod";
import { Landmark, Occupancy, Zone } from "#contract/spatial";
import { problem } from "../../problem.ts";
import { problemAnswer, type Route } from "../route.ts";

const MapView = z.object({
  mapId: z.string(),
  mapRevision: z.string(),
  occupancy: Occupancy,
  zones: z.array(Zone),
  landmarks: z.array(Landmark),
});

const listMaps: Route = {
  method: "GET",
  path: "/maps",
  operationId: "listMaps",
  summary: "Ids of the site's maps",
  access: ["reader"],
  success: { status: 200, description: "the ids, sorted", schema: z.object({ items: z.array(z.string()) }) },
  handle: (execution) => ({ status: 200, body: { items: execution.maps.list() } }),
};

const getMap: Route = {
  method: "GET",
  path: "/maps/{id}",
  operationId: "getMap",
  summary: "A map of the site: its picture, zones and landmarks",
  access: ["reader"],
  success: { status: 200, description: "the map", schema: MapView },
  problems: { 404: "there is no such map" },
  handle: (execution, { params }) => {
    const map = execution.maps.map(params["id"]!);
    if (!map) return problemAnswer(problem("not_found", `there is no map ${params["id"]}`));
    return { status: 200, body: map };
  },
};

/** The ground that devices work on. */
export const mapRoutes: readonly Route[] = [listMaps, getMap];
