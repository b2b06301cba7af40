import { composeAgent, type Agent } from "#agent/compose";
import { startInlineControl } from "#agent/control/inline-control";
import type { Control } from "#agent/control/control";
import type { TickWatcher } from "#agent/control/motion-loop";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { motionProfileOf, type DeviceProfile } from "#agent/profile";
import type { Store } from "#agent/store";
import type { Sha256, Verifier } from "#contract/crypto";
import type { Event } from "#contract/event";
import type { DeviceChannel } from "#drivers/simulated/channel";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { MapSource } from "#edge-planner/map-cache";
import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { Life } from "./life.ts";
import type { Network } from "./network/network.ts";
import type { World } from "./world/world.ts";

/** The agent of one simulated device: one disk, and one process on it after another. */
export interface SimulatedAgent extends AsyncDisposable {
  readonly deviceId: string;
  /** The process that runs, or undefined while it is dead. */
  agent(): Agent | undefined;
  /** SIGKILL: nothing more is done or said, the robot's own watchdog stops it. */
  kill(): void;
  /** Starts the process; does nothing while one runs. */
  start(): Promise<void>;
}

export interface SimulatedAgentDeps {
  readonly deviceId: string;
  readonly profile: DeviceProfile;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly network: Network;
  readonly world: World;
  readonly maps: MapSource;
  readonly crypto: { readonly verifier: Verifier; readonly sha256: Sha256 };
  /** Told of every event once it is durable. */
  readonly onEvents: (events: readonly Event[]) => void;
  /** Told of every tick of the motion loop, when somebody wants to know. */
  readonly onTick?: TickWatcher | undefined;
  /** A bug of ours: the run can't go on. */
  readonly onFailure: (thrown: unknown) => void;
}

const SOFTWARE = "holdfast-sim";

export function createSimulatedAgent(deps: SimulatedAgentDeps): SimulatedAgent {
  const { deviceId, world, network } = deps;
  const store = openSqliteStore({ path: ":memory:" });
  let running: Running | undefined;
  let starts = 0;
  return {
    deviceId,
    agent: () => running?.agent,
    kill() {
      running?.life.end();
      for (const channel of running?.channels ?? []) channel.close();
      running = undefined;
      network.killProcess(deviceId);
    },
    async start() {
      // Two faults may overlap; one device runs one process.
      if (running) return;
      const channels = [world.connect(deviceId), world.connect(deviceId)] as const;
      const life = new Life();
      const own: Running = { life, channels };
      running = own;
      Object.assign(own, await startProcess(deps, store, life, channels, ++starts));
    },
    async [Symbol.asyncDispose]() {
      await running?.agent?.[Symbol.asyncDispose]();
      await running?.control?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

interface Running {
  readonly life: Life;
  readonly channels: readonly DeviceChannel[];
  agent?: Agent;
  control?: Control;
}

async function startProcess(
  deps: SimulatedAgentDeps,
  store: Store,
  life: Life,
  [motionChannel, toolChannel]: readonly [DeviceChannel, DeviceChannel],
  start: number,
): Promise<Pick<Running, "agent" | "control">> {
  const { deviceId, profile, maps, network, crypto, onFailure } = deps;
  const clock = life.clock(deps.clock);
  const log = deps.log.child({ process: deviceId });
  const control = await startInlineControl({
    clock,
    profile: motionProfileOf(profile),
    drivers: simulatedMotionDrivers(motionChannel, clock),
    log,
    maps,
    onTick: deps.onTick,
  });
  const agent = await composeAgent(
    { site: "default", deviceId, profile, software: SOFTWARE },
    {
      clock,
      rng: deps.rng.fork(`start ${start}`),
      log,
      store: observed(life.port(store), deps.onEvents),
      transport: network.transport(deviceId),
      crypto,
      tools: simulatedToolDrivers(toolChannel, clock),
      control,
      maps,
      onFailure,
    },
  );
  return { agent, control };
}

/** The store with an ear at it: what was appended is told when it is durable. */
function observed(store: Store, onEvents: SimulatedAgentDeps["onEvents"]): Store {
  return {
    load: () => store.load(),
    readJournal: (...args) => store.readJournal(...args),
    readReplies: (inReplyTo) => store.readReplies(inReplyTo),
    readDurations: () => store.readDurations(),
    async commit(ops) {
      await store.commit(ops);
      const events = ops.flatMap((op) => (op.type === "append" ? [op.entry.event] : []));
      if (events.length > 0) onEvents(events);
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
