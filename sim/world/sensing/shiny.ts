import type { Point } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { castRay } from "../space/ray.ts";
import type { Solids } from "../space/scene.ts";
import type { Thing } from "../space/shapes.ts";
import type { LidarSpec } from "../world-spec.ts";
import type { Fan, View } from "./fan.ts";
import { type Hit, hitOf } from "./hit.ts";

/** What there is to be seen in mirrors and through glass. */
export interface Shop {
  readonly solids: Solids;
  readonly shiny: readonly Thing[];
}

/** So often a ray is followed from mirror to mirror. */
const BOUNCES_MAX = 3;
/** A ray that leaves a mirror starts this far in front of it, so as not to meet it again. */
const CLEAR_OF: Metres = 1e-6;

/**
 * Corrects true `ranges` for glass and mirrors. Glass answers rays that come within `glassAngle` of straight on and lets others pass
 * (P. Foster et al., "VisAGGE: Visible Angle Grid for Glass Environments", ICRA 2013). A mirror answers the same rays; all
 * others it turns away, and they tell the length of their whole way.
 */
export function reflectAndPass(ranges: Float64Array, fan: Fan, view: View, shop: Shop, spec: LidarSpec): void {
  const answersAbove = Math.cos(spec.glassAngle);
  for (let ray = 0; ray < ranges.length; ray++) {
    const cos = view.turnCos * fan.cos[ray]! - view.turnSin * fan.sin[ray]!;
    const sin = view.turnSin * fan.cos[ray]! + view.turnCos * fan.sin[ray]!;
    ranges[ray] = follow({ x: view.x, y: view.y, cos, sin }, ranges[ray]!, shop, { answersAbove, left: spec.rangeMax });
  }
}

interface Ray {
  readonly x: Metres;
  readonly y: Metres;
  readonly cos: number;
  readonly sin: number;
}

/** The length that a ray tells whose way to the first plain thing is `plain`. */
function follow(
  start: Ray,
  plain: Metres,
  shop: Shop,
  { answersAbove, left }: { answersAbove: number; left: Metres },
): Metres {
  let [ray, ahead, gone] = [start, plain, 0];
  for (let bounce = 0; bounce <= BOUNCES_MAX; bounce++) {
    const met = firstShiny(ray, Math.min(ahead, left - gone), shop.shiny, answersAbove);
    if (!met) return gone + ahead;
    if (met.answers) return gone + met.hit.along;
    ray = reflected(ray, met.hit);
    gone += met.hit.along;
    ahead = plainAhead(ray, left - gone, shop);
  }
  return Infinity;
}

/** The first mirror, or answering glass, nearer than `within`. */
function firstShiny(
  ray: Ray,
  within: Metres,
  shiny: readonly Thing[],
  answersAbove: number,
): { hit: Hit; answers: boolean } | undefined {
  let first: { hit: Hit; answers: boolean } | undefined;
  for (const thing of shiny) {
    const hit = hitOf(ray, thing);
    if (!hit || hit.along >= Math.min(within, first?.hit.along ?? Infinity)) continue;
    const answers = Math.abs(ray.cos * hit.normal[0] + ray.sin * hit.normal[1]) >= answersAbove;
    if (answers || thing.surface === "mirror") first = { hit, answers };
  }
  return first;
}

function reflected({ x, y, cos, sin }: Ray, { along, normal }: Hit): Ray {
  const into = cos * normal[0] + sin * normal[1];
  const turned: Point = [cos - 2 * into * normal[0], sin - 2 * into * normal[1]];
  return {
    x: x + cos * along + turned[0] * CLEAR_OF,
    y: y + sin * along + turned[1] * CLEAR_OF,
    cos: turned[0],
    sin: turned[1],
  };
}

/** The way of a ray to the first thing that is neither glass nor mirror. */
function plainAhead(ray: Ray, rangeMax: Metres, { solids }: Shop): Metres {
  let least = castRay(solids.terrain, ray.x, ray.y, ray.cos, ray.sin, rangeMax);
  for (const thing of solids.things) {
    if (thing.surface === "glass" || thing.surface === "mirror") continue;
    const along = hitOf(ray, thing)?.along ?? Infinity;
    if (along < least && along <= rangeMax) least = along;
  }
  return least;
}
