import type { Clock } from "#lib/clock";
import type { LoadHandler, Scanner, ToolDrivers } from "../driver.ts";
import type { DeviceChannel, DeviceName } from "./channel.ts";
import { type SimulatedCleaningHead, simulatedCleaningHead } from "./cleaning-head.ts";
import { createDeviceLink, type DeviceLink } from "./device-link.ts";
import { createDevice, createSource } from "./device.ts";
import { openSocketChannel, type SocketAddress } from "./socket-channel.ts";

const BATTERY_STALE_MS = 5000;
/** Longer than any action of a hand takes. */
const HANDLING_TIMEOUT_MS = 120_000;
const QUERY_TIMEOUT_MS = 10_000;

/** The tool drivers of a simulated robot. */
export interface SimulatedToolDrivers extends ToolDrivers {
  readonly cleaner?: SimulatedCleaningHead;
}

/** Reaches the world that listens at `socket` and gives the tool drivers of one of its robots, not yet opened. */
export async function openSimulatedToolDrivers(address: SocketAddress, clock: Clock): Promise<ToolDrivers> {
  return simulatedToolDrivers(await openSocketChannel(address, clock), clock);
}

/** Tool drivers over a ready channel, as many as the robot has; the channel is closed when all are disposed. */
export function simulatedToolDrivers(channel: DeviceChannel, clock: Clock): SimulatedToolDrivers {
  const tools = channel.description.devices.filter((device) => isTool(device));
  const link = createDeviceLink(channel, clock, 1 + tools.length);
  return {
    battery: createSource("battery", "battery", BATTERY_STALE_MS, link, clock),
    ...(tools.includes("load") ? { load: simulatedLoadHandler(link) } : {}),
    ...(tools.includes("scanner") ? { scanner: simulatedScanner(link) } : {}),
    ...(tools.includes("cleaner") ? { cleaner: simulatedCleaningHead(link, clock) } : {}),
  };
}

function isTool(device: DeviceName): boolean {
  return device === "load" || device === "scanner" || device === "cleaner";
}

function simulatedLoadHandler(link: DeviceLink): LoadHandler {
  const device = createDevice("load", link);
  const handle = (request: Parameters<DeviceLink["request"]>[1]) =>
    device.attempt(async () => {
      device.assertReachable();
      return (await link.request("load", request, "handled", HANDLING_TIMEOUT_MS)).result;
    });
  return {
    ...device,
    pick: (request) => handle({ type: "pick", ...request }),
    place: (request) => handle({ type: "place", ...request }),
    verify: (key) =>
      device.attempt(async () => {
        device.assertReachable();
        return (await link.request("load", { type: "verify", key }, "verified", HANDLING_TIMEOUT_MS)).verdict;
      }),
    held: () =>
      device.attempt(async () => {
        device.assertReachable();
        return (await link.request("load", { type: "held" }, "holding", QUERY_TIMEOUT_MS)).load;
      }),
  };
}

function simulatedScanner(link: DeviceLink): Scanner {
  const device = createDevice("scanner", link);
  return {
    ...device,
    scan: (timeoutMs) =>
      device.attempt(async () => {
        device.assertReachable();
        const answer = await link.request(
          "scanner",
          { type: "read-code", timeoutMs },
          "code",
          timeoutMs + QUERY_TIMEOUT_MS,
        );
        return { code: answer.code };
      }),
  };
}
