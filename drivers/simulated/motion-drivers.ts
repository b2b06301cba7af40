import type { Clock } from "#lib/clock";
import type { BaseDriver, LidarDriver, MotionDrivers } from "../driver.ts";
import type { DeviceChannel } from "./channel.ts";
import { createDeviceLink, type DeviceLink } from "./device-link.ts";
import { createSource } from "./device.ts";
import { openSocketChannel, type SocketAddress } from "./socket-channel.ts";

/** Silence of a source that counts as its loss. */
const STALE_MS = { base: 1000, lidar: 1000, position: 2000 };

/** Reaches the world that listens at `socket` and gives the motion drivers of one of its robots, not yet opened. */
export async function openSimulatedMotionDrivers(address: SocketAddress, clock: Clock): Promise<MotionDrivers> {
  return simulatedMotionDrivers(await openSocketChannel(address, clock), clock);
}

/** Motion drivers over a ready channel; the channel is closed when all three are disposed. */
export function simulatedMotionDrivers(channel: DeviceChannel, clock: Clock): MotionDrivers {
  const link = createDeviceLink(channel, clock, 3);
  return {
    base: simulatedBase(link, clock),
    lidar: simulatedLidar(link, clock),
    position: createSource("position", "fix", STALE_MS.position, link, clock),
  };
}

function simulatedBase(link: DeviceLink, clock: Clock): BaseDriver {
  const source = createSource("base", "odometry", STALE_MS.base, link, clock);
  return {
    ...source,
    drive({ linear, lateral = 0, angular }, validForMs) {
      const isNumber = Number.isFinite(linear) && Number.isFinite(lateral) && Number.isFinite(angular);
      if (!isNumber || !source.isEnabled()) return;
      link.post({ type: "drive", linear, angular, validForMs, ...(lateral === 0 ? {} : { lateral }) });
    },
  };
}

function simulatedLidar(link: DeviceLink, clock: Clock): LidarDriver {
  return { ...createSource("lidar", "scan", STALE_MS.lidar, link, clock), mount: link.description.lidarMount };
}
