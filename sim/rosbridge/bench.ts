import { AgentError } from "#lib/errors";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { Dial, Lines } from "#drivers/line";
import { benchSpec } from "../world/bench.ts";
import { createWorld, type World } from "../world/world.ts";
import { RosGraph } from "./graph.ts";
import type { RosVersion } from "./message-definitions.ts";
import { createTypeRegistry } from "./message-types.ts";
import { type RobotNodesOptions, startRobotNodes } from "./robot-nodes.ts";
import { startRosapi } from "./rosapi.ts";
import { type BridgeSession, createBridgeSession, type SessionOptions } from "./session.ts";

export interface BridgeBenchOptions {
  readonly version?: RosVersion;
  readonly command?: RobotNodesOptions["command"];
  readonly threads?: SessionOptions["threads"];
  readonly front?: "code" | "nothing";
}

/** A robot with ROS in a world of its own, in virtual time, behind a bridge that is reached in memory. */
export interface BridgeBench extends Disposable {
  readonly clock: VirtualClock;
  readonly world: World;
  readonly graph: RosGraph;
  readonly lines: Lines;
  /** Every message that clients sent. */
  readonly sent: Readonly<Record<string, unknown>>[];
  plug(): void;
  unplug(): void;
  /** From now on connections stay, but nothing goes through them. */
  freeze(): void;
}

/** A bench with the robot `bench` and its nodes running. */
export function createBridgeBench(options: BridgeBenchOptions = {}): BridgeBench {
  const { version = 2, command = "twist", threads = "many", front = "code" } = options;
  const clock = new VirtualClock({ nowMs: 5000 });
  const world = createWorld(benchSpec(front), { clock, rng: createRng(7) });
  const graph = new RosGraph(createTypeRegistry(version));
  startRosapi(graph, clock);
  const position = { sigmaXy: 0.03, sigmaYaw: 0.01 };
  const channel = world.connect("bench");
  void startRobotNodes({ clock, graph, channel, command, commandTimeoutMs: 500, position });

  const open = new Map<BridgeSession, (reason: string) => void>();
  const sent: Readonly<Record<string, unknown>>[] = [];
  let state: "plugged" | "unplugged" | "frozen" = "plugged";
  const dial: Dial = async ({ onBytes, onEnd }) => {
    if (state === "unplugged") throw new AgentError("driver.down", "nobody listens", { retryable: true });
    const session: BridgeSession = createBridgeSession({
      clock,
      graph,
      node: `/client_${open.size + 1}`,
      threads,
      send(data) {
        if (open.has(session) && state === "plugged") onBytes(typeof data === "string" ? Buffer.from(data) : data);
      },
    });
    open.set(session, onEnd);
    const write = (bytes: Uint8Array): void => {
      if (!open.has(session) || state !== "plugged") return;
      const text = Buffer.from(bytes).toString();
      sent.push(JSON.parse(text) as Readonly<Record<string, unknown>>);
      session.receive(text);
    };
    return {
      write,
      drive: write,
      async close() {
        open.delete(session);
        session.end();
      },
    };
  };
  return {
    clock,
    world,
    graph,
    sent,
    lines: { serial: () => dial, tcp: () => dial, socket: () => dial, guarded: () => dial },
    plug: () => void (state = "plugged"),
    freeze: () => void (state = "frozen"),
    unplug() {
      state = "unplugged";
      for (const [session, onEnd] of open) {
        open.delete(session);
        session.end();
        onEnd("the bridge hung up");
      }
    },
    [Symbol.dispose]: () => world[Symbol.dispose](),
  };
}
