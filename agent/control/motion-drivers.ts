import type { Clock } from "#lib/clock";
import type { MotionDrivers } from "#drivers/driver";
import { openSimulatedMotionDrivers } from "#drivers/simulated/motion-drivers";

/** Which drivers the motion loop uses, as plain data that can cross to a worker. */
export type MotionDriversConfig = { readonly kind: "simulated"; readonly socket: string; readonly robotId: string };

/** Makes the drivers of a configuration, not yet opened. Rejects `driver.down` when the device cannot be reached. */
export function createMotionDrivers(config: MotionDriversConfig, clock: Clock): Promise<MotionDrivers> {
  return KINDS[config.kind](config, clock);
}

/** One entry for each family of drivers. */
const KINDS: {
  readonly [Kind in MotionDriversConfig["kind"]]: (
    config: Extract<MotionDriversConfig, { kind: Kind }>,
    clock: Clock,
  ) => Promise<MotionDrivers>;
} = {
  simulated: openSimulatedMotionDrivers,
};
