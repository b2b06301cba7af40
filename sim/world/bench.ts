import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { MotionDrivers } from "#drivers/driver";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers, type SimulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import { createWorld, type World } from "./world.ts";
import { WorldSpec } from "./world-spec.ts";

/** A small world in which a robot `bench` can be tried: free floor, a rack and a conveyor within reach. */
export function benchSpec(front: "code" | "nothing" = "code"): WorldSpec {
  return WorldSpec.parse({
    map: { empty: [-5, -5, 10, 5] },
    obstacles: [{ circle: [-2, 1, 0.3] }],
    sites:
      front === "nothing"
        ? []
        : [
            { id: "shelf", kind: "rack", pose: [0.9, 0.1, Math.PI], stock: { "SKU-1": 3 }, code: "ABC-1" },
            { id: "belt", kind: "conveyor", pose: [0.9, -0.3, Math.PI], code: "ABC-2" },
          ],
    robots: [{ id: "bench", pose: [0, 0, 0], load: {}, scanner: {} }],
  });
}

/** A world on a virtual clock of its own. */
export interface Setup {
  readonly clock: VirtualClock;
  readonly world: World;
}

/** A world of this spec, by default with one robot `r` at the origin of an empty floor. */
export function setUp(spec: object, seed = 1, clock = new VirtualClock()): Setup {
  const parsed = WorldSpec.parse({
    map: { empty: [-20, -20, 20, 20] },
    robots: [{ id: "r", pose: [0, 0, 0] }],
    ...spec,
  });
  return { clock, world: createWorld(parsed, { clock, rng: createRng(seed) }) };
}

/** Motion drivers of a robot, opened and enabled. */
export async function motion({ world, clock }: Setup, robotId = "r"): Promise<MotionDrivers> {
  const drivers = simulatedMotionDrivers(world.connect(robotId), clock);
  const opened = [drivers.base, drivers.lidar, drivers.position].map(async (driver) => {
    await driver.open();
    await driver.enable();
  });
  await clock.advance(20);
  await Promise.all(opened);
  return drivers;
}

/** Tool drivers of the robot `r`, opened and enabled. */
export async function tools({ world, clock }: Setup): Promise<SimulatedToolDrivers> {
  const drivers = simulatedToolDrivers(world.connect("r"), clock);
  const opened = [drivers.battery, drivers.load, drivers.scanner, drivers.cleaner].map(async (driver) => {
    await driver?.open();
    await driver?.enable();
  });
  await clock.advance(20);
  await Promise.all(opened);
  return drivers;
}

/** Keeps driving for a while. */
export async function drive(
  { clock }: Setup,
  { base }: MotionDrivers,
  linear: number,
  angular: number,
  durationMs: number,
): Promise<void> {
  for (let spentMs = 0; spentMs < durationMs; spentMs += 100) {
    base.drive({ linear, angular }, 300);
    await clock.advance(100);
  }
}
