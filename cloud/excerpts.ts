import { Constraints, ContractDraft, Stage } from "#contract/contract";
import { z } from "zod";
import type { CloudContext } from "./context.ts";
import { cutExcerpt, SpatialReference, type ContractOrder } from "./core/equator/excerpt.ts";
import type { SiteMap } from "./core/equator/site-map.ts";
import { type Answer, refuseContract } from "./problem.ts";

/** A contract whose place is filled in; `reference` is what was asked for, where only a map was named. */
export interface PlacedBody {
  readonly body: unknown;
  readonly reference?: SpatialReference;
}

/**
 * Fills in the excerpt of the map where a contract names only the map (`spatial: {mapId}`). Refuses maps, zones and landmarks that
 * are not known; what else is wrong with the contract is left to its own check.
 */
export function fillSpatial(context: CloudContext, body: unknown): Answer<PlacedBody> {
  const asked = z.looseObject({ spatial: SpatialReference, deviceId: z.string().optional() }).safeParse(body);
  if (!asked.success) return { ok: true, value: { body } };
  const { spatial: reference, deviceId } = asked.data;
  const map = context.equator.map(reference.mapId);
  if (!map) return unknownMap(context, reference.mapId);
  const { mapRevision = map.mapRevision } = reference;
  if (mapRevision !== map.mapRevision) {
    const problem = { path: "/spatial/mapRevision", message: `the map is at ${map.mapRevision}`, value: mapRevision };
    return refuseContract("invalid", "the map has changed", [problem]);
  }
  const spatial = excerptFor(context, map, body, deviceId);
  return spatial.ok ? { ok: true, value: { body: { ...asked.data, spatial: spatial.value }, reference } } : spatial;
}

function excerptFor(context: CloudContext, map: SiteMap, body: unknown, deviceId: string | undefined): Answer<object> {
  const errand = Errand.safeParse(body);
  // Its check lists everything that is wrong with it, names included.
  if (!errand.success) return { ok: true, value: whole(map) };
  const device = deviceId === undefined ? undefined : context.fleet.get(deviceId);
  const pose = device?.track.pose?.value;
  const from = pose && ([pose[0], pose[1]] as const);
  const offline = offlineOf(context, body, device?.presence?.profile.kind);
  const excerpt = cutExcerpt(map, { ...errand.data, from, offline }, context.ways);
  if (excerpt.ok) return { ok: true, value: excerpt.spatial };
  return refuseContract("invalid", "the map does not know what the contract names", excerpt.problems);
}

/** What was asked for, as it is kept: whoever gets the task next needs another excerpt. */
export function orderOf(draft: ContractDraft, reference: SpatialReference | undefined): ContractOrder {
  return reference ? { ...draft, spatial: reference } : draft;
}

const Errand = z.looseObject({ stages: z.array(Stage).min(1), constraints: Constraints });

function offlineOf(context: CloudContext, body: unknown, kind: string | undefined): "return-home" | undefined {
  const parts = ContractDraft.pick({ failurePolicy: true, task: true, application: true, account: true });
  const draft = z.looseObject(parts.shape).safeParse(body);
  if (!draft.success) return undefined;
  const { offline } = context.policies.failurePolicyFor(draft.data, kind);
  return offline === "return-home" ? offline : undefined;
}

function whole({ mapId, mapRevision, zones, landmarks }: SiteMap): object {
  return { frame: "map", mapId, mapRevision, zones, landmarks };
}

function unknownMap({ equator }: CloudContext, mapId: string): Answer<never> {
  const known = equator.list();
  const expected = known.length === 0 ? "none: `maps` of the configuration names no folder with any" : known.join(", ");
  const problem = { path: "/spatial/mapId", message: "there is no such map here", value: mapId, expected };
  return refuseContract("invalid", `there is no map ${mapId} to cut an excerpt from`, [problem]);
}
