import type { TickWatcher } from "#agent/control/motion-loop";
import type { LogEntry } from "#cloud/io/store-rows";
import type { Signer } from "#contract/crypto";
import type { Event } from "#contract/event";
import { readEventData } from "#contract/event-data";
import { createNodeSigner, createNodeVerifier, generateKey, sha256Hex } from "#contract/io/node-crypto";
import { type ContractStatus, isFinal } from "#contract/status";
import { repeat } from "#lib/clock";
import { poseFrom } from "#lib/geometry";
import type { Log } from "#lib/log";
import type { Rng } from "#lib/rng";
import type { VirtualClock } from "#lib/virtual-clock";
import { ConductBook, LOOK_EVERY_MS } from "./conduct.ts";
import type { Sizes } from "./evidence.ts";
import { damagesMemory, type Fault, harmsDisk } from "./faults/fault.ts";
import { createNetwork, type Network } from "./network/network.ts";
import type { Observer } from "./observer.ts";
import { startOperators, type OperatorsDeps } from "./operator/operators.ts";
import { createPlaces, type Places } from "./places.ts";
import { startPusher, type Pusher } from "./pusher.ts";
import type { LoadedScenario } from "./scenario-file.ts";
import type { Rewiring } from "./rewiring.ts";
import { worldSpecOf } from "./scenario-world.ts";
import { startSchedule, type Schedule } from "./schedule.ts";
import { createSimulatedAgent, type SimulatedAgent } from "./simulated-agent.ts";
import { createSimulatedCloud, type SimulatedCloud } from "./simulated-cloud.ts";
import type { SimulatedSqlite } from "./storage/simulated-sqlite.ts";
import { createWorld, type World } from "./world/world.ts";

export interface SiteDeps {
  readonly clock: VirtualClock;
  readonly rng: Rng;
  readonly log: Log;
  /** What the devices keep their journals with. */
  readonly sqlite: SimulatedSqlite;
  /** Places made ready before; absent: this run's own. */
  readonly places?: Places | undefined;
  /** Ports in the place of the run's own. */
  readonly rewiring?: Rewiring | undefined;
  /** Watches the run; a run without an observer is the same run. */
  readonly observer?: Observer | undefined;
}

const VIEW_EVERY_MS = 1000;
const NOBODY: Observer = {
  event: () => undefined,
  cloud: () => undefined,
  view: () => undefined,
  intervention: () => undefined,
};

/** Everything of a scenario in one process: world, network, the cloud, and an agent for each robot. */
export class Site implements AsyncDisposable {
  readonly network: Network;
  readonly world: World;
  readonly cloud: SimulatedCloud;
  /** Signs as the platform does, for those who put documents onto the network by themselves. */
  readonly signer: Signer;
  readonly agents: ReadonlyMap<string, SimulatedAgent>;
  readonly schedule: Schedule;
  readonly pusher: Pusher;
  /** Every durable event of each device, in order. */
  readonly journals: ReadonlyMap<string, Event[]>;
  readonly cloudLog: LogEntry[] = [];
  readonly conduct: ConductBook;
  readonly #stack = new AsyncDisposableStack();
  readonly #clock: VirtualClock;
  readonly #faults: readonly Fault[];
  #observer: Observer;
  /** Contracts that have not ended in the cloud, and tasks that wait for a device. */
  readonly #open = new Set<string>();
  #timersMax = 0;
  readonly #names = new Map<string, string>();
  #failure: { readonly thrown: unknown } | undefined;

  /** Makes the site and starts it; time stands still until the clock is moved. */
  constructor(loaded: LoadedScenario, deps: SiteDeps) {
    const { clock, rng, log, sqlite, places = createPlaces(), observer = NOBODY, rewiring } = deps;
    const { scenario } = loaded;
    this.#clock = clock;
    this.#faults = scenario.faults;
    this.#observer = observer;
    this.conduct = new ConductBook(scenario.motion);
    this.network = createNetwork({ clock, rng: rng.fork("network"), log });
    const terrain = places.terrainOf(loaded.map);
    this.world = this.#stack.use(createWorld(worldSpecOf(loaded), { clock, rng: rng.fork("world"), terrain }));
    const key = generateKey(Buffer.from(sha256Hex(`platform key ${rng.fork("key").uint32()}`), "hex"));
    this.signer = createNodeSigner(key.privateJwk);
    this.cloud = this.#stack.use(
      createSimulatedCloud({
        clock,
        rng: rng.fork("cloud"),
        log,
        network: this.network,
        devices: scenario.robots.map(({ id }) => id),
        siteMap: loaded.siteMap,
        crypto: { signer: this.signer, sha256: sha256Hex },
        onLogged: (entries) => this.#hearCloud(entries),
        rewiring,
      }),
    );
    this.journals = new Map(scenario.robots.map(({ id }) => [id, []]));
    const shared = {
      clock,
      log,
      sqlite,
      network: this.network,
      world: this.world,
      maps: places.maps,
      crypto: { verifier: createNodeVerifier({ keys: [key.publicJwk] }), sha256: sha256Hex },
      onFailure: (thrown: unknown) => this.#fail(thrown),
      rewiring,
    };
    this.agents = new Map(
      scenario.robots.map(({ id, pose }) => {
        const storage = scenario.faults.some((fault) => harmsDisk(fault, id)) ? ("disk" as const) : ("memory" as const);
        const profile = loaded.profiles.get(id)!;
        const home = profile.worker === "person" ? poseFrom(pose) : undefined;
        const own = { deviceId: id, profile, home, rng: rng.fork(`agent ${id}`), storage };
        const onEvents = (events: readonly Event[]): void => this.#hearDevice(id, events);
        const onTick =
          observer.tick && ((...tick: Parameters<TickWatcher>) => this.#observer.tick?.(this.#seconds(), id, ...tick));
        return [id, this.#stack.use(createSimulatedAgent({ ...shared, ...own, onEvents, onTick }))];
      }),
    );
    this.schedule = this.#startSchedule(loaded);
    this.pusher = startPusher(loaded, {
      clock,
      execution: () => this.cloud.execution(),
      onFailure: (thrown) => this.#fail(thrown),
    });
    this.#stack.defer(repeat(clock, VIEW_EVERY_MS, () => this.#look()));
    this.#stack.defer(repeat(clock, LOOK_EVERY_MS, () => this.#watch()));
    this.follow(this.cloud.start());
    for (const agent of this.agents.values()) this.follow(agent.start());
    this.#startOperators(loaded, { clock, rng: rng.fork("operators"), log, maps: places.maps });
  }

  /** Nothing is told any more: what follows is only the parts' goodbye. */
  dismissObserver(): void {
    this.#observer = NOBODY;
  }

  /** Whether a fault of this run takes from a device what it has stored. */
  memoryOf(deviceId: string): "whole" | "damaged" {
    return this.#faults.some((fault) => damagesMemory(fault, deviceId)) ? "damaged" : "whole";
  }

  /** Whether the cloud has a contract that has not ended, or a task that nobody has taken. */
  hasOpenWork(): boolean {
    return this.#open.size > 0;
  }

  sizes(): Sizes {
    return { messages: this.network.traffic(), timersMax: this.#timersMax };
  }

  /** Throws what a part has thrown that nothing else could catch. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.thrown;
  }

  /** Minds work that nobody waits for: what it throws ends the run. */
  follow(work: Promise<unknown> | undefined): void {
    work?.catch((thrown: unknown) => this.#fail(thrown));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #startOperators(loaded: LoadedScenario, deps: Pick<OperatorsDeps, "clock" | "rng" | "log" | "maps">): void {
    const note: OperatorsDeps["note"] = (who, text) => this.#observer.intervention(this.#seconds(), who, text);
    for (const operator of startOperators(loaded, { ...deps, world: this.world, agents: this.agents, note })) {
      this.#stack.use(operator);
      this.follow(operator.ended);
    }
  }

  #startSchedule({ scenario }: LoadedScenario): Schedule {
    return startSchedule(scenario, this.#clock, {
      network: this.network,
      note: (who, text) => this.#observer.intervention(this.#seconds(), who, text),
      killAgent: (id) => this.agents.get(id)?.kill(),
      startAgent: (id) => this.follow(this.agents.get(id)?.start()),
      killCloud: () => this.cloud.kill(),
      startCloud: () => this.follow(this.cloud.start()),
      worldFault: (fault) => this.world.apply(fault),
      command: (contract, type) => this.follow(this.cloud.execution()?.command(contract, type)),
      virtual: () => ({
        network: this.network,
        agent: (id) => this.agents.get(id)!,
        cloud: this.cloud,
        stepClock: (byMs) => this.#clock.stepWall(byMs),
      }),
    });
  }

  #hearDevice(deviceId: string, events: readonly Event[]): void {
    this.journals.get(deviceId)!.push(...events);
    for (const event of events) {
      const { contractId = "" } = event;
      const name = event.type === "contract.accepted" && readEventData("contract.accepted", event.data)?.name;
      if (name) this.#names.set(contractId, name);
      this.conduct.hear(this.#clock.nowMs(), deviceId, event);
      this.schedule.observe(event, this.#names.get(contractId));
      this.#observer.event(this.#seconds(), deviceId, event);
    }
  }

  #hearCloud(entries: readonly LogEntry[]): void {
    this.cloudLog.push(...entries);
    for (const entry of entries) {
      this.#observer.cloud(this.#seconds(), entry);
      if (entry.type === "contract.status") this.#noteStatus(entry);
      if (entry.type === "task") this.#noteTask(entry);
    }
  }

  #noteStatus({ contractId = "", data }: LogEntry): void {
    if (isFinal(data["to"] as ContractStatus)) this.#open.delete(contractId);
    else this.#open.add(contractId);
    // It was given to a device, and its contract speaks for it from now on.
    if (data["to"] === "pushed") this.#open.delete(taskKey(data));
  }

  #noteTask({ data }: LogEntry): void {
    if (data["state"] === "open") this.#open.add(taskKey(data));
    else this.#open.delete(taskKey(data));
  }

  #watch(): void {
    this.#timersMax = Math.max(this.#timersMax, this.#clock.waiting);
    this.conduct.look(this.#clock.nowMs(), this);
  }

  #look(): void {
    this.#observer.surroundings?.(this.#seconds(), this.world.surroundings());
    for (const id of this.agents.keys()) {
      const view = this.cloud.execution()?.getDevice(id);
      if (view?.ok) this.#observer.view(this.#seconds(), view.value, this.world.truth(id).pose);
    }
  }

  #seconds(): number {
    return this.#clock.nowMs() / 1000;
  }

  #fail(thrown: unknown): void {
    this.#failure ??= { thrown };
  }
}

function taskKey({ taskId }: LogEntry["data"]): string {
  return `task ${String(taskId)}`;
}
