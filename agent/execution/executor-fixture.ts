import type { BoardReading } from "#lib/board";
import type { Clock } from "#lib/clock";
import { AgentError } from "#lib/errors";
import { createMemoryLog, type LogLine } from "#lib/log";
import { loadYaml } from "#lib/node/yaml-file";
import { createRng } from "#lib/rng";
import { createUuidSource } from "#lib/uuid";
import { VirtualClock } from "#lib/virtual-clock";
import type { z } from "zod";
import type { Contract, FailurePolicy } from "#contract/contract";
import type { Event } from "#contract/event";
import { sha256Hex } from "#contract/io/node-crypto";
import type { Command } from "#contract/messages";
import { emptyDevice, foldEvents } from "#contract/reducer";
import type { ContractState, DeviceState } from "#contract/state";
import type { ToolDrivers } from "#drivers/driver";
import type { Control } from "../control/control.ts";
import { DEFAULT_POLICIES, type Policies } from "../core/policies.ts";
import type { ReplanQuestion } from "../core/replan-request.ts";
import { createMapSource } from "#edge-planner/map-cache";
import { startDriverWatch } from "./driver-watch.ts";
import { watchCommits } from "../journal/durable-journal.ts";
import { startExperience } from "./experience.ts";
import { Executor, startExecutor } from "./executor.ts";
import { openSqliteStore } from "../io/sqlite-store.ts";
import { startJournal, type JournalPart } from "../journal/journal.ts";
import { cleaningOf } from "./cleaning-place.ts";
import { createOutlooks } from "./outlook.ts";
import { DeviceProfile } from "../profile.ts";
import { TestRobot } from "./robot-fixture.ts";
import { createSenses } from "./robot-senses.ts";
import { startSafetyMonitor, type SafetyMonitor } from "./safety-monitor.ts";
import type { Store, StoreOp } from "../store.ts";
import { createTools } from "../tools/registry.ts";

/** Document 1's policy: once more, then somebody else. */
export const RETRY_THEN_REASSIGN: z.infer<typeof FailurePolicy> = {
  rules: [
    { when: "true", strategy: "retry", retry: { attempts: 1, backoffSeconds: 2 } },
    { when: "true", strategy: "reassign" },
  ],
  fallback: "escalate",
  replanBudget: 0,
  offline: "finish",
};

const profile = loadYaml(new URL("../../config/devices/amr-sim.yaml", import.meta.url).pathname, DeviceProfile);

/** One executor at a time on one store and one robot, on a virtual clock. */
export class ExecutorBench {
  readonly clock = new VirtualClock();
  readonly robot = new TestRobot(this.clock);
  readonly events: Event[] = [];
  /** With `endsAtMs`, it runs out then. */
  readonly lease: { remainingMs: number | "unknown"; endsAtMs?: number } = { remainingMs: 3_600_000 };
  link: { isOnline: boolean; grantBytesPerSecond?: number } = { isOnline: true };
  board: BoardReading = {};
  readonly failures: unknown[] = [];
  /** Without local fixes, so that tests see what the failure policy does. */
  policies: Policies = { ...DEFAULT_POLICIES, localFixes: {} };
  /** What the cloud does when it is asked for a new plan, and what it was asked. */
  cloud: "refuses" | "stays-silent" = "refuses";
  readonly questions: ReplanQuestion[] = [];
  /** Delays or fails what the store is asked to commit. */
  disk: "ok" | "full" | "hangs" = "ok";
  /** Ends the agent's life at this commit from now on, right before or right after it is on disk. */
  commitsUntilCrash = Infinity;
  crashSide: "before" | "after" = "after";
  /** Attempts that the hand was asked about. */
  readonly inquiries: string[] = [];
  /** Commits that became durable, and lives that ended. */
  commits = 0;
  crashes = 0;
  journal!: JournalPart;
  executor!: Executor;
  safety!: SafetyMonitor;
  lines: readonly LogLine[] = [];
  /** The fold of what was durable when each life ended, and of what the next one found. */
  readonly restarts: { readonly before: DeviceState; readonly after: DeviceState }[] = [];
  /** Ends the agent's life when a device has answered this often from now on; the answer is lost. */
  answersUntilCrash = Infinity;
  /** Answers of devices that arrived. */
  answers = 0;
  /** Ends the agent's life when it has called the base this often from now on: sent, refreshed or withdrawn a goal. */
  baseCallsUntilCrash = Infinity;
  baseCalls = 0;
  readonly #path: string;
  #store: Store;
  #life = { isAlive: true };
  #commands = 0;

  /** A `path` is a database file that each life opens again. */
  constructor(path = ":memory:") {
    this.#path = path;
    this.#store = openSqliteStore({ path });
  }

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
    const [control, drivers] = [this.#mortalControl(clock, life), this.#mortalDrivers(life)];
    this.robot.goal = undefined;
    const experience = await startExperience({ store, log });
    const durable = watchCommits(this.journal, clock);
    const watch = startDriverWatch({ clock, rng: createRng(1), log, drivers, control, journal: durable });
    const link = {
      isOnline: () => this.link.isOnline,
      grantBytesPerSecond: () => this.link.grantBytesPerSecond,
      leaseRemainingMs: () =>
        this.lease.endsAtMs === undefined ? this.lease.remainingMs : this.lease.endsAtMs - clock.nowMs(),
    };
    const resources = { reading: () => this.board };
    this.safety = startSafetyMonitor({ clock, log, control, drivers, journal: durable });
    this.executor = startExecutor({
      clock,
      log,
      uuid,
      deviceId: "amr-07",
      software: "holdfast/test",
      profile,
      journal: this.journal,
      durable,
      link,
      control,
      tools: createTools({ clock, control, drivers, cleaning: cleaningOf(profile, createMapSource()) }),
      senses: createSenses({ clock, control, drivers, watch, link, resources }),
      safety: this.safety,
      outlooks: createOutlooks({ profile, maps: createMapSource(), log, learned: experience.learned }),
      experience,
      policies: this.policies,
      replanner: { revisePlan: (question) => this.#takeQuestion(question, life) },
      rng: createRng("executor"),
      onFailure: (thrown) => this.failures.push(thrown),
    });
  }

  /** A bench on which the contract was accepted a moment ago. */
  static async with(contract: Contract): Promise<ExecutorBench> {
    const bench = await ExecutorBench.start();
    await bench.accept(contract);
    return bench;
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
  async order(
    type: Command["type"],
    contract: Pick<Contract, "contractId" | "deviceId">,
    holdId?: string,
    data?: Command["data"],
  ): Promise<string> {
    const { contractId, deviceId } = contract;
    const n = ++this.#commands;
    const commandId = createUuidSource(this.clock, createRng(`command-${n}`))();
    const identity = { commandId, n, session: "session-1", deviceId, issuedAt: "2026-01-05T08:00:00.000Z" };
    const command: Command = {
      ...identity,
      type,
      contractId,
      ...(holdId !== undefined && { holdId }),
      ...(data && { data }),
    };
    this.executor.anticipate(command);
    let outcome = "";
    await this.journal.decide((state) => {
      const decision = this.executor.decide(command, state);
      outcome = decision.ok ? "done" : decision.reason;
      return { events: decision.ok ? decision.events : [] };
    });
    return outcome;
  }

  /** Answers as the cloud does, a moment later. */
  #takeQuestion(question: ReplanQuestion, life: { isAlive: boolean }): void {
    this.questions.push(question);
    const { contractId, requestId } = question;
    const refused = { requestId, reason: "unsupported" };
    if (this.cloud === "stays-silent") return;
    this.clock.after(200, () => {
      if (life.isAlive) void this.order("replan", { contractId, deviceId: "amr-07" }, undefined, { refused });
    });
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

  /** Lets time pass until an attempt at the stage is under way. */
  async untilStage(contract: Contract, stageId: string): Promise<void> {
    await this.until(contract, ({ stages }) =>
      stages.some((stage) => stage.stageId === stageId && stage.status === "started" && stage.attempts > 0),
    );
  }

  /** Ends the agent's life where it stands, and starts the next. */
  async crash(): Promise<void> {
    this.#life.isAlive = false;
    this.commitsUntilCrash = Infinity;
    this.answersUntilCrash = Infinity;
    this.baseCallsUntilCrash = Infinity;
    this.crashes++;
    const before = foldEvents(emptyDevice(this.journal.incarnation()), this.events);
    if (this.#path !== ":memory:") {
      await this.#store[Symbol.asyncDispose]();
      this.#store = openSqliteStore({ path: this.#path });
    }
    await this.boot();
    this.restarts.push({ before, after: this.journal.state() });
  }

  state(contract: Contract): ContractState {
    return this.journal.state().contracts[contract.contractId]!;
  }

  /** Types of the contract's events, without those that come with time. */
  story(): string[] {
    return this.events
      .filter(({ type, contractId }) => contractId !== undefined && !WITH_TIME.has(type))
      .map(({ type, stageId }) => (stageId === undefined ? type : `${type} ${stageId}`));
  }

  eventsOf(type: string): Event[] {
    return this.events.filter((event) => event.type === type);
  }

  /** Everything that is on disk. */
  async stored(): Promise<readonly Event[]> {
    const events: Event[] = [];
    for (;;) {
      const slice = await this.#store.readJournal(events.length + 1, 10_000, Infinity);
      if (!slice) return events;
      events.push(...slice.events);
    }
  }

  #mortalControl(clock: Clock, life: { isAlive: boolean }): Control {
    const control = this.robot.control(clock);
    const called = (call: () => void): void => {
      if (!life.isAlive) return;
      call();
      this.baseCalls++;
      if (--this.baseCallsUntilCrash === 0) life.isAlive = false;
    };
    return {
      ...control,
      setGoal: (goal) => called(() => control.setGoal(goal)),
      stop: () => called(() => control.stop()),
    };
  }

  #mortalDrivers(life: { isAlive: boolean }): ToolDrivers {
    const { battery, load, scanner } = this.robot.drivers();
    const answered = async <Value>(answer: Promise<Value>): Promise<Value> => {
      const settled = await Promise.allSettled([answer]);
      this.answers++;
      if (--this.answersUntilCrash === 0) life.isAlive = false;
      if (!life.isAlive) return new Promise(() => undefined);
      const [outcome] = settled;
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    };
    return {
      battery,
      ...(load && {
        load: {
          ...load,
          pick: (request) => answered(load.pick(request)),
          place: (request) => answered(load.place(request)),
          verify: (key) => {
            this.inquiries.push(key);
            return answered(load.verify(key));
          },
          held: () => answered(load.held()),
        },
      }),
      ...(scanner && { scanner: { ...scanner, scan: (timeoutMs) => answered(scanner.scan(timeoutMs)) } }),
    };
  }

  #mortalStore(life: { isAlive: boolean }): Store {
    const store = this.#store;
    const never = <Value>(): Promise<Value> => new Promise(() => undefined);
    return {
      ...store,
      load: () => store.load(),
      readJournal: (...args) => store.readJournal(...args),
      readReplies: (...args) => store.readReplies(...args),
      readDurations: () => store.readDurations(),
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

/** Types of events that come with time, or say again for people what others say. */
const WITH_TIME: ReadonlySet<string> = new Set(["estimate", "stage.progress", "notice"]);

function mortalClock(clock: VirtualClock, life: { isAlive: boolean }): Clock {
  return {
    bootId: clock.bootId,
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    state: () => clock.state(),
    after: (delayMs, run) => clock.after(delayMs, () => life.isAlive && run()),
  };
}
