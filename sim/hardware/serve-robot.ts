import { join } from "node:path";
import type { DeviceProfile } from "#agent/profile";
import type { EmulatedDevice } from "#drivers/bench/memory-lines";
import type { Devices } from "#drivers/catalogue";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { World } from "../world/world.ts";
import { emulateJbd } from "./devices/jbd.ts";
import { emulateLd19 } from "./devices/ld19.ts";
import { emulateLocaliser } from "./devices/localiser.ts";
import { emulateLoadUnit } from "./devices/load-unit.ts";
import { emulateIoBoard } from "./devices/io-board.ts";
import { emulateOpenInterface, OI_BANNER, OI_TRACK } from "./devices/open-interface.ts";
import { emulateScanner } from "./devices/scanner.ts";
import { emulateTim } from "./devices/tim.ts";
import { emulateVescPair } from "./devices/vesc-pair.ts";
import { createWheels } from "./devices/wheels.ts";
import { openSerialPort, openTcpPort, type Overhear, type Port } from "./port.ts";
import { isBehindBridge, serveBridge } from "../rosbridge/serve-bridge.ts";
import { openRobotParts, type RobotParts } from "./robot-parts.ts";

/** A robot of a world whose hardware is to be emulated. */
export interface ServedRobot {
  readonly world: World;
  readonly robotId: string;
  readonly profile: DeviceProfile;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Where serial ports are put. */
  readonly folder: string;
  /** Listens at the lines of the parts. */
  readonly overhear: (part: string, ...heard: Parameters<Overhear>) => void;
  readonly bridges: "as-named" | "anywhere";
}

/** One emulated device, and where its driver finds it. */
export interface ServedDevice {
  readonly robotId: string;
  /** The key in `drivers` of the profile. */
  readonly part: string;
  readonly driver: string;
  readonly port: Port;
  readonly baudRate?: number;
}

/** The emulated hardware of a robot; `profile` is the given one with the addresses of these devices. */
export interface RobotHardware extends AsyncDisposable {
  readonly devices: readonly ServedDevice[];
  readonly profile: DeviceProfile;
}

/** An emulated device before it has a plug. */
interface Emulated {
  readonly device: EmulatedDevice;
  readonly banner?: Uint8Array;
}

/** Starts the devices that a profile of `kind: devices` names, byte for byte as its drivers expect them. */
export async function serveDevices(robot: ServedRobot, drivers: Devices): Promise<RobotHardware> {
  const { world, robotId, profile, clock } = robot;
  await using stack = new AsyncDisposableStack();
  const parts = await openRobotParts(world, robotId, { clock, stack });
  const emulated = emulate(drivers, parts, { clock, stack });
  const served = { ...drivers };
  const devices: ServedDevice[] = [];
  if (drivers.bridge) {
    const bridge = { ...drivers.bridge, ...(robot.bridges === "anywhere" ? { url: ANYWHERE } : {}) };
    const port = stack.use(await serveBridge({ world, robotId, clock, drivers, bridge, position: profile.position }));
    devices.push({ robotId, part: "bridge", driver: bridge.driver, port });
    served.bridge = { ...bridge, url: port.address };
  }
  for (const [part, options] of partsOf(drivers)) {
    const made = emulated.get(part);
    if (!made) throw new AgentError("config.invalid", `${robotId}: there is no emulated ${options.driver} (${part})`);
    const port = stack.use(await plugIn(robot, part, options, made));
    const baudRate = "baudRate" in options ? { baudRate: options.baudRate } : {};
    devices.push({ robotId, part, driver: options.driver, port, ...baudRate });
    Object.assign(served, { [part]: addressed(options, port.address) });
  }
  const running = stack.move();
  return {
    devices,
    profile: { ...profile, drivers: served },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A free port of this machine. */
const ANYWHERE = "ws://127.0.0.1:0";

type Part = Exclude<keyof Devices, "kind">;
type PartOptions = Exclude<NonNullable<Devices[Part]>, { driver: "ros" }>;

function partsOf(drivers: Devices): (readonly [Part, PartOptions])[] {
  const ofLines = Object.entries(drivers).filter(([key]) => key !== "kind" && !isBehindBridge(drivers, key));
  return ofLines as [Part, PartOptions][];
}

/** The devices that can be emulated, by part; of the others nothing. */
function emulate(
  { base, lidar, battery, load, io }: Devices,
  parts: RobotParts,
  { clock, stack }: { readonly clock: Clock; readonly stack: AsyncDisposableStack },
): ReadonlyMap<Part, Emulated> {
  const emulated = new Map<Part, Emulated>([["position", { device: emulateLocaliser(parts.position, clock) }]]);
  if (base.driver === "roomba") {
    const wheels = createWheels(clock, parts.base, OI_TRACK, stack);
    emulated.set("base", { device: emulateOpenInterface(wheels, clock), banner: OI_BANNER });
  }
  if (base.driver === "vesc") {
    const wheels = createWheels(clock, parts.base, base.wheelTrack, stack);
    emulated.set("base", { device: emulateVescPair(base, wheels, clock) });
  }
  if (lidar.driver === "ld19") emulated.set("lidar", { device: emulateLd19(parts.lidar, clock) });
  if (lidar.driver === "sick-tim") emulated.set("lidar", { device: emulateTim(parts.lidar, clock) });
  if (battery.driver === "jbd") emulated.set("battery", { device: emulateJbd(parts.battery) });
  if (parts.load && load) emulated.set("load", { device: emulateLoadUnit(load, parts.load) });
  if (io) emulated.set("io", { device: emulateIoBoard(io) });
  if (parts.scanner) emulated.set("scanner", { device: emulateScanner(parts.scanner, clock) });
  return emulated;
}

function plugIn(
  { clock, rng, folder, robotId, overhear }: ServedRobot,
  part: Part,
  options: PartOptions,
  { device, banner }: Emulated,
): Promise<Port> {
  const listen: Overhear = (direction, bytes) => overhear(part, direction, bytes);
  if ("host" in options) return openTcpPort(device, 0, listen);
  const line = { path: join(folder, robotId, part), baudRate: options.baudRate, overhear: listen };
  return openSerialPort({ clock, rng, device, ...line, ...(banner ? { banner } : {}) });
}

/** The options with the address where the device really is. */
function addressed(options: PartOptions, address: string): PartOptions {
  if (!("host" in options)) return { ...options, path: address };
  const [host, port] = address.split(":") as [string, string];
  return { ...options, host, port: Number(port) };
}
