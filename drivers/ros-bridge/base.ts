import { AgentError } from "#lib/errors";
import type { BaseDriver, Health, Odometry, Twist } from "../driver.ts";
import { createHeldSpeed } from "../held-speed.ts";
import { createLineDevice, type LineDevice } from "../line-device.ts";
import type { DriverDeps } from "../line.ts";
import type { RosBridge } from "./bridge.ts";
import { readOdometry } from "./messages.ts";
import type { RosBaseOptions } from "./options.ts";
import { STATUS_FORMAT } from "./status-format.ts";
import { createTopicDevice } from "./topic-device.ts";
import { encodeMessage } from "./transport.ts";

const CALL_MS = 5000;
/** A refused command counts for so long. */
const GRUDGE_MS = 2000;

/** What the base listens to. */
type CommandType = "twist" | "twist-stamped";

/**
 * The base of a robot with ROS. Speeds go over a connection of their own, which nothing can hold up and which the guard owns, so that
 * a zero follows when we are gone.
 */
export function createRosBase(options: RosBaseOptions, deps: DriverDeps, bridge: RosBridge, url: string): BaseDriver {
  const odometry = createTopicDevice<Odometry>({
    name: "ros base",
    clock: deps.clock,
    bridge,
    topic: { name: options.odometry, type: "nav_msgs/Odometry" },
    silentMs: options.silentMs,
    read: readOdometry,
  });
  let command: CommandChannel | undefined;
  let state: "closed" | "open" | "disposed" = "closed";

  function health(): Health {
    const own = odometry.health();
    if (own.state === "down" || !command) return own;
    const commands = command.device.health();
    const errors = own.errors + commands.errors;
    if (commands.state === "ok") return { ...own, errors };
    return { ...own, errors, state: commands.state, ...(commands.reason ? { reason: commands.reason } : {}) };
  }
  async function openCommands(): Promise<void> {
    const type = options.commandType === "detect" ? await detectType(options.command, bridge) : options.commandType;
    if (state !== "closed") return;
    const channel = createCommandChannel(options, type, { deps, url, bridge });
    await channel.device.open();
    command = channel;
  }
  return {
    name: odometry.name,
    async open() {
      await odometry.open();
      if (command) return;
      try {
        await openCommands();
        state = "open";
      } catch (thrown) {
        await odometry.disable();
        throw thrown;
      }
    },
    async enable() {
      odometry.assertReachable();
      await command?.device.enable();
      await odometry.enable();
    },
    async disable() {
      await command?.device.disable();
      await odometry.disable();
    },
    health,
    latest: () => odometry.latest(),
    drive(velocity, validForMs) {
      const { linear, lateral = 0, angular } = velocity;
      if ([linear, lateral, angular].every(Number.isFinite)) command?.drive(velocity, validForMs);
    },
    async [Symbol.asyncDispose]() {
      state = "disposed";
      await command?.device[Symbol.asyncDispose]();
      await odometry[Symbol.asyncDispose]();
    },
  };
}

interface CommandChannel {
  readonly device: LineDevice;
  drive(velocity: Twist, validForMs: number): void;
}

/** The connection over which the base is told speeds, in a process of its own if a guard is wanted. */
function createCommandChannel(
  { command: topic, frame, watchdog }: RosBaseOptions,
  type: CommandType,
  { deps, url, bridge }: { readonly deps: DriverDeps; readonly url: string; readonly bridge: RosBridge },
): CommandChannel {
  const { clock, rng, lines } = deps;
  const messageType = bridge.spell(type === "twist" ? "geometry_msgs/Twist" : "geometry_msgs/TwistStamped");
  const encode = (velocity: Twist): Uint8Array =>
    encodeMessage({ op: "publish", topic, msg: type === "twist" ? twist(velocity) : stamped(velocity, frame) });
  const stop = encode({ linear: 0, angular: 0 });
  let refused: { readonly atMs: number; readonly reason: string } | undefined;

  const device: LineDevice = createLineDevice({
    name: `ros base (${topic})`,
    clock,
    rng: rng.fork("commands"),
    dial: watchdog === "guard" ? lines.guarded({ url }, stop) : lines.socket(url),
    format: () => STATUS_FORMAT,
    silentMs: Infinity,
    greet: (line) => line.write(encodeMessage({ op: "advertise", topic, type: messageType })),
    onEnable: (line) => speed.halt(line),
    onDisable: (line) => speed.halt(line),
    onLost: () => speed.halt(undefined),
    onFrame({ level, text }, atMs) {
      if (level === "error") refused = { atMs, reason: text };
    },
    fault() {
      if (!refused || clock.nowMs() - refused.atMs > GRUDGE_MS) return undefined;
      return { state: "down", reason: `ros base: the bridge refuses what is sent to ${topic}: ${refused.reason}` };
    },
  });
  const speed = createHeldSpeed(clock, () => device, stop);
  return { device, drive: (velocity, validForMs) => speed.hold(encode(velocity), validForMs) };
}

function twist({ linear, lateral = 0, angular }: Twist): object {
  return { linear: { x: linear, y: lateral, z: 0 }, angular: { x: 0, y: 0, z: angular } };
}

/** Without a stamp: the bridge writes the time of the robot's own clock, which controllers compare it with. */
function stamped(velocity: Twist, frame: string): object {
  return { header: { frame_id: frame }, twist: twist(velocity) };
}

async function detectType(topic: string, bridge: RosBridge): Promise<CommandType> {
  const service = { name: "/rosapi/topic_type", type: "rosapi/TopicType" };
  const answer = await bridge.call(service, { topic }, CALL_MS);
  const { type } = answer as { readonly type?: unknown };
  if (typeof type === "string" && type.endsWith("/TwistStamped")) return "twist-stamped";
  if (typeof type === "string" && type.endsWith("/Twist")) return "twist";
  const found = type === "" || typeof type !== "string" ? "nobody listens to it" : `it is of type ${type}`;
  const message = `ros base: ${topic} can't be commanded: ${found}; start the base, or name another topic`;
  throw new AgentError("driver.down", message, { retryable: true });
}
