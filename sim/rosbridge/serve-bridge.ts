import { type Devices, rosPartsOf } from "#drivers/catalogue";
import type { Clock } from "#lib/clock";
import type { World } from "../world/world.ts";
import type { Port } from "../hardware/port.ts";
import { RosGraph } from "./graph.ts";
import { createTypeRegistry } from "./message-types.ts";
import { startRobotNodes } from "./robot-nodes.ts";
import { startRosapi } from "./rosapi.ts";
import { startRosbridgeServer } from "./server.ts";

export interface ServedBridgeOptions {
  readonly world: World;
  readonly robotId: string;
  readonly clock: Clock;
  readonly drivers: Devices;
  readonly bridge: NonNullable<Devices["bridge"]>;
  /** Standard deviations that the localiser tells. */
  readonly position: { readonly sigmaXy: number; readonly sigmaYaw: number };
}

/** The controller of the emulated base stops it so long after the last command. */
const COMMAND_TIMEOUT_MS = 500;
const LEAST_SIGMA = 0.001;

/** Starts the nodes of a robot with ROS and, at the address of its profile, the bridge to them. Rejects `config.port_in_use`. */
export async function serveBridge(options: ServedBridgeOptions): Promise<Port> {
  const { world, robotId, clock, drivers, bridge, position } = options;
  await using stack = new AsyncDisposableStack();
  const graph = new RosGraph(createTypeRegistry(bridge.ros === "1" ? 1 : 2));
  startRosapi(graph, clock);
  const isStamped = drivers.base.driver === "ros" && drivers.base.commandType === "twist-stamped";
  stack.use(
    await startRobotNodes({
      clock,
      graph,
      channel: world.connect(robotId),
      command: isStamped ? "twist-stamped" : "twist",
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
      position: {
        sigmaXy: Math.max(position.sigmaXy, LEAST_SIGMA),
        sigmaYaw: Math.max(position.sigmaYaw, LEAST_SIGMA),
      },
    }),
  );
  const { hostname, port } = new URL(bridge.url);
  const server = stack.use(
    await startRosbridgeServer({ clock, graph, host: hostname, port: Number(port || DEFAULT_PORT), threads: "many" }),
  );
  const running = stack.move();
  return {
    address: server.url,
    unplug: async () => server.unplug(),
    plug: async () => server.plug(),
    // Frames over TCP arrive whole or not at all.
    disturb: () => undefined,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const DEFAULT_PORT = 80;

/** The parts of a robot that its bridge serves, and those that have lines of their own. */
export function isBehindBridge(drivers: Devices, part: string): boolean {
  return part === "bridge" || rosPartsOf(drivers).includes(part);
}
