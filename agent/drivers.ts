import { randomUUID } from "node:crypto";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { createRng } from "#lib/rng";
import type { ToolDrivers } from "#drivers/driver";
import { openSimulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { AgentConfig } from "./config.ts";
import type { MotionDriversConfig } from "./control/motion-drivers.ts";
import type { DeviceProfile } from "./profile.ts";

/** How the devices are reached: as the profile says, or through the simulation that the configuration names. Throws `config.invalid`. */
export function driversOf({ drivers, deviceId }: AgentConfig, profile: DeviceProfile): MotionDriversConfig {
  if (drivers) return { kind: drivers.kind, socket: drivers.socket, robotId: drivers.robotId ?? deviceId };
  if (profile.drivers.kind === "devices") return profile.drivers;
  throw new AgentError(
    "config.invalid",
    "drivers is missing: the profile is of a simulated robot, so say where its world listens (drivers.socket)",
  );
}

/** Makes the drivers that the executor uses, not yet opened. */
export async function createToolDrivers(config: MotionDriversConfig, clock: Clock): Promise<ToolDrivers> {
  if (config.kind === "simulated") return openSimulatedToolDrivers(config, clock);
  const [{ createToolDevices }, { nodeLines }] = await Promise.all([
    import("#drivers/create-devices"),
    import("#drivers/serial/node-lines"),
  ]);
  return createToolDevices(config, { clock, rng: createRng(randomUUID()), lines: nodeLines });
}
