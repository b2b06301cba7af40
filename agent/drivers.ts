import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { createRng } from "#lib/rng";
import type { CarriedDevices } from "#drivers/carried-devices";
import type { ToolDrivers } from "#drivers/driver";
import { createPowerSupply } from "#drivers/power-supply/driver";
import { openSimulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { AgentConfig } from "./config.ts";
import type { MotionDriversConfig } from "./control/motion-drivers.ts";
import type { DeviceProfile } from "./profile.ts";

/** How the devices are reached; what a person carries has none that move. */
export type DriversConfig = MotionDriversConfig | CarriedDevices;

/** How the devices are reached: as the profile says, or through the simulation that the configuration names. Throws `config.invalid`. */
export function driversOf({ drivers, deviceId }: AgentConfig, profile: DeviceProfile): DriversConfig {
  if (drivers) return { kind: drivers.kind, socket: drivers.socket, robotId: drivers.robotId ?? deviceId };
  if (profile.drivers.kind !== "simulated") return profile.drivers;
  throw new AgentError(
    "config.invalid",
    "drivers is missing: the profile is of a simulated robot, so say where its world listens (drivers.socket)",
  );
}

/** Makes the drivers that the executor uses, not yet opened. */
export async function createToolDrivers(config: DriversConfig, clock: Clock): Promise<ToolDrivers> {
  if (config.kind === "simulated") return openSimulatedToolDrivers(config, clock);
  if (config.kind === "carried") {
    const readText = (path: string): Promise<string> => readFile(path, "utf8");
    return { battery: createPowerSupply(config.battery, { clock, readText }) };
  }
  const [{ createToolDevices }, { nodeLines }] = await Promise.all([
    import("#drivers/create-devices"),
    import("#drivers/serial/node-lines"),
  ]);
  return createToolDevices(config, { clock, rng: createRng(randomUUID()), lines: nodeLines });
}
