import { repeat, type Cancel } from "#lib/clock";
import { AgentError, assert } from "#lib/errors";
import { polylineLength } from "#lib/geometry";
import type { Log } from "#lib/log";
import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { Command } from "#contract/messages";
import type { DeviceState } from "#contract/state";
import { isFinal } from "#contract/status";
import type { Control } from "../control/control.ts";
import { movesBase } from "../core/action-traits.ts";
import type { CommandDecision, CommandHandler } from "../core/command-handler.ts";
import { sampleOf } from "../core/durations.ts";
import { wayLength } from "../core/estimate.ts";
import { actorOf, type StepDeps } from "../core/event-parts.ts";
import type { JogMove, JogResult } from "../core/jog.ts";
import { delayOf } from "../core/failure-policy.ts";
import { noticedIn } from "../core/notices.ts";
import { nextSteps } from "../core/next-steps.ts";
import { planFor } from "../core/plan-rules.ts";
import { contractOf, decideOrder } from "../core/orders.ts";
import { permitNow, slowedBy, type Permit } from "../core/permit.ts";
import type { Replanner } from "../core/ports.ts";
import { replanQuestion } from "../core/replan-request.ts";
import type { Situation } from "../core/situation.ts";
import { hasDoubt } from "../core/stage-loop.ts";
import { findStage } from "../core/stage-order.ts";
import { eventsOf } from "../core/step-events.ts";
import type { Step } from "../core/step.ts";
import type { DurableJournal } from "../journal/durable-journal.ts";
import { worldOf } from "./outlook.ts";
import { ExecutorMemory } from "./executor-memory.ts";
import type { Experience } from "./experience.ts";
import { startJog } from "./jog-start.ts";
import type { DeviceProfile } from "../profile.ts";
import { PendingOrders } from "./pending-orders.ts";
import { lookAt, type SituationDeps } from "./situation-source.ts";
import { logStep } from "./step-log.ts";
import { madeSoFar, StageRunner, type RunRequest } from "./stage-runner.ts";
import type { Tools } from "../tools/registry.ts";
import { WorkPlans } from "./work-plans.ts";

export interface ExecutorDeps extends SituationDeps {
  readonly log: Log;
  readonly uuid: () => string;
  readonly deviceId: string;
  /** Name and version of this program. */
  readonly software: string;
  readonly profile: DeviceProfile;
  /** The same journal, watched. */
  readonly durable: DurableJournal;
  readonly control: Control;
  readonly tools: Tools;
  readonly replanner: Replanner;
  readonly experience: Experience;
  /** Called once with a bug that ended the executor; the robot stands still by then. */
  readonly onFailure: (thrown: unknown) => void;
}

type StepOf<Type extends Step["type"]> = Extract<Step, { type: Type }>;
type Handler<Type extends Step["type"]> = (step: StepOf<Type>, situation: Situation) => void;

/** Everything is looked at this often, and whenever something has happened. */
const TICK_MS = 200;
/** Rules that say more than this in no time contradict each other; a contract may have 200 stages skipped and 100 plans sought. */
const STEPS_PER_TURN_MAX = 1000;
/** After a journal that could not be written. */
const STORE_PAUSE_MS = 1000;
/** After an attempt that was forbidden at the last moment. */
const FORBIDDEN_PAUSE_MS = 1000;

/** Starts to work on what the journal says: new contracts, and those that a restart left open. */
export function startExecutor(deps: ExecutorDeps): Executor {
  const executor = new Executor(deps);
  executor.wake();
  return executor;
}

/**
 * Carries contracts out. A turn asks `nextSteps` what to do until there is nothing left to do; each step is told to the
 * journal first and acted on when that is durable. All that this object remembers may be lost at any moment.
 */
export class Executor implements CommandHandler, AsyncDisposable {
  readonly #deps: ExecutorDeps;
  readonly #log: Log;
  readonly #runner: StageRunner;
  readonly #cancels: Cancel[];
  readonly #orders: PendingOrders;
  readonly #plans: WorkPlans;
  readonly #memory: ExecutorMemory;
  #turn: Promise<void> = Promise.resolve();
  #isTakingTurn = false;
  #isWanted = false;
  #isClosed = false;
  #world = "";
  #storePauseUntilMs = -Infinity;
  #offlineSinceMs: number | undefined;

  /** What follows a step once the journal has it; for the others the journal is all there is. */
  readonly #handlers: { readonly [Type in Step["type"]]?: Handler<Type> } = {
    "await-resource": ({ stageId, shortage }, { contract, now }) =>
      this.#memory.noteShortage(contract.contractId, stageId, shortage.resource, now.monoMs),
    attempt: (step, situation) => this.#act(step, situation),
    "start-contract": () => void this.#deps.senses.feel(),
    verify: (step, situation) => this.#runner.ask(this.#request(step, situation), step.cause),
    "forget-attempt": (step, situation) => this.#forget(step, situation),
    "note-not-done": (step, situation) => this.#forget(step, situation),
    "give-up-doubt": (step, situation) => this.#forget(step, situation),
    "complete-stage": (step, situation) => {
      const sample = step.isVerified ? undefined : sampleOf(situation, step.stageId);
      if (sample) this.#deps.experience.note(sample);
      this.#forget(step, situation);
    },
    recover: ({ decision, failure }, situation) => {
      this.#forget(failure, situation);
      this.#wantPlan(situation.contract);
      const delayMs = delayOf(decision);
      if (delayMs > 0) this.#pauseStage(situation, failure.stageId, delayMs);
    },
    hold: (_step, { contract }) => this.#wantPlan(contract),
    "start-plan": ({ stages }, { contract, robot }) => this.#plans.start(contract, stages, robot),
    "note-violation": ({ violation }, { contract }) => this.#memory.tolerate(contract.contractId, violation.code),
    "ask-for-plan": (_step, situation) => this.#askForPlan(situation),
    "trust-environment": (_step, { contract }) => this.#memory.trustEnvironment(contract.contractId),
    "wind-down": (_step, { contract }) => this.#wantPlan(contract),
    "start-stage": ({ stageId }, situation) => this.#noteEstimate(stageId, situation),
    "report-estimate": ({ stageId }, situation) => this.#noteEstimate(stageId, situation),
    "report-progress": (_step, { now }) => this.#memory.remember({ progressAtMs: now.monoMs }),
  };

  constructor(deps: ExecutorDeps) {
    const { clock, journal, safety, senses } = deps;
    this.#deps = deps;
    this.#log = deps.log.child({ module: "executor" });
    this.#orders = new PendingOrders(clock);
    this.#plans = new WorkPlans(deps);
    this.#runner = new StageRunner({
      ...deps,
      onEnded: () => this.wake(),
      onFailure: (thrown) => this.#fail(thrown),
    });
    this.#cancels = [journal.onAppended((events) => this.#hear(events)), repeat(clock, TICK_MS, () => this.#tick())];
    safety.onChange(() => this.wake());
    const known = Object.values(journal.state().contracts);
    const begun = known.filter(({ isStarted, status }) => isStarted && !isFinal(status));
    const ids = begun.map(({ contractId }) => contractId);
    this.#memory = new ExecutorMemory(ids, clock.nowMs());
    this.#recallPlan();
    void senses.feel().then(() => this.#memory.noteFelt());
  }

  /** Looks for something to do; harmless when there is nothing. */
  wake(): void {
    this.#isWanted = true;
    const isPaused = this.#deps.clock.nowMs() < this.#storePauseUntilMs;
    if (this.#isClosed || this.#isTakingTurn || isPaused) return;
    this.#isTakingTurn = true;
    this.#turn = this.#takeTurn();
  }

  anticipate(command: Pick<Command, "type" | "contractId">): void {
    if (command.type !== "hold" && command.type !== "cancel" && command.type !== "revoke") return;
    const { control, journal } = this.#deps;
    const state = contractOf(command, journal.state());
    if (!state || isFinal(state.status)) return;
    this.#orders.add(state.contractId);
    control.stop();
  }

  decide(command: Command, device: DeviceState): CommandDecision {
    const { senses, uuid } = this.#deps;
    const state = contractOf(command, device);
    const decision = decideOrder(command, device, senses.view(state?.load ?? {}), uuid);
    if (state && (!decision.ok || decision.events.length === 0)) this.#orders.drop(state.contractId);
    return decision;
  }

  /** A short move for a technician; resolves when it has ended, at once when it is refused. Stopped like any drive. */
  jog(move: JogMove): Promise<JogResult> {
    const isBusy = this.#isClosed || this.#runner.isBusy();
    const ended = startJog({ ...this.#deps, plans: this.#plans }, move, isBusy);
    this.wake();
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.#turn;
  }

  #close(): void {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    for (const attempt of this.#runner.attempts) this.#runner.interrupt(attempt, "withdrawn");
    this.#deps.control.stop();
    this.#plans.close();
  }

  #fail(thrown: unknown): void {
    if (this.#isClosed) return;
    this.#close();
    this.#log.fatal({ err: thrown }, "executor failed");
    this.#deps.onFailure(thrown);
  }

  #hear(events: readonly Event[]): void {
    this.#orders.hear(events);
    // Who committed these goes first: an answer to the cloud must not wait until a way is planned.
    this.#deps.clock.after(0, () => this.wake());
  }

  #tick(): void {
    const { clock, journal, link } = this.#deps;
    const nowMs = clock.nowMs();
    this.#offlineSinceMs = link.isOnline() ? undefined : (this.#offlineSinceMs ?? nowMs);
    this.#orders.look();
    const open = Object.values(journal.state().contracts).filter((state) => !isFinal(state.status));
    this.#memory.look(open, nowMs);
    this.wake();
  }

  async #takeTurn(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isClosed) {
        this.#isWanted = false;
        for (const contractId of this.#openContracts()) await this.#workOn(contractId);
      }
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#isTakingTurn = false;
      this.#deps.onTurn?.();
    }
  }

  /** Contracts that are not over, and those that are and left an effect in doubt or an action under way. */
  #openContracts(): string[] {
    const busy = new Set([...this.#runner.attempts, ...this.#runner.inquiries].map(({ contractId }) => contractId));
    const contracts = Object.values(this.#deps.journal.state().contracts)
      .filter((state) => !isFinal(state.status) || busy.has(state.contractId) || hasDoubt(state))
      .map(({ contractId }) => contractId);
    return [...contracts, ...this.#plans.ids()];
  }

  async #workOn(contractId: string): Promise<void> {
    try {
      await this.#plans.look(this.#deps.journal.state(), (planId) => this.#isBusy(planId));
      for (let count = 0; !this.#isClosed; count++) {
        assert(count < STEPS_PER_TURN_MAX, "the rules of the executor come to rest");
        const situation = this.#situation(contractId);
        if (!situation) return;
        this.#showWorld(situation);
        const steps = nextSteps(situation);
        if (steps.length === 0) return;
        for (const step of steps) await this.#perform(step, contractId);
      }
    } catch (thrown) {
      // Nothing of the step is durable, so a later tick comes to the same step; until then the storage's fault stops the robot.
      if (!(thrown instanceof AgentError) || !thrown.code.startsWith("store.")) throw thrown;
      this.#storePauseUntilMs = this.#deps.clock.nowMs() + STORE_PAUSE_MS;
      this.#log.warn({ err: thrown, contractId }, "step could not be journaled, trying again");
    }
  }

  async #perform(step: Step, contractId: string): Promise<void> {
    const situation = this.#situation(contractId);
    if (!situation || this.#isClosed) return;
    this.#stopFirst(step, contractId);
    const events = eventsOf(step, situation, this.#stepDeps(situation));
    if (this.#plans.has(contractId)) await this.#plans.append(contractId, events);
    else if (events.length > 0) await this.#deps.durable.append(events);
    const noticed = noticedIn(events, situation);
    if (noticed) this.#memory.remember({ noticed });
    logStep(this.#log, contractId, step);
    this.#handle(step, situation);
  }

  /** What must not wait for the journal: ending motion. */
  #stopFirst(step: Step, contractId: string): void {
    if (step.type === "interrupt") this.#runner.interrupt({ contractId, stageId: step.stageId }, step.cause);
    if (!ENDS_MOTION.has(step.type)) return;
    const drives = this.#runner.attempts.filter(({ action, result }) => result === undefined && movesBase(action));
    for (const drive of drives) this.#runner.interrupt(drive, "withdrawn");
  }

  #handle<Type extends Step["type"]>(step: StepOf<Type>, situation: Situation): void {
    const handler = this.#handlers[step.type] as Handler<Type> | undefined;
    handler?.(step, situation);
  }

  /** The intent is durable; whether it may still be acted on is asked now, by the tool again right before it acts. */
  #act(step: StepOf<"attempt">, situation: Situation): void {
    const request = this.#request(step, situation);
    if (!request.permit().ok) {
      this.#pauseStage(situation, step.stageId, FORBIDDEN_PAUSE_MS);
      return;
    }
    this.#memory.forgetShortages(situation.contract.contractId, step.stageId);
    this.#memory.remember({ progressAtMs: situation.now.monoMs });
    this.#runner.act(request, situation.robot);
  }

  #request({ stageId, n }: { stageId: string; n: number }, { contract, state }: Situation): RunRequest {
    const view = findStage(contract, state, stageId);
    assert(view, "a stage that is attempted or asked about is in the contract");
    const { contractId } = contract;
    const permit = (): Permit => {
      const now = this.#situation(contractId);
      const limit = this.#deps.profile.limits.maxSpeed;
      if (!now || this.#isClosed) return { ok: false };
      return slowedBy(permitNow(now, view.stage.action, limit), view.known.changes?.speedShare);
    };
    return { contract, stage: view.stage, n, key: keyOf(contractId, stageId, n), permit, ...madeSoFar(view.known) };
  }

  #isBusy(contractId: string): boolean {
    const { attempts, inquiries } = this.#runner;
    return [...attempts, ...inquiries].some((work) => work.contractId === contractId);
  }

  /** What a plan of an earlier process was about to do for good must be known before anything else is done. */
  #recallPlan(): void {
    const { journal } = this.#deps;
    const { planEffect } = journal.state();
    const contract = planEffect && journal.contract(planEffect.contractId);
    if (planEffect && contract) this.#plans.recall(planEffect, contract);
  }

  /** A hold that is there to be worked under says so in the journal; the plan itself is only remembered. */
  #wantPlan(contract: Contract): void {
    const { contractId } = contract;
    const state = this.#deps.journal.state().contracts[contractId];
    for (const hold of state?.holds ?? []) {
      const kind = state && planFor(hold, contract, state);
      if (kind && !this.#plans.jobOf(contractId)) this.#plans.want(contractId, kind, hold);
    }
  }

  #forget({ stageId }: { readonly stageId: string }, { contract }: Situation): void {
    this.#runner.forget({ contractId: contract.contractId, stageId });
  }

  #pauseStage({ contract, now }: Situation, stageId: string, delayMs: number): void {
    this.#memory.pauseStage(contract.contractId, stageId, now.monoMs + delayMs);
  }

  /** Asks again after a restart, when nobody remembers having asked; the request is the same. */
  #askForPlan(situation: Situation): void {
    const { replan } = situation.state;
    assert(replan, "a plan is asked for while one is wanted");
    this.#memory.remember({ asked: { requestId: replan.requestId, atMs: situation.now.monoMs } });
    this.#deps.replanner.revisePlan(replanQuestion(situation, replan, this.#deps.journal.state().seq));
  }

  #noteEstimate(stageId: string, situation: Situation): void {
    const planned = this.#stepDeps(situation).outlook.routes.get(stageId) ?? [];
    const way = wayLength(situation) ?? polylineLength(planned);
    this.#memory.remember({ estimate: { atMs: situation.now.monoMs, wayLength: way } });
  }

  #situation(contractId: string): Situation | undefined {
    const work = this.#plans.workOf(contractId, this.#deps.journal);
    if (!work) return undefined;
    const { attempts, inquiries } = this.#runner;
    const isOwn = (underWay: { contractId: string }): boolean => !this.#plans.isOf(contractId, underWay);
    const memory = this.#memory.activityOf(contractId);
    const nowMs = this.#deps.clock.nowMs();
    const { lease } = work.carrier;
    return lookAt(this.#deps, work, {
      isOrderPending: lease !== undefined && this.#orders.has(lease.contractId),
      activity: { ...memory, attempts: attempts.filter(isOwn), inquiries: inquiries.filter(isOwn) },
      offlineMs: this.#deps.link.isOnline() ? 0 : Math.max(1, nowMs - (this.#offlineSinceMs ?? nowMs)),
    });
  }

  #stepDeps({ outlook }: Situation): StepDeps {
    const { deviceId, uuid, profile, software } = this.#deps;
    const known = { uuid, keyOf, outlook, capacityWh: profile.battery.capacityWh };
    return { ...known, actor: actorOf(profile.worker, deviceId), tools: `${profile.drivers.kind}, ${software}` };
  }

  /** Motion learns the place once per revision of the contract, before anything is driven. */
  #showWorld({ contract, state, parent }: Situation): void {
    const world = `${contract.contractId}/${contract.revision}`;
    // A plan stays in the place that is known; without any, it gets by on what the lidar sees.
    if (isFinal(state.status) || world === this.#world || (parent && this.#world !== "")) return;
    this.#world = world;
    this.#deps.control.setWorld(worldOf(contract));
  }
}

/** Steps before which the robot must stand. */
const ENDS_MOTION: ReadonlySet<Step["type"]> = new Set(["hold", "wind-down", "recover", "expire", "fail", "abort"]);

/** Attempts are numbered without gaps or repetition, so this names one attempt for ever. */
function keyOf(contractId: string, stageId: string, n: number): string {
  return `${contractId}/${stageId}/${n}`;
}
