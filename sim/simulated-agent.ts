import { composeAgent, type Agent } from "#agent/compose";
import { startInlineControl } from "#agent/control/inline-control";
import type { Control } from "#agent/control/control";
import type { TickWatcher } from "#agent/control/motion-loop";
import { openSqliteStore } from "#agent/io/sqlite-store";
import { createCarrier } from "#agent/operator/carrier";
import { motionProfileOf, type DeviceProfile } from "#agent/profile";
import type { Store } from "#agent/store";
import type { Sha256, Verifier } from "#contract/crypto";
import type { Event } from "#contract/event";
import type { DeviceChannel } from "#drivers/simulated/channel";
import { simulatedMotionDrivers } from "#drivers/simulated/motion-drivers";
import { simulatedToolDrivers } from "#drivers/simulated/tool-drivers";
import type { MapSource } from "#edge-planner/map-cache";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import { delayed } from "./delayed.ts";
import { DeviceClock } from "./device-clock.ts";
import { createJournalEar, type JournalEar } from "./journal-ear.ts";
import { Life } from "./life.ts";
import type { Network } from "./network/network.ts";
import { SimulatedDisk } from "./storage/disk.ts";
import type { MountedDisk, SimulatedSqlite } from "./storage/simulated-sqlite.ts";
import { rewire, type Rewiring } from "./rewiring.ts";
import type { World } from "./world/world.ts";

/** The agent of one simulated device: one computer with its disk, and one process on it after another. */
export interface SimulatedAgent extends AsyncDisposable {
  readonly deviceId: string;
  readonly disk: SimulatedDisk;
  readonly clock: DeviceClock;
  /** The process that runs, or undefined while it is dead. */
  agent(): Agent | undefined;
  /** SIGKILL: nothing more is done or said, the robot's own watchdog stops it. */
  kill(): void;
  /** The computer loses its power in the middle of a write, or within half a second where it writes nothing. */
  cutPower(): void;
  /** Starts the process, and the computer if it is off; does nothing while one runs. */
  start(): Promise<void>;
}

export interface SimulatedAgentDeps {
  readonly deviceId: string;
  readonly profile: DeviceProfile;
  /** Of a device that a person carries: where they begin. */
  readonly home?: Pose | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly sqlite: SimulatedSqlite;
  /** `memory` is a disk that nothing befalls: the same store, opened a hundred times faster. */
  readonly storage: "disk" | "memory";
  readonly network: Network;
  readonly world: World;
  readonly maps: MapSource;
  readonly crypto: { readonly verifier: Verifier; readonly sha256: Sha256 };
  /** Told of every event once it is durable. */
  readonly onEvents: (events: readonly Event[]) => void;
  /** Told of every tick of the motion loop, when somebody wants to know. */
  readonly onTick?: TickWatcher | undefined;
  readonly rewiring?: Rewiring | undefined;
  /** A bug of ours: the run can't go on. */
  readonly onFailure: (thrown: unknown) => void;
}

export function createSimulatedAgent(deps: SimulatedAgentDeps): SimulatedAgent {
  return new Computer(deps);
}

/** The agent's database on its disk. */
export const DATABASE = "core.db";

const SOFTWARE = "holdfast-sim";
/** As a supervisor does: a process that ends is started again after this. */
const RESTART_MS = 2000;
/** Writes and syncs within which a power cut falls. */
const CUT_WITHIN_OPERATIONS = 12;
const CUT_WITHIN_MS = 500;

/** Codes of failures that end a process and are no bugs: at its start a device may be away, too. */
const RUNNING = /^store\./;
const AT_START = /^(store|driver)\./;

interface Running {
  readonly life: Life;
  readonly channels: readonly [DeviceChannel, DeviceChannel];
  readonly store?: Store;
  agent?: Agent;
  control?: Control;
}

class Computer implements SimulatedAgent {
  readonly deviceId: string;
  readonly disk: SimulatedDisk;
  readonly clock: DeviceClock;
  readonly #deps: SimulatedAgentDeps;
  readonly #mounted: MountedDisk;
  readonly #ear: JournalEar;
  readonly #memory: Store | undefined;
  #power: "on" | "failing" | "off" = "on";
  #running: Running | undefined;
  #starts = 0;

  constructor(deps: SimulatedAgentDeps) {
    this.#deps = deps;
    this.deviceId = deps.deviceId;
    this.clock = new DeviceClock(deps.clock);
    const rng = deps.rng.fork("disk");
    this.disk = new SimulatedDisk({ clock: this.clock, rng });
    this.#mounted = deps.sqlite.mount(this.disk, { clock: this.clock, rng: rng.fork("sqlite") });
    this.#ear = createJournalEar(deps.onEvents);
    this.#memory = deps.storage === "memory" ? openSqliteStore({ path: ":memory:" }) : undefined;
  }

  agent(): Agent | undefined {
    return this.#running?.agent;
  }

  kill(): void {
    this.#endProcess();
    this.disk.killProcess();
    this.#deps.network.killProcess(this.deviceId);
  }

  cutPower(): void {
    if (this.#power !== "on") return;
    this.#power = "failing";
    this.disk.cutPowerAfter(this.#deps.rng.fork(`cut ${this.#starts}`).integer(0, CUT_WITHIN_OPERATIONS), () =>
      this.#goDark(),
    );
    this.clock.after(CUT_WITHIN_MS, () => {
      if (this.#power !== "failing") return;
      this.disk.cutPower();
      this.#goDark();
    });
  }

  async start(): Promise<void> {
    // Two faults may overlap; one device runs one process.
    if (this.#power === "failing") {
      // Power comes back when it has gone.
      this.#deps.clock.after(CUT_WITHIN_MS, () => void this.start().catch(this.#deps.onFailure));
      return;
    }
    if (this.#running) return;
    if (this.#power === "off") this.clock.boot(bootIdOf(this.#deps.rng.fork(`boot ${this.#starts}`)));
    this.#power = "on";
    this.#starts++;
    const { world } = this.#deps;
    const channels = [world.connect(this.deviceId), world.connect(this.deviceId)] as const;
    const own: Running = { life: new Life(), channels };
    this.#running = own;
    try {
      Object.assign(own, { store: this.#memory ?? openSqliteStore({ path: DATABASE, disk: this.#mounted }) });
      await this.#startProcess(own);
    } catch (thrown) {
      this.#endByFailure(own, thrown, AT_START);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running;
    await running?.agent?.[Symbol.asyncDispose]();
    await running?.control?.[Symbol.asyncDispose]();
    await (this.#memory ?? running?.store)?.[Symbol.asyncDispose]();
    this.#mounted.unmount();
  }

  async #startProcess(own: Running): Promise<void> {
    const { profile, maps, network, crypto, log: deviceLog, rng } = this.#deps;
    const { life, channels, store } = own;
    const wired = rewire(this.#deps.rewiring);
    const clock = wired.clock(life.clock(this.clock), this.deviceId);
    const log = deviceLog.child({ process: this.deviceId });
    const disk = life.port(delayed(store!, () => this.disk.rest()));
    await this.#ear.catchUp(disk);
    const { home } = this.#deps;
    const carrier = home && createCarrier(clock, home);
    const control =
      carrier ??
      (await startInlineControl({
        clock,
        profile: motionProfileOf(profile),
        drivers: wired.motion(simulatedMotionDrivers(channels[0], clock), this.deviceId),
        log,
        maps,
        onTick: this.#deps.onTick,
      }));
    const tools = simulatedToolDrivers(channels[1], clock);
    own.control = control;
    own.agent = await composeAgent(
      { site: "default", deviceId: this.deviceId, profile, software: SOFTWARE },
      {
        clock,
        rng: rng.fork(`start ${this.#starts}`),
        log,
        store: wired.store(this.#ear.at(disk), this.deviceId),
        transport: wired.transport(network.transport(this.deviceId), this.deviceId),
        crypto: { ...crypto, verifier: wired.verifier(crypto.verifier, this.deviceId) },
        // Of a person, hands and eyes are no drivers.
        tools: wired.tools(carrier ? { battery: tools.battery } : tools, this.deviceId),
        control,
        ...(carrier && { carrier }),
        maps,
        onFailure: (thrown) => this.#endByFailure(own, thrown),
      },
    );
  }

  /** A disk in trouble ends the process, as in production, and the supervisor starts the next; everything else is a bug. */
  #endByFailure(own: Running, thrown: unknown, weather = RUNNING): void {
    if (!own.life.isAlive) return;
    if (!(thrown instanceof AgentError) || !weather.test(thrown.code)) {
      this.#deps.onFailure(thrown);
      return;
    }
    this.#deps.log.error({ err: thrown, process: this.deviceId }, "the process ends");
    this.kill();
    this.clock.after(RESTART_MS, () => {
      if (this.#power === "on") void this.start().catch(this.#deps.onFailure);
    });
  }

  #goDark(): void {
    this.#power = "off";
    this.#endProcess();
    this.#deps.network.cutPower(this.deviceId);
  }

  #endProcess(): void {
    const running = this.#running;
    this.#running = undefined;
    running?.life.end();
    for (const channel of running?.channels ?? []) channel.close();
    // It may die in the middle of a call of SQLite, which must return first.
    if (!this.#memory) void Promise.resolve().then(() => running?.store?.[Symbol.asyncDispose]());
  }
}

function bootIdOf(rng: Rng): string {
  const tail = (rng.uint32() + rng.uint32() * 2 ** 16).toString(16).padStart(12, "0").slice(0, 12);
  return `5eed5eed-0000-4000-8000-${tail}`;
}
