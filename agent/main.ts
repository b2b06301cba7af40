import { randomUUID } from "node:crypto";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { destination, type DestinationStream } from "pino";
import type { Clock } from "#lib/clock";
import type { Log } from "#lib/log";
import { createBoardProbe } from "#lib/node/board-probe";
import { makeFolder } from "#lib/node/folder";
import { createJsonPoster } from "#lib/node/json-poster";
import { createMqttTransport } from "#lib/node/mqtt-transport";
import { startNetworkWatch } from "#lib/node/network-watch";
import { AgentError } from "#lib/errors";
import { type Pose, poseFrom } from "#lib/geometry";
import { createPinoLog } from "#lib/node/pino-log";
import { disposeInTime, EXIT_BUG, listenForEnd } from "#lib/node/program-end";
import { createSystemClock, type ClockScale } from "#lib/node/system-clock";
import { loadYaml } from "#lib/node/yaml-file";
import { createRng } from "#lib/rng";
import { readKeySet } from "#contract/io/key-file";
import { createNodeVerifier, sha256Hex } from "#contract/io/node-crypto";
import type { ToolDrivers } from "#drivers/driver";
import { type AgentSettings, composeAgent, type TelemetrySetup } from "./compose.ts";
import { AgentConfig } from "./config.ts";
import { createConsole, openDoors } from "./console/console.ts";
import { createLogTail } from "./console/log-tail.ts";
import type { Control } from "./control/control.ts";
import { createToolDrivers, driversOf } from "./drivers.ts";
import { startWorkerControl } from "./control/worker-control.ts";
import { loadProfile } from "./io/profile-file.ts";
import type { StorageOptions } from "./io/storage.ts";
import { startWorkerStore } from "./io/worker-store.ts";
import { createLogLines, type LogLines } from "./telemetry/log-lines.ts";
import type { TelemetryStore } from "./telemetry/store.ts";
import type { Policies } from "./core/policies.ts";
import { LocalFixes } from "./core/local-fixes.ts";
import { SeverityPolicy } from "./core/severity.ts";
import { type DeviceProfile, motionProfileOf } from "./profile.ts";
import { type Carrier, createCarrier } from "./operator/carrier.ts";
import { rehearse } from "./rehearsal.ts";
import { beginLife, type Life } from "./survival/life.ts";
import { parkedDevice } from "./survival/safe-mode.ts";

export interface RunAgentOptions {
  /** The configuration file. */
  readonly config: string;
  /** Name and version of this program. */
  readonly software: string;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

/**
 * Runs the agent of one device until it is told to end (SIGTERM or SIGINT) and resolves with the exit code: 0, or 70 after a
 * bug. Rejects `config.invalid` for what is wrong with the configuration, `driver.*` when the robot can't be reached.
 */
export async function runAgent({ config: file, software, say }: RunAgentOptions): Promise<number> {
  const config = loadYaml(file, AgentConfig);
  const profile = loadProfile(config.profile);
  const verifier = createNodeVerifier(readKeySet(config.trustedKeys));
  const scale: ClockScale = config.clock ?? { factor: 1, originMs: 0 };
  const clock = createSystemClock(scale);
  const lines = createLogLines();
  const tail = createLogTail();
  const log = createPinoLog(clock, { level: config.logLevel, destination: overheard([lines, tail]) });
  const end = listenForEnd(log);
  const parts = new AsyncDisposableStack();
  let life: Life | undefined;
  let code = EXIT_BUG;
  try {
    const stored = await openStore(config, { log, onFailure: end.fail }, parts);
    const { store } = stored;
    life = stored.life;
    const deviceDeps = { clock, scale, life, log, onFailure: end.fail };
    const { control, carrier, tools } = await openDevice(config, profile, deviceDeps, parts);
    const { site, deviceId, broker } = config;
    rehearse();
    const settings = settingsOf(config, profile, software);
    const agent = await composeAgent(settings, {
      clock,
      rng: createRng(randomUUID()),
      log,
      store,
      transport: createMqttTransport(broker, { log }),
      network: parts.use(startNetworkWatch(createSystemClock())),
      crypto: { verifier, sha256: sha256Hex },
      tools,
      control,
      ...(carrier && { carrier }),
      feeds: {
        list: config.feeds,
        post: (sink) => {
          const poster = parts.use(createJsonPoster(sink));
          return (path, body) => poster.post(path, body);
        },
      },
      board: createBoardProbe({ dataDir: config.dataDir }),
      ...(store.telemetry && { telemetry: setupOf(config, store.telemetry, lines) }),
      onFailure: end.fail,
    });
    parts.use(agent);
    parts.use(life.watch(agent, { clock, store }));
    const { technician } = agent;
    const shown = { config, configFile: file, technician, clock, rng: createRng(randomUUID()), log, tail };
    const console = createConsole(shown);
    parts.use(await openDoors(console, shown));
    if (config.statusPage) {
      const { openStatusPage } = await import("./page/status-page.ts");
      parts.use(await openStatusPage({ ...config.statusPage, parts: console.parts, log }));
    }
    if (agent.desk && config.operator) {
      const { openOperatorPage } = await import("./operator/page/operator-page.ts");
      parts.use(await openOperatorPage({ listen: config.operator.page, desk: agent.desk, clock, log }));
    }
    // Node writes its cache when a program ends; power is cut more often than an agent is told to end.
    flushCompileCache();
    say(`${software} runs ${deviceId}, a ${profile.kind}, at site ${site}; its cloud is at ${broker.url}`);
    code = await end.promise;
    control.stop();
    return code;
  } finally {
    life?.end(code === 0 ? "told" : "failed");
    end.forget();
    await disposeInTime(parts, log);
  }
}

/** Who this agent is, and by which rules it goes. */
function settingsOf(config: AgentConfig, profile: DeviceProfile, software: string): AgentSettings {
  const { site, deviceId, broker, link, storage } = config;
  const endurance = storage.enduranceTB === undefined ? {} : { enduranceBytes: storage.enduranceTB * 1e12 };
  const { keepAliveSeconds } = link;
  const identity = { site, deviceId, profile, software, credentials: broker, keepAliveSeconds };
  return { ...identity, policies: loadPolicies(), ...endurance };
}

interface FailureDeps {
  readonly log: Log;
  readonly onFailure: (thrown: unknown) => void;
}

interface Device {
  readonly control: Control;
  readonly carrier?: Carrier;
  readonly tools: ToolDrivers;
}

type WorkerStore = Awaited<ReturnType<typeof startWorkerStore>>;

/** The disk, and this start of the program as it is noted there. */
async function openStore(
  config: AgentConfig,
  { log, onFailure }: FailureDeps,
  parts: AsyncDisposableStack,
): Promise<{ store: WorkerStore; life: Life }> {
  const { dataDir } = config;
  makeFolder(dataDir, "dataDir is where the journal is kept");
  const path = join(dataDir, "core.db");
  const store = parts.use(await startWorkerStore({ path, ...storageOf(config), log, onFatal: onFailure }));
  return { store, life: beginLife({ dataDir, clock: createSystemClock(), log, onFailure }) };
}

interface DeviceDeps extends FailureDeps {
  readonly clock: Clock;
  readonly scale: ClockScale;
  readonly life: Life;
}

/** The tools and the motion loop of this device, each ended by `parts`. */
async function openDevice(
  config: AgentConfig,
  profile: DeviceProfile,
  { clock, scale, life, log, onFailure }: DeviceDeps,
  parts: AsyncDisposableStack,
): Promise<Device> {
  if (life.safeModeAfter !== undefined) return parkedDevice(clock, life.safeModeAfter);
  const drivers = driversOf(config, profile);
  const tools = await createToolDrivers(drivers, clock);
  for (const driver of [tools.battery, tools.load, tools.scanner]) parts.use(driver);
  if (drivers.kind === "carried" || profile.worker === "person") {
    const carrier = createCarrier(clock, homeOf(config));
    // Hands and eyes are the person's, also where a world plays the terminal.
    return { control: carrier, carrier, tools: { battery: tools.battery } };
  }
  const motion = motionProfileOf(profile);
  const control = await startWorkerControl({ clockScale: scale, profile: motion, drivers, clock, log, onFailure });
  return { control: parts.use(control), tools };
}

function homeOf({ operator }: AgentConfig): Pose {
  if (operator) return poseFrom(operator.home);
  const reason = "operator is missing: a person carries this device, so say where it is at first (operator.home)";
  throw new AgentError("config.invalid", reason);
}

const MEGA = 1e6;
const HOUR_MS = 3_600_000;

function storageOf({ storage }: AgentConfig): Omit<StorageOptions, "path"> {
  const budgets = { backfill: storage.telemetryMB * MEGA, logs: storage.logsMB * MEGA };
  const retainMs = storage.retainHours * HOUR_MS;
  return { journalBytes: storage.journalMB * MEGA, telemetry: { newStore: randomUUID(), budgets, retainMs } };
}

function setupOf({ link }: AgentConfig, store: TelemetryStore, lines: LogLines): TelemetrySetup {
  const { backlogBytesPerSecond: bytesPerSecond, startJitterSeconds } = link;
  const startJitterMs = startJitterSeconds * 1000;
  const limits = { startJitterMs, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) };
  return { store, limits, takeLines: () => lines.take() };
}

/** Standard output, with ears for the lines that are stored or shown as well. */
function overheard(ears: readonly { readonly offer: (line: string) => void }[]): DestinationStream {
  const output = destination(1);
  return {
    write(line) {
      output.write(line);
      for (const ear of ears) ear.offer(line);
    },
  };
}

/** The policies that ship, as this installation has them. */
function loadPolicies(): Policies {
  const path = (name: string): string => fileURLToPath(new URL(`../config/policies/${name}.yaml`, import.meta.url));
  return {
    localFixes: loadYaml(path("local-fixes"), LocalFixes),
    severity: loadYaml(path("severity"), SeverityPolicy),
  };
}
