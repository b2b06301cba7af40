import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeviceProfile } from "#agent/profile";
import type { Event } from "#contract/event";
import { createPinoLog } from "#lib/node/pino-log";
import type { Clock } from "#lib/clock";
import type { ClockScale } from "#lib/node/system-clock";
import { connectWorldControl, type WorldControl } from "#sim/world-control";
import { awaited, startChild, type Child, type LogRecord } from "./child.ts";
import { createCloudClient, type CloudClient } from "./cloud-client.ts";
import { startRelay, type Relay } from "./relay.ts";
import { freePorts } from "./free-ports.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface SiteOptions {
  readonly scenarioFile: string;
  readonly seed: number;
  readonly scale: ClockScale;
  readonly clock: Clock;
  readonly profiles: ReadonlyMap<string, DeviceProfile>;
  /** How the cloud (`cloud`) and the devices reach a broker that is there already; without it, the cloud has its own. */
  readonly access?: (who: string) => object;
  /** More of every agent's configuration. */
  readonly agentSettings?: object;
  readonly onEvent: (deviceId: string, event: Event) => void;
  /** A program ended by itself: the run can't go on. */
  readonly onCrash: (reason: string) => void;
}

/** Cloud, world and agents, each a process of its own, joined by real MQTT and sockets on the loopback. */
export interface SiteProcesses extends AsyncDisposable {
  readonly client: CloudClient;
  readonly world: WorldControl;
  readonly cloudUrl: string;
  readonly brokerUrl: string;
  /** Databases are below it: `<deviceId>/core.db` and `cloud/cloud.db`. Gone with the site. */
  readonly folder: string;
  /** The radio link of a device to the cloud's own broker. */
  relay(deviceId: string): Relay | undefined;
  killAgent(deviceId: string): Promise<void>;
  /** Lets it end as a supervisor does (SIGTERM). */
  stopAgent(deviceId: string): Promise<void>;
  startAgent(deviceId: string): void;
  killCloud(): Promise<void>;
  /** Lets it end as a supervisor does (SIGTERM). */
  stopCloud(): Promise<void>;
  /** Resolves when it answers. */
  startCloud(): Promise<void>;
}

const START_WITHIN_MS = 30_000;
const PROGRAM = fileURLToPath(new URL("../holdfast.js", import.meta.url));
const WORLD = fileURLToPath(new URL("../../sim/world-process.main.ts", import.meta.url));

/** Starts everything and resolves when the cloud answers and the world is there; agents connect in their own time. */
export async function startSiteProcesses(options: SiteOptions): Promise<SiteProcesses> {
  await using stack = new AsyncDisposableStack();
  const workspace = stack.use(createWorkspace());
  const [httpPort, mqttPort] = await freePorts(2);
  const served = await startWorld(options, workspace.folder, stack);
  const cloud = createSlot();
  stack.defer(() => cloud.dispose());
  const door = options.access ? { broker: options.access("cloud") } : { mqtt: mqttPort! };
  const cloudConfig = workspace.cloudConfig({ http: httpPort!, ...door }, options.scale);
  const startCloud = (): Promise<void> => {
    const { promise: isUp, bring: sayUp } = awaited<void>("the cloud did not start", START_WITHIN_MS);
    cloud.fill(
      startChild({
        name: "the cloud",
        args: [PROGRAM, "cloud", "--config", cloudConfig],
        onLog: () => undefined,
        onLine: (line) => line.includes("answers at") && sayUp(),
        onCrash: options.onCrash,
      }),
    );
    return isUp;
  };
  await startCloud();
  const agents = await createAgents(options, { workspace, served, mqttPort: mqttPort! }, stack);
  const world = stack.use(await connectWorldControl(served.address));
  const cloudUrl = `http://127.0.0.1:${httpPort}`;
  const client = createCloudClient(cloudUrl, createPinoLog(options.clock, { level: "fatal" }));
  const running = stack.move();
  return {
    client,
    world,
    cloudUrl,
    brokerUrl: `mqtt://127.0.0.1:${mqttPort}`,
    folder: workspace.folder,
    relay: (deviceId) => agents.get(deviceId)?.relay,
    killAgent: async (deviceId) => agents.get(deviceId)?.slot.kill(),
    stopAgent: async (deviceId) => agents.get(deviceId)?.slot.dispose(),
    startAgent: (deviceId) => agents.get(deviceId)?.start(),
    killCloud: () => cloud.kill(),
    stopCloud: () => cloud.dispose(),
    startCloud,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Agent {
  readonly relay: Relay;
  readonly slot: Slot;
  start(): void;
}

async function createAgents(
  { profiles, scale, access, agentSettings, onCrash, onEvent }: SiteOptions,
  at: { workspace: Workspace; served: ServedWorld; mqttPort: number },
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Agent>> {
  const agents = new Map<string, Agent>();
  for (const [deviceId, profile] of profiles) {
    const relay = stack.use(await startRelay({ host: "127.0.0.1", port: at.mqttPort }));
    const slot = createSlot();
    stack.defer(() => slot.dispose());
    const broker = access?.(deviceId) ?? { url: `mqtt://127.0.0.1:${relay.port}` };
    const profileFile = at.served.profiles[deviceId];
    const robot = profileFile === undefined ? { world: at.served.address, profile } : { profileFile };
    const config = at.workspace.agentConfig({
      deviceId,
      broker,
      robot,
      clock: scale,
      ...(agentSettings && { more: agentSettings }),
    });
    const onLog = (record: LogRecord): void => {
      if (record["msg"] === "journaled") onEvent(deviceId, record["event"] as Event);
    };
    const start = (): void =>
      slot.fill(
        startChild({ name: `agent ${deviceId}`, args: [PROGRAM, "agent", "--config", config], onLog, onCrash }),
      );
    start();
    agents.set(deviceId, { relay, slot, start });
  }
  return agents;
}

/** Where the world listens, and by robot with emulated hardware the file of the profile that finds it. */
interface ServedWorld {
  readonly address: string;
  readonly profiles: Readonly<Record<string, string>>;
}

/** Starts the world, with the hardware of its robots below `folder`. */
async function startWorld(
  { scenarioFile, seed, scale, onCrash }: SiteOptions,
  folder: string,
  stack: AsyncDisposableStack,
): Promise<ServedWorld> {
  const { promise, bring } = awaited<ServedWorld>("the world did not start", START_WITHIN_MS);
  const clock = ["--factor", String(scale.factor), "--origin-ms", String(scale.originMs)];
  stack.use(
    startChild({
      name: "the world",
      args: [WORLD, "--scenario", scenarioFile, "--seed", String(seed), "--hardware", join(folder, "ports"), ...clock],
      onLog: (record) => record["msg"] === "world listens" && bring(record as unknown as ServedWorld),
      onCrash,
    }),
  );
  return promise;
}

/** A place for one process at a time. */
interface Slot {
  fill(child: Child): void;
  kill(): Promise<void>;
  dispose(): Promise<void>;
}

function createSlot(): Slot {
  let child: Child | undefined;
  return {
    fill(next) {
      child = next;
    },
    async kill() {
      await child?.kill();
      child = undefined;
    },
    async dispose() {
      await child?.[Symbol.asyncDispose]();
    },
  };
}
