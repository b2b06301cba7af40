import type { Cancel, Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import type { Pose } from "#lib/geometry";
import { createMemoryLog, type LogLine } from "#lib/log";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import { sha256Hex } from "#contract/io/node-crypto";
import type { Command } from "#contract/messages";
import type { ContractState } from "#contract/state";
import type { HandlingResult, LoadHandler, ToolDrivers, Verdict } from "#drivers/driver";
import { createMapSource } from "#edge-planner/map-cache";
import type { Control, Drive, Goal, MotionReport } from "./control/control.ts";
import { startDriverWatch } from "./driver-watch.ts";
import { watchCommits } from "./durable-journal.ts";
import { Executor, startExecutor } from "./executor.ts";
import { openSqliteStore } from "./io/sqlite-store.ts";
import { startJournal, type JournalPart } from "./journal.ts";
import { createOutlooks } from "./outlook.ts";
import { DeviceProfile } from "./profile.ts";
import { createSenses } from "./robot-senses.ts";
import { startSafetyMonitor, type SafetyMonitor } from "./safety-monitor.ts";
import type { Store, StoreOp } from "./store.ts";
import { createTools } from "./tools/registry.ts";

const SPEED = 1;
const TICK_MS = 50;
const HANDLING_MS = 4000;

/** A robot that drives straight to its goal and whose hand finishes what it began, whatever becomes of the agent. */
export class TestRobot {
  readonly clock: VirtualClock;
  pose: Pose = { x: 0, y: 0, yaw: 0 };
  driven = 0;
  battery = 0.9;
  speed = 0;
  zones: string[] = [];
  /** Stands in the way while it is true; `no-route` says that motion has found out. */
  way: "free" | "blocked" | "no-route" = "free";
  /** A sensor that stopped. */
  lidar: "ok" | "stale" = "ok";
  position: "ok" | "lost" = "ok";
  hand: "ok" | "hangs" | "forgets" | "unplugged" = "ok";
  /** How many of the next actions of the hand come to nothing. */
  slips = 0;
  /** Whether the station's sensor sees what is placed. */
  conveyor: "ok" | "jammed" = "ok";
  held: { sku: string; quantity: number } | undefined;
  /** What was physically done, in order. */
  readonly movements: string[] = [];
  goal: Goal | undefined;
  readonly #memory = new Map<string, HandlingResult>();
  #acting: Promise<void> = Promise.resolve();

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** The motion loop of one life of the agent. */
  control(life: Clock): Control {
    let stop: Cancel = () => undefined;
    const tick = (): void => {
      this.#move();
      stop = life.after(TICK_MS, tick);
    };
    tick();
    return {
      setWorld: () => undefined,
      setGoal: (goal) => {
        this.goal = goal;
      },
      stop: () => {
        this.goal = undefined;
        this.speed = 0;
      },
      report: () => this.#report(),
      [Symbol.asyncDispose]: () => {
        stop();
        return Promise.resolve();
      },
    };
  }

  drivers(): ToolDrivers {
    const driver = {
      open: () => Promise.resolve(),
      enable: () => Promise.resolve(),
      disable: () => Promise.resolve(),
      health: () => ({ state: "ok", errors: 0 }) as const,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const latest = () => ({ atMs: this.clock.nowMs(), charge: this.battery, isCharging: false });
    return { battery: { ...driver, name: "battery", latest }, load: this.#loadHandler(driver) };
  }

  #loadHandler(driver: Omit<LoadHandler, "name" | "pick" | "place" | "verify" | "held">): LoadHandler {
    return {
      ...driver,
      name: "hand",
      pick: ({ key, sku, quantity }) => this.#handle(key, () => this.#take(sku, quantity)),
      place: ({ key }) => this.#handle(key, () => this.#put()),
      verify: async (key): Promise<Verdict> => {
        if (this.hand === "unplugged") throw new AgentError("driver.down", "the hand is not there");
        if (this.hand === "forgets") return "unknown";
        await this.#acting;
        return this.#memory.has(key) ? "done" : "not-done";
      },
      held: () => Promise.resolve(this.held),
    };
  }

  async #handle(key: string, effect: () => HandlingResult): Promise<HandlingResult> {
    const known = this.#memory.get(key);
    if (known) return known;
    if (this.hand === "hangs") return new Promise(() => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<HandlingResult>();
    this.#acting = promise.then(
      () => undefined,
      () => undefined,
    );
    this.clock.after(HANDLING_MS, () => {
      if (this.slips > 0) {
        this.slips--;
        reject(new AgentError("driver.failed", "the gripper slipped"));
        return;
      }
      const result = effect();
      this.#memory.set(key, result);
      resolve(result);
    });
    return promise;
  }

  #take(sku: string, quantity: number): HandlingResult {
    this.held = { sku, quantity };
    this.movements.push(`pick ${quantity} ${sku}`);
    return this.held;
  }

  #put(): HandlingResult {
    const { sku, quantity } = this.held ?? { sku: "", quantity: 0 };
    this.held = undefined;
    this.movements.push(`place ${quantity} ${sku}`);
    return { sku, quantity, handedOver: this.conveyor === "ok" };
  }

  #move(): void {
    const { goal } = this;
    const isMoving = goal && goal.validUntilMs > this.clock.nowMs() && this.way === "free";
    const left = goal ? Math.hypot(goal.pose.x - this.pose.x, goal.pose.y - this.pose.y) : 0;
    this.speed = isMoving && left > 0.01 ? Math.min(SPEED, goal.maxSpeed) : 0;
    if (!goal || this.speed === 0) return;
    const step = Math.min(left, (this.speed * TICK_MS) / 1000);
    const heading = Math.atan2(goal.pose.y - this.pose.y, goal.pose.x - this.pose.x);
    this.driven += step;
    const [x, y] = [this.pose.x + step * Math.cos(heading), this.pose.y + step * Math.sin(heading)];
    this.pose = { x, y, yaw: goal.pose.yaw };
  }

  #report(): MotionReport {
    const { goal, pose } = this;
    return {
      atMs: this.clock.nowMs(),
      pose,
      sigmaXy: 0.02,
      isLocalised: this.position === "ok",
      velocity: { linear: this.speed, angular: 0 },
      drive: this.#drive(),
      gate: this.lidar === "ok" ? { action: "pass" } : { action: "stop", reason: "scan_stale" },
      driven: this.driven,
      route: goal
        ? [
            [pose.x, pose.y],
            [goal.pose.x, goal.pose.y],
          ]
        : [],
      zones: this.zones,
      counters: { ticks: 0, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
    };
  }

  #drive(): Drive {
    const { goal, pose } = this;
    if (!goal) return { state: "idle" };
    const { goalId } = goal;
    if (this.way === "blocked") return { state: "blocked", goalId, sinceMs: 0 };
    if (this.way === "no-route") return { state: "no-route", goalId, reason: "no_route" };
    const remaining = Math.hypot(goal.pose.x - pose.x, goal.pose.y - pose.y);
    return remaining <= 0.05 ? { state: "arrived", goalId } : { state: "driving", goalId, remaining };
  }
}

const profile = DeviceProfile.parse({
  kind: "test-amr",
  actions: ["navigate", "pick", "place", "wait"],
  tools: ["base", "load"],
  gate: "own",
  footprint: [
    [0.3, 0.2],
    [-0.3, 0.2],
    [-0.3, -0.2],
    [0.3, -0.2],
  ],
  limits: {
    maxSpeed: 1.5,
    maxReverseSpeed: 0.3,
    maxAngularSpeed: 1,
    maxAcceleration: 1,
    maxDeceleration: 1,
    maxAngularAcceleration: 2,
  },
  control: { hz: 20, scanStaleMs: 250 },
  lidar: { hz: 10, rays: 90, fieldOfView: 6, rangeMax: 10, rangeSigma: 0, dropout: 0, mount: [0, 0, 0] },
  odometry: { hz: 20, gainSigma: 0, walkXy: 0, walkYaw: 0 },
  position: { hz: 5, sigmaXy: 0, sigmaYaw: 0, delayMs: 0 },
  battery: {
    capacityWh: 960,
    idleW: 60,
    rollingResistanceN: 60,
    turningTorqueNm: 15,
    massKg: 120,
    toolW: 80,
    chargeW: 480,
  },
  drivers: { kind: "simulated" },
});

/** One executor at a time on one store and one robot, on a virtual clock. */
export class ExecutorBench {
  readonly clock = new VirtualClock();
  readonly robot = new TestRobot(this.clock);
  readonly events: Event[] = [];
  readonly lease: { remainingMs: number | "unknown" } = { remainingMs: 3_600_000 };
  readonly failures: unknown[] = [];
  /** Delays or fails what the store is asked to commit. */
  disk: "ok" | "full" | "hangs" = "ok";
  /** Ends the agent's life at this commit from now on, right before or right after it is on disk. */
  commitsUntilCrash = Infinity;
  crashSide: "before" | "after" = "after";
  /** Commits that became durable, and lives that ended. */
  commits = 0;
  crashes = 0;
  journal!: JournalPart;
  executor!: Executor;
  safety!: SafetyMonitor;
  lines: readonly LogLine[] = [];
  readonly #store = openSqliteStore({ path: ":memory:" });
  #life = { isAlive: true };
  #commands = 0;

  static async start(): Promise<ExecutorBench> {
    const bench = new ExecutorBench();
    await bench.boot();
    return bench;
  }

  /** Starts an agent's life on what the store holds. */
  async boot(): Promise<void> {
    const life = (this.#life = { isAlive: true });
    const clock = mortalClock(this.clock, life);
    const uuid = createUuidSource(clock, createRng(`life-${this.crashes}`));
    const { log, lines } = createMemoryLog();
    this.lines = lines;
    const store = this.#mortalStore(life);
    this.journal = await startJournal({ store, clock, uuid, sha256: sha256Hex, log, software: "holdfast/test" });
    const [control, drivers] = [this.robot.control(clock), this.robot.drivers()];
    this.robot.goal = undefined;
    const durable = watchCommits(this.journal, clock);
    const watch = startDriverWatch({ clock, rng: createRng(1), log, drivers, journal: durable });
    const link = { isOnline: () => true, leaseRemainingMs: () => this.lease.remainingMs };
    this.safety = startSafetyMonitor({ clock, log, control, drivers, journal: durable });
    this.executor = startExecutor({
      clock,
      log,
      uuid,
      deviceId: "amr-07",
      profile,
      journal: this.journal,
      durable,
      link,
      control,
      tools: createTools({ clock, control, drivers }),
      senses: createSenses({ clock, control, drivers, watch, link }),
      safety: this.safety,
      outlooks: createOutlooks({ profile, maps: createMapSource(), log }),
      onFailure: (thrown) => this.failures.push(thrown),
    });
  }

  /** Does what the inbox does with a contract that it accepts. */
  async accept(contract: Contract): Promise<void> {
    await this.journal.decide(() => ({
      events: [
        {
          type: "contract.accepted",
          contractId: contract.contractId,
          revision: contract.revision,
          epoch: contract.epoch,
          data: {
            taskId: contract.taskId,
            stages: contract.stages.map(({ stageId, action }) => ({ stageId, action })),
            lease: contract.lease,
            session: contract.session,
            hash: "",
            offline: contract.failurePolicy.offline,
          },
        },
      ],
      ops: () => [{ type: "put-contract", jws: "", contract }],
    }));
  }

  /** Does what the inbox does with a command; says what it came to. */
  async order(type: Command["type"], contract: Contract, holdId?: string): Promise<string> {
    const { contractId, deviceId } = contract;
    const n = ++this.#commands;
    const commandId = createUuidSource(this.clock, createRng(`command-${n}`))();
    const identity = { commandId, n, session: "session-1", deviceId, issuedAt: "2026-01-05T08:00:00.000Z" };
    const command: Command = { ...identity, type, contractId, ...(holdId === undefined ? {} : { holdId }) };
    this.executor.anticipate(command);
    let outcome = "";
    await this.journal.decide((state) => {
      const decision = this.executor.decide(command, state);
      outcome = decision.ok ? "done" : decision.reason;
      return { events: decision.ok ? decision.events : [] };
    });
    return outcome;
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000);
  }

  /** Lets time pass until the contract has this status; starts a new life after each crash. */
  async until(contract: Contract, isReached: (state: ContractState) => boolean, limitSeconds = 600): Promise<void> {
    const untilMs = this.clock.nowMs() + limitSeconds * 1000;
    while (!isReached(this.state(contract)) && this.clock.nowMs() < untilMs) {
      await this.pass(0.5);
      if (!this.#life.isAlive) await this.crash();
    }
  }

  /** Ends the agent's life where it stands, and starts the next. */
  async crash(): Promise<void> {
    this.#life.isAlive = false;
    this.commitsUntilCrash = Infinity;
    this.crashes++;
    await this.boot();
  }

  state(contract: Contract): ContractState {
    return this.journal.state().contracts[contract.contractId]!;
  }

  /** Types of the contract's events, without those that come with time. */
  story(): string[] {
    return this.events
      .filter(({ type, contractId }) => contractId !== undefined && type !== "estimate" && type !== "stage.progress")
      .map(({ type, stageId }) => (stageId === undefined ? type : `${type} ${stageId}`));
  }

  eventsOf(type: string): Event[] {
    return this.events.filter((event) => event.type === type);
  }

  #mortalStore(life: { isAlive: boolean }): Store {
    const store = this.#store;
    const never = <Value>(): Promise<Value> => new Promise(() => undefined);
    return {
      ...store,
      load: () => store.load(),
      readJournal: (...args) => store.readJournal(...args),
      readReplies: (...args) => store.readReplies(...args),
      commit: async (ops: readonly StoreOp[]) => {
        if (!life.isAlive) return never();
        while (this.disk === "hangs") await new Promise<void>((resolve) => this.clock.after(100, resolve));
        if (this.disk === "full") throw new AgentError("store.failed", "no space left on device");
        const isLast = --this.commitsUntilCrash === 0;
        if (!isLast || this.crashSide === "after") {
          await store.commit(ops);
          this.commits++;
          this.events.push(...ops.flatMap((op) => (op.type === "append" ? [op.entry.event] : [])));
        }
        if (!isLast) return;
        life.isAlive = false;
        await never();
      },
    };
  }
}

function mortalClock(clock: VirtualClock, life: { isAlive: boolean }): Clock {
  return {
    bootId: clock.bootId,
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    state: () => clock.state(),
    after: (delayMs, run) => clock.after(delayMs, () => life.isAlive && run()),
  };
}
