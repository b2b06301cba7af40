import type { LoadHandler, MotionDrivers, Scanner, ToolDrivers } from "#drivers/driver";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { Clock } from "#lib/clock";
import type { World } from "../world/world.ts";

/** The parts of a robot of the world, ready to work: what its emulated electronics measure with and move. */
export interface RobotParts extends MotionDrivers, Omit<ToolDrivers, "cleaner"> {
  readonly load?: LoadHandler;
  readonly scanner?: Scanner;
}

/** Opens and enables the parts of a robot; `stack` disposes of them. */
export async function openRobotParts(
  world: World,
  robotId: string,
  { clock, stack }: { readonly clock: Clock; readonly stack: AsyncDisposableStack },
): Promise<RobotParts> {
  const motion = simulatedMotionDrivers(world.connect(robotId), clock);
  const { cleaner, ...tools } = simulatedToolDrivers(world.connect(robotId), clock);
  // The line to the world closes with the last of its users.
  if (cleaner) stack.use(cleaner);
  const parts: RobotParts = { ...motion, ...tools };
  for (const part of [parts.base, parts.lidar, parts.position, parts.battery, parts.load, parts.scanner]) {
    if (!part) continue;
    stack.use(part);
    await part.open();
    await part.enable();
  }
  return parts;
}
