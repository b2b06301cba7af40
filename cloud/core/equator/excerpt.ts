import { z } from "zod";
import { ContractDraft, type Contract } from "#contract/contract";
import type { Problem } from "#contract/event";
import { Name } from "#contract/identifiers";
import { homeOf } from "#contract/offline";
import { Spatial, type Zone } from "#contract/spatial";
import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import type { SiteWays } from "../planning/site-ways.ts";
import { crop, type Box } from "./crop.ts";
import type { SiteMap } from "./site-map.ts";

/** A place that is only named: the cloud fills in the excerpt that the work needs. */
export const SpatialReference = z.strictObject({
  frame: z.literal("map").optional(),
  mapId: Name,
  mapRevision: Spatial.shape.mapRevision.optional(),
});
export type SpatialReference = z.infer<typeof SpatialReference>;

/** A contract as it may be asked for. */
export const ContractOrder = ContractDraft.extend({ spatial: z.union([Spatial, SpatialReference]) });
export type ContractOrder = z.infer<typeof ContractOrder>;

/** What of a contract decides where it leads. */
export type Errand = Pick<Contract, "stages" | "constraints"> & {
  readonly offline?: Contract["failurePolicy"]["offline"] | undefined;
  /** Where the robot is; without it the excerpt begins where the work does. */
  readonly from?: Point | undefined;
};

export type Excerpt =
  | { readonly ok: true; readonly spatial: Spatial }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface ExcerptLimits {
  /** Room around the way, so that a robot finds another one. */
  readonly margin: Metres;
  /** Of the excerpt as JSON; a larger one is drawn with coarser cells, and then with less room around the way. */
  readonly bytesMax: number;
}

export const EXCERPT_LIMITS: ExcerptLimits = { margin: 4, bytesMax: 64_000 };

/** Coarser and narrower, until it fits. Cells coarser than 0.1 m would close doorways. */
const ATTEMPTS = [
  { coarsening: 1, marginShare: 1 },
  { coarsening: 2, marginShare: 1 },
  { coarsening: 2, marginShare: 0.5 },
  { coarsening: 3, marginShare: 0.5 },
] as const;
const RESOLUTION_MAX: Metres = 0.1;

/**
 * What a robot needs of a map for an errand: the way by the platform's coarse route, with a margin; every zone and landmark that
 * lies there, and every one that a stage or constraint names. Names that the map does not know are problems.
 */
export function cutExcerpt(
  map: SiteMap,
  errand: Errand,
  ways: SiteWays,
  limits: ExcerptLimits = EXCERPT_LIMITS,
): Excerpt {
  const problems = unresolved(map, errand);
  if (problems.length > 0) return { ok: false, problems };
  const route = routeOf(map, errand, ways);
  for (const { coarsening, marginShare } of ATTEMPTS) {
    if (coarsening > 1 && map.occupancy.resolution * coarsening > RESOLUTION_MAX) continue;
    const spatial = excerptOf(map, errand, boxAround(route, limits.margin * marginShare), coarsening);
    if (JSON.stringify(spatial).length <= limits.bytesMax) return { ok: true, spatial };
  }
  const message = `the way needs more of map ${map.mapId} than ${limits.bytesMax} bytes hold`;
  return { ok: false, problems: [{ path: "/spatial", message, value: map.mapId }] };
}

function excerptOf(map: SiteMap, errand: Errand, box: Box, coarsening: number): Spatial {
  const { mapId, mapRevision, occupancy } = map;
  const zones = new Set(zonesNamed(errand).map(({ id }) => id));
  const landmarks = new Set(goalsOf(errand).map(({ to }) => to));
  return {
    frame: "map",
    mapId,
    mapRevision,
    occupancy: crop(occupancy, box, coarsening),
    zones: map.zones.filter((zone) => zones.has(zone.id) || touches(zone, box)),
    landmarks: map.landmarks.filter(({ id, pose: [x, y] }) => landmarks.has(id) || holds(box, [x, y])),
  };
}

/** All that the errand names and the map does not know. */
function unresolved(map: SiteMap, errand: Errand): Problem[] {
  const landmarks = new Set(map.landmarks.map(({ id }) => id));
  const zones = new Set(map.zones.map(({ id }) => id));
  const missing = (path: string, what: string, value: string): Problem => ({
    path,
    message: `map ${map.mapId} has no such ${what}`,
    value,
  });
  return [
    ...goalsOf(errand).flatMap(({ to, path }) =>
      typeof to === "string" && !landmarks.has(to) ? [missing(path, "landmark", to)] : [],
    ),
    ...zonesNamed(errand).flatMap(({ id, path }) => (zones.has(id) ? [] : [missing(path, "zone", id)])),
  ];
}

interface Goal {
  readonly to: unknown;
  readonly path: string;
}

/** Where stages drive to, in their order, their alternatives included. */
function goalsOf({ stages }: Pick<Errand, "stages">): readonly Goal[] {
  return stages.flatMap(({ action, inputs, alternatives = [] }, at) => {
    const others = alternatives.map((other, index) => ({
      action: other.action ?? action,
      to: other.inputs["to"],
      path: `/stages/${at}/alternatives/${index}/inputs/to`,
    }));
    const all = [{ action, to: inputs["to"] as unknown, path: `/stages/${at}/inputs/to` }, ...others];
    return all.filter((goal) => goal.action === "navigate");
  });
}

/** Zones that constraints or the inputs of a stage name. */
function zonesNamed({ stages, constraints }: Errand): readonly { readonly id: string; readonly path: string }[] {
  const { allowed = [], forbidden = [] } = constraints.zones;
  return [
    ...allowed.map((id, at) => ({ id, path: `/constraints/zones/allowed/${at}` })),
    ...forbidden.map((id, at) => ({ id, path: `/constraints/zones/forbidden/${at}` })),
    ...stages.flatMap(({ inputs: { zone } }, at) =>
      typeof zone === "string" ? [{ id: zone, path: `/stages/${at}/inputs/zone` }] : [],
    ),
  ];
}

/** From where the robot is through every goal, home where it may have to go there, and around zones that are worked in. */
function routeOf(map: SiteMap, errand: Errand, ways: SiteWays): readonly Point[] {
  const places = goalsOf(errand)
    .map(({ to }) => pointOf(map, to))
    .filter((point) => point !== undefined);
  const worked = map.zones.filter(({ id }) => errand.stages.some(({ inputs }) => inputs["zone"] === id));
  const stops: Point[] = [...(errand.from ? [errand.from] : []), ...places];
  const last = stops.at(-1);
  const home = last && errand.offline === "return-home" ? homeFrom(map, errand, last) : undefined;
  const all = home ? [...stops, home] : stops;
  const legs = all.flatMap((stop, at) => {
    const next = all[at + 1];
    return next ? (ways.from(map.mapId, stop).pathTo(next) ?? [stop, next]) : [stop];
  });
  return [...legs, ...worked.flatMap(({ polygon }) => polygon)];
}

function homeFrom(map: SiteMap, { constraints }: Errand, [x, y]: Point): Point | undefined {
  const home = homeOf({ spatial: map, constraints }, { x, y });
  return home && [home.pose[0], home.pose[1]];
}

function pointOf(map: SiteMap, to: unknown): Point | undefined {
  if (Array.isArray(to)) return [Number(to[0]), Number(to[1])];
  const found = map.landmarks.find(({ id }) => id === to);
  return found && [found.pose[0], found.pose[1]];
}

function boxAround(points: readonly Point[], margin: Metres): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return {
    minX: Math.min(...xs) - margin,
    minY: Math.min(...ys) - margin,
    maxX: Math.max(...xs) + margin,
    maxY: Math.max(...ys) + margin,
  };
}

function holds({ minX, minY, maxX, maxY }: Box, [x, y]: Point): boolean {
  return x >= minX && x <= maxX && y >= minY && y <= maxY;
}

/** By the zone's own box: one too many does no harm. */
function touches({ polygon }: Zone, box: Box): boolean {
  const own = boxAround(polygon, 0);
  return own.minX <= box.maxX && own.maxX >= box.minX && own.minY <= box.maxY && own.maxY >= box.minY;
}
