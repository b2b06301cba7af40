import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Rng } from "#lib/rng";
import type { LoadedScenario } from "../scenario-file.ts";
import { worldSpecOf } from "../scenario-world.ts";
import { createWorld, type World } from "../world/world.ts";
import { type MovePlug, serveWorld } from "../world-server.ts";
import { type RobotHardware, serveDevices, type ServedDevice, type ServedRobot } from "./serve-robot.ts";

export interface ServeOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** `HOST:PORT` or the path of a unix socket, for what asks the world itself. */
  readonly address: string;
  /** Where serial ports and profiles are put; made when it is not there. */
  readonly folder: string;
  /** Listens at the lines of the robots' parts. */
  readonly overhear?: ServedRobot["overhear"];
  /** Whether a rosbridge listens where the profile says, as it does unless told otherwise, or on a free port. */
  readonly bridges?: "as-named" | "anywhere";
}

/** A world that runs, with the hardware of those of its robots whose profiles name devices. */
export interface ServedWorld extends AsyncDisposable {
  readonly world: World;
  readonly address: string;
  readonly devices: readonly ServedDevice[];
  /** By robot, the file of its profile with the addresses of the emulated devices, for an agent's `profile`. */
  readonly profiles: ReadonlyMap<string, string>;
}

/** Emulated electronics sample the world's sensors so often: a turning lidar on a line sees what is there when its beam passes. */
const SAMPLED_HZ = 50;

/** Starts the world of a scenario and its robots' hardware. Rejects `config.port_in_use` and `driver.down`. */
export async function serveScenario(loaded: LoadedScenario, options: ServeOptions): Promise<ServedWorld> {
  const { clock, rng, overhear = () => undefined, bridges = "as-named" } = options;
  const folder = resolve(options.folder);
  await using stack = new AsyncDisposableStack();
  const world = stack.use(createWorld(sampledOften(loaded), { clock, rng: rng.fork("world") }));
  const devices: ServedDevice[] = [];
  const profiles = new Map<string, string>();
  for (const [robotId, profile] of loaded.profiles) {
    const own = { robotId, profile, rng: rng.fork(`hardware ${robotId}`) };
    const hardware = await serveRobot({ world, clock, folder, overhear, bridges, ...own });
    if (!hardware) continue;
    devices.push(...stack.use(hardware).devices);
    const file = join(folder, `${robotId}.profile.yaml`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, stringify(hardware.profile));
    profiles.set(robotId, file);
  }
  const server = stack.use(await serveWorld(world, options.address, movePlugOf(devices)));
  const running = stack.move();
  return {
    world,
    address: server.address,
    devices,
    profiles,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function movePlugOf(devices: readonly ServedDevice[]): MovePlug {
  return async (robotId, part, plug) => {
    const device = devices.find((each) => each.robotId === robotId && each.part === part);
    if (!device) throw new AgentError("driver.down", `there is no emulated ${part} of ${robotId}`);
    await (plug === "in" ? device.port.plug() : device.port.unplug());
  };
}

/** The hardware of a robot; undefined for one that is only simulated. */
async function serveRobot(robot: ServedRobot): Promise<RobotHardware | undefined> {
  const { drivers } = robot.profile;
  return drivers.kind === "devices" ? serveDevices(robot, drivers) : undefined;
}

function sampledOften(loaded: LoadedScenario): ReturnType<typeof worldSpecOf> {
  const spec = worldSpecOf(loaded);
  const robots = spec.robots.map((robot) => {
    const drivers = loaded.profiles.get(robot.id)?.drivers;
    if (drivers?.kind !== "devices") return robot;
    const { lidar, odometry } = robot;
    const isTurning = drivers.lidar.driver !== "ros";
    return {
      ...robot,
      lidar: isTurning ? { ...lidar, hz: SAMPLED_HZ } : lidar,
      odometry: { ...odometry, hz: SAMPLED_HZ },
    };
  });
  return { ...spec, robots };
}
