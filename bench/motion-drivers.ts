import type { MotionDrivers } from "#drivers/driver";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import type { VirtualClock } from "#lib/virtual-clock";
import { settle } from "#sim/simulate";
import type { World } from "#sim/world/world";

/** What a robot of an emulated world moves with, open and enabled; lets the world's time pass for it. */
export async function openMotionDrivers(world: World, robotId: string, clock: VirtualClock): Promise<MotionDrivers> {
  const drivers = simulatedMotionDrivers(world.connect(robotId), clock);
  for (const driver of [drivers.base, drivers.lidar, drivers.position]) {
    const ready = driver.open().then(() => driver.enable());
    await clock.advance(500, settle);
    await ready;
  }
  return drivers;
}
