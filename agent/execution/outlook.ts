import { type Point, type Pose, poseFrom } from "#lib/geometry";
import { AgentError } from "#lib/errors";
import type { Log } from "#lib/log";
import type { Contract, Stage } from "#contract/contract";
import { makeFootprint } from "#edge-planner/footprint";
import { planRoute } from "#edge-planner/global/global-path";
import type { MapSource } from "#edge-planner/map-cache";
import type { ControlWorld } from "../control/control.ts";
import type { LearnedDurations } from "../core/durations.ts";
import { targetOf, type Outlook } from "../core/estimate.ts";
import { speedLimit } from "../core/scope.ts";
import type { DeviceProfile } from "../profile.ts";

/** What the motion loop and the planner must know of the place of a contract. */
export function worldOf(contract: Contract): ControlWorld {
  const { mapId, occupancy, zones, routes } = contract.spatial;
  const { allowed, forbidden = [] } = contract.constraints.zones;
  return {
    mapId,
    ...(occupancy && { occupancy }),
    zones,
    forbiddenZones: forbidden,
    ...(allowed && { allowedZones: allowed }),
    ...(routes && { routes }),
  };
}

/** Plans how contracts will go, once per revision. */
export interface Outlooks {
  /** `from` is where the robot is now; without it, drives are not planned yet. */
  outlookOf(contract: Contract, from: Pose | undefined): Outlook;
}

/** Mean speed over the speed limit, from drives through the warehouse: corners, doors and people cost the rest. */
const CRUISE_SHARE = 0.7;
/** A contract that ends and the next one are worked on together; more are not. */
const PLANNED_MAX = 4;
/** Points that the wire format takes. */
const ROUTE_POINTS_MAX = 200;

/** Plans on the static map, with the same planner as the motion loop. */
export function createOutlooks(deps: {
  readonly profile: DeviceProfile;
  readonly maps: MapSource;
  readonly log: Log;
  readonly learned: LearnedDurations;
}): Outlooks {
  const { profile, maps, log, learned } = deps;
  const footprint = makeFootprint(profile.footprint);
  const planned = new Map<string, Outlook>();

  /** Undefined when the map shows no way. */
  function planDrive(contract: Contract, from: Pose, to: Pose): readonly Point[] | undefined {
    const world = worldOf(contract);
    if (!world.occupancy) return straight(from, to);
    try {
      const map = maps(world, world.occupancy);
      const result = planRoute({ map, clearance: map.clearance, footprint }, from, to);
      if (result.ok) return result.route.points.slice(0, ROUTE_POINTS_MAX);
      log.warn(
        { contractId: contract.contractId, reason: result.reason },
        "no way on the map, estimating a straight one",
      );
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      log.warn({ contractId: contract.contractId, err: thrown }, "the map cannot be read, estimating a straight way");
    }
    return undefined;
  }
  function planAll(contract: Contract, start: Pose): Pick<Outlook, "routes" | "pathless"> {
    const routes = new Map<string, readonly Point[]>();
    const pathless = new Set<string>();
    let from = start;
    for (const { stage, target } of drivesOf(contract)) {
      const way = planDrive(contract, from, target);
      routes.set(stage.stageId, way ?? straight(from, target));
      if (!way) pathless.add(stage.stageId);
      from = target;
    }
    return { routes, pathless };
  }
  return {
    outlookOf(contract, from) {
      const key = `${contract.contractId}/${contract.revision}`;
      const known = planned.get(key);
      if (known) return known;
      const topSpeed = speedLimit(contract, "navigate", profile.limits.maxSpeed);
      const speed = CRUISE_SHARE * topSpeed;
      const drainPerSecond = drainOf(profile, speed);
      if (!from) return { speed, topSpeed, drainPerSecond, learned, routes: new Map() };
      const outlook = { speed, topSpeed, drainPerSecond, learned, ...planAll(contract, from) };
      const [oldest] = planned.keys();
      if (planned.size >= PLANNED_MAX && oldest !== undefined) planned.delete(oldest);
      planned.set(key, outlook);
      return outlook;
    },
  };
}

function straight(from: Pose, to: Pose): readonly Point[] {
  return [
    [from.x, from.y],
    [to.x, to.y],
  ];
}

function drivesOf(contract: Contract): { stage: Stage; target: Pose }[] {
  return contract.stages.flatMap((stage) => {
    const target = stage.action === "navigate" ? targetOf(stage, contract.spatial.landmarks) : undefined;
    return target ? [{ stage, target: poseFrom(target) }] : [];
  });
}

/** Share of the battery per second at a steady speed on a straight way. */
function drainOf({ battery }: DeviceProfile, speed: number): number {
  const watts = battery.idleW + battery.rollingResistanceN * speed;
  return watts / (battery.capacityWh * 3600);
}
