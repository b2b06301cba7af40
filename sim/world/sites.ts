import { distance, type Pose, poseFrom, wrapAngle } from "#lib/geometry";
import type { Metres, Radians } from "#lib/units";
import type { SiteSpec } from "./world-spec.ts";

/** A thing that robots work at, and what lies there now. */
export interface Site {
  readonly spec: SiteSpec;
  readonly pose: Pose;
  /** Quantity per SKU; a conveyor carries what it gets away and keeps none. */
  readonly stock: Map<string, number>;
  /** How many of the next items the conveyor jams on, so that its sensor never sees them. */
  jams: number;
}

/** The sites of a world by id. */
export function createSites(specs: readonly SiteSpec[]): ReadonlyMap<string, Site> {
  return new Map(
    specs.map((spec) => [
      spec.id,
      { spec, pose: poseFrom(spec.pose), stock: new Map(Object.entries(spec.stock)), jams: 0 },
    ]),
  );
}

/** Nearer than this a robot stands on the site, and no direction leads to it. */
const ON_TOP: Metres = 0.1;

/**
 * Why a robot at `pose` cannot work at the site, which must lie within its reach and within `ahead` to either side
 * of straight ahead; undefined when it can.
 */
export function outOfReach(site: Site, pose: Pose, ahead: Radians): string | undefined {
  const { id, reach } = site.spec;
  const away = distance(site.pose, pose);
  if (away > reach) return `${id} is ${away.toFixed(2)} m away, its reach is ${reach.toFixed(2)} m`;
  const off = Math.abs(wrapAngle(Math.atan2(site.pose.y - pose.y, site.pose.x - pose.x) - pose.yaw));
  if (off <= ahead || away < ON_TOP) return undefined;
  return `${id} is ${off.toFixed(2)} rad off ahead, the robot reaches ${ahead.toFixed(2)} rad`;
}

/** The charger that charges a still robot at `pose`. */
export function chargerAt(sites: ReadonlyMap<string, Site>, pose: Pose): Site | undefined {
  return siteInReach(sites, pose, Math.PI, ({ spec }) => {
    if (spec.kind !== "charger") return false;
    if (!spec.dock) return true;
    const { pose: dock, tolerance, yawTolerance } = spec.dock;
    const off = Math.hypot(dock[0] - pose.x, dock[1] - pose.y);
    return off <= tolerance && Math.abs(wrapAngle(dock[2] - pose.yaw)) <= yawTolerance;
  });
}

/** The nearest site of the wanted kind that a robot at `pose` can work at. */
export function siteInReach(
  sites: ReadonlyMap<string, Site>,
  pose: Pose,
  ahead: Radians,
  isWanted: (site: Site) => boolean,
): Site | undefined {
  let best: Site | undefined;
  for (const site of sites.values()) {
    if (!isWanted(site) || outOfReach(site, pose, ahead) !== undefined) continue;
    if (!best || distance(site.pose, pose) < distance(best.pose, pose)) best = site;
  }
  return best;
}
