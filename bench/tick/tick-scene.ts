import type { ControlWorld, MotionProfile } from "#agent/control/control";
import { createControlState, stepControl, takeWorld, type TickInputs } from "#agent/control/step-control";
import { createMapSource } from "#edge-planner/map-cache";
import type { Velocity } from "#lib/geometry";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import { createWorld } from "#sim/world/world";
import { WorldSpec } from "#sim/world/world-spec";
import { motionProfileFor, readProfile } from "../doors/door-world.ts";
import { openMotionDrivers } from "../motion-drivers.ts";

const RAYS = 720;
const EDGE = 8;
const POSTS = 45;
/** Ticks that are kept, the last ones. */
const KEPT = 500;
const PLACE: ControlWorld = { mapId: "none", zones: [], forbiddenZones: [] };
const ENDS = [
  { x: -6, y: -6, yaw: 0 },
  { x: 6, y: 6, yaw: 0 },
] as const;

/** What one tick was made from, and what it decided. */
export interface Tick {
  readonly inputs: TickInputs;
  readonly nowMs: number;
  readonly command: Velocity;
}

/** The warehouse robot with a lidar of 720 rays, to and fro among posts that no map shows; `step` makes each tick. */
export async function driveAmongPosts(
  ticks: number,
  step: (decide: () => Velocity) => Velocity,
): Promise<{ readonly profile: MotionProfile; readonly made: readonly Tick[] }> {
  const profile = readProfile();
  const { footprint, limits, odometry, position } = profile;
  const lidar = { ...profile.lidar, rays: RAYS };
  const robot = { id: "amr", pose: [-6, -6, 0], footprint, limits, odometry, position, lidar };
  const clock = new VirtualClock();
  const spec = WorldSpec.parse({ map: { empty: [-EDGE, -EDGE, EDGE, EDGE] }, obstacles: posts(), robots: [robot] });
  using world = createWorld(spec, { clock, rng: createRng("tick") });
  const drivers = await openMotionDrivers(world, "amr", clock);
  const motion = motionProfileFor(profile, "predictive");
  const state = createControlState(motion);
  takeWorld(state, PLACE, createMapSource());
  let drives = 0;
  const made: Tick[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    await clock.advance(1000 / motion.controlHz, settle);
    const nowMs = clock.nowMs();
    const goal = { goalId: `drive ${drives}`, pose: ENDS[(drives + 1) % 2]!, tolerance: 0.3, maxSpeed: 1.5 };
    const inputs: TickInputs = {
      odometry: drivers.base.latest(),
      scan: drivers.lidar.latest(),
      fix: drivers.position.latest(),
      mount: drivers.lidar.mount,
      power: "enabled",
      goal: { ...goal, validUntilMs: nowMs + 1000 },
      latenessMs: 0,
    };
    const command = step(() => {
      const decided = stepControl(state, inputs, nowMs);
      if (decided.report.drive.state === "arrived") drives++;
      return decided.command;
    });
    drivers.base.drive(command, 200);
    if (tick >= ticks - KEPT) made.push({ inputs, nowMs, command });
  }
  return { profile: motion, made };
}

function posts(): { circle: [number, number, number] }[] {
  const rng = createRng("posts");
  const drawn = Array.from({ length: POSTS }, (): [number, number, number] => [
    (rng.float() - 0.5) * 2 * EDGE,
    (rng.float() - 0.5) * 2 * EDGE,
    0.08 + 0.15 * rng.float(),
  ]);
  const isAway = ([x, y]: [number, number, number]): boolean =>
    ENDS.every((end) => Math.hypot(end.x - x, end.y - y) > 1.2);
  return drawn.filter(isAway).map((circle) => ({ circle }));
}
