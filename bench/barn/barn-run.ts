import type { Follower } from "#edge-planner/local-controller";
import { distance } from "#lib/geometry";
import type { Metres } from "#lib/units";
import { type DriveRecord, driveOnce } from "../single-drive.ts";
import {
  ARRIVED_WITHIN,
  type BarnWorld,
  GOAL,
  profileOf,
  scoreOf,
  specOf,
  TIME_LIMIT,
  type Variant,
} from "./barn-world.ts";

/** What came of one run. */
export interface BarnRun extends DriveRecord {
  readonly world: number;
  readonly seed: number;
  readonly score: number;
}

const TOLERANCE: Metres = 0.2;

/** Drives through one world with the lidar and the odometry only: no map and no beacons. */
export async function runBarn(barn: BarnWorld, variant: Variant, seed: number, follower: Follower): Promise<BarnRun> {
  const record = await driveOnce({
    spec: specOf(barn, variant),
    seed: `${seed}/${barn.world}/${variant.name}`,
    profile: profileOf(variant, follower),
    place: { mapId: "none", zones: [], forbiddenZones: [] },
    goal: { pose: GOAL, tolerance: TOLERANCE, maxSpeed: 2 },
    position: "wheels",
    limit: TIME_LIMIT,
    isThere: (truth) => distance(truth, GOAL) <= ARRIVED_WITHIN,
  });
  return {
    ...record,
    world: barn.world,
    seed,
    score: record.outcome === "arrived" ? scoreOf(barn, record.seconds) : 0,
  };
}
