import { randomUUID } from "node:crypto";
import type { Clock } from "#lib/clock";
import { createRng } from "#lib/rng";
import type { Devices } from "#drivers/catalogue";
import type { MotionDrivers } from "#drivers/driver";
import { openSimulatedMotionDrivers } from "#drivers/simulated/motion-drivers";

/** Which drivers the motion loop uses, as plain data that can cross to a worker. */
export type MotionDriversConfig =
  | { readonly kind: "simulated"; readonly socket: string; readonly robotId: string }
  | Devices;

/** Makes the drivers of a configuration, not yet opened. Rejects `driver.down` when the device cannot be reached. */
export async function createMotionDrivers(config: MotionDriversConfig, clock: Clock): Promise<MotionDrivers> {
  if (config.kind === "simulated") return openSimulatedMotionDrivers(config, clock);
  // Loaded where there is hardware only: serial ports are a native library.
  const [{ createMotionDevices }, { nodeLines }] = await Promise.all([
    import("#drivers/create-devices"),
    import("#drivers/serial/node-lines"),
  ]);
  return createMotionDevices(config, { clock, rng: createRng(randomUUID()), lines: nodeLines });
}
