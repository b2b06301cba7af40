import { distance, type Point } from "#lib/geometry";
import type { Equator } from "../equator/site-map.ts";
import { routeGraphOf, waysFrom, type RouteGraph, type Ways } from "./route-graph.ts";

/** How far places of the site are apart. */
export interface SiteWays {
  /** Ways from a place of a map; straight lines on a map that is not known, and from places that nothing leads to. */
  from(mapId: string | undefined, start: Point): Ways;
}

/** A few tasks' worth; each is as large as its map has squares. */
const WAYS_KEPT = 64;

/** Ways on the coarse graphs of the site's maps, which are drawn when they are first asked for. */
export function createSiteWays(equator: Equator): SiteWays {
  const graphs = new Map<string, RouteGraph>();
  const kept = new Map<string, Ways>();

  function graphOf(mapId: string): RouteGraph | undefined {
    const map = equator.map(mapId);
    if (!map) return undefined;
    const graph = graphs.get(mapId) ?? routeGraphOf(map.occupancy, map.zones);
    graphs.set(mapId, graph);
    return graph;
  }
  return {
    from(mapId, start) {
      const graph = mapId === undefined ? undefined : graphOf(mapId);
      if (!graph) return straightFrom(start);
      const key = `${mapId} ${start.map((metres) => metres.toFixed(1)).join(" ")}`;
      const ways = kept.get(key) ?? waysFrom(graph, start) ?? straightFrom(start);
      kept.delete(key);
      kept.set(key, ways);
      const [oldest] = kept.keys();
      if (kept.size > WAYS_KEPT && oldest !== undefined) kept.delete(oldest);
      return ways;
    },
  };
}

/** Ways on one graph, whatever map is asked for. */
export function waysOn(graph: RouteGraph): SiteWays {
  return { from: (_mapId, start) => waysFrom(graph, start) ?? straightFrom(start) };
}

function straightFrom([x, y]: Point): Ways {
  return {
    metresTo: ([toX, toY]) => distance({ x, y }, { x: toX, y: toY }),
    pathTo: (point) => [[x, y], point],
  };
}
