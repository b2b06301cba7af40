import type { Clock } from "#lib/clock";
import type { Contract, Stage } from "#contract/contract";
import { activeContract } from "#contract/reducer";
import type { ContractState, DeviceState, Hold, PlanEffect } from "#contract/state";
import { isFinal } from "#contract/status";
import { isLeaseEndedHold } from "../core/lease.ts";
import { planOf } from "../core/plan.ts";
import type { Journal, NewEvent } from "../core/ports.ts";
import type { RobotView, Situation } from "../core/situation.ts";
import { hasDoubt } from "../core/stage-loop.ts";
import {
  foldPlan,
  isWanted,
  makeWorkPlan,
  planState,
  recallPlan,
  toJournal,
  type ContractPlanKind,
  type Job,
  type WorkPlan,
} from "../core/work-plan.ts";
import { instantOf } from "./situation-source.ts";
import type { DurableJournal } from "../journal/durable-journal.ts";

export interface WorkPlansDeps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly durable: DurableJournal;
}

/** A contract or a plan, and who lends it place, load and lease. */
export interface Work {
  readonly view: Pick<Situation, "contract" | "state" | "parent" | "job">;
  readonly carrier: {
    readonly contract: Contract;
    readonly load: ContractState["load"];
    /** The contract whose lease counts, and for how long beyond its end; absent where no lease bounds the work. */
    readonly lease?: { readonly contractId: string; readonly beyondMs: number };
  };
}

/** A robot that winds down has come to a stop this long before the time for it is over. */
const STOPPED_BEFORE_MS = 2000;

/** What a contract waits for, under a hold of its own. */
interface Wish {
  readonly parentId: string;
  readonly kind: ContractPlanKind;
  readonly hold: Pick<Hold, "holdId" | "by">;
  readonly state: Job["state"];
}

/** The one plan of its own that a device may be carrying out, kept in memory only. */
export class WorkPlans {
  readonly #deps: WorkPlansDeps;
  #plan: WorkPlan | undefined;
  #wish: Wish | undefined;
  /** Why the plan is to end, where that is known from its beginning. */
  #ending: string | undefined;
  #onEnded: ((state: ContractState) => void) | undefined;

  constructor(deps: WorkPlansDeps) {
    this.#deps = deps;
  }

  /** The contract waits for this job, which begins when nothing else is under way. */
  want(parentId: string, kind: ContractPlanKind, hold: Pick<Hold, "holdId" | "by">): void {
    this.#wish = { parentId, kind, hold, state: "wanted" };
  }

  /** The plan that a contract waits for; one that works for no contract, or for what an earlier process left, makes it wait too. */
  jobOf(contractId: string): Job | undefined {
    const wish = this.#wish;
    if (wish?.parentId === contractId)
      return wish.state === "wanted" ? { ...wish, state: wish.state } : { state: wish.state };
    return this.#plan && isFor(this.#plan, contractId) ? { state: "running" } : undefined;
  }

  /** Whether there is a plan, or will be one. */
  isEngaged(): boolean {
    return this.#plan !== undefined || (this.#wish !== undefined && this.#wish.state !== "ended");
  }

  /** What there is to be worked on under an id: a contract, or the plan of that id. */
  workOf(id: string, journal: Pick<Journal, "state" | "contract">): Work | undefined {
    const plan = this.#find(id);
    if (plan && plan.parentId === undefined) return ownWork(plan, journal.state());
    const contractId = plan?.parentId ?? id;
    const state = journal.state().contracts[contractId];
    const stored = journal.contract(contractId);
    if (!state || !stored) return undefined;
    const contract = planOf(stored, state);
    const isLeaving = plan && this.#wish && isLeaseEndedHold(this.#wish.hold);
    const beyondMs = isLeaving ? contract.lease.windDownSeconds * 1000 - STOPPED_BEFORE_MS : 0;
    const carrier = { contract, load: state.load, lease: { contractId, beyondMs } };
    if (plan) return { carrier, view: { contract: plan.contract, state: planState(plan), parent: contract } };
    const job = this.jobOf(id);
    return { carrier, view: { contract, state, ...(job && { job }) } };
  }

  /** The id of the plan, if there is one. */
  ids(): readonly string[] {
    return this.#plan ? [this.#plan.planId] : [];
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  /** Whether something under way belongs to the plan that a contract waits for, not to the contract itself. */
  isOf(contractId: string, underWay: { readonly contractId: string }): boolean {
    const plan = this.#find(underWay.contractId);
    return plan !== undefined && plan.planId !== contractId && isFor(plan, contractId);
  }

  /** Begins the job that the contract waits for; without stages it has ended already. */
  start(parent: Contract, stages: readonly Stage[], robot: Pick<RobotView, "zones">): void {
    const job = this.jobOf(parent.contractId);
    if (job?.state !== "wanted") return;
    const made = { kind: job.kind, planId: this.#deps.uuid(), parent, stages, robot };
    if (stages.length > 0) this.#plan = makeWorkPlan(made, instantOf(this.#deps.clock));
    this.#setJob(stages.length > 0 ? "running" : "ended");
  }

  /** Begins a plan that nobody waits for but the one who asked; resolves with what it has come to. */
  begin(plan: WorkPlan): Promise<ContractState> {
    this.#plan = plan;
    const { promise, resolve } = Promise.withResolvers<ContractState>();
    this.#onEnded = resolve;
    return promise;
  }

  /** Takes up what an earlier process was about to do for good, only to learn whether it did: the plan itself has ended. */
  recall(effect: PlanEffect, parent: Contract): void {
    this.#plan = recallPlan(effect, parent, instantOf(this.#deps.clock));
    this.#ending = "the agent was restarted";
  }

  /** Journals what the plan does, and remembers it. */
  async append(planId: string, events: readonly NewEvent[]): Promise<void> {
    const plan = this.#find(planId);
    if (!plan) return;
    const journaled = toJournal(plan, events);
    if (journaled.length > 0) await this.#deps.durable.append(journaled);
    this.#plan = foldPlan(plan, events, instantOf(this.#deps.clock));
  }

  /** Ends a plan that is not wanted any more, and forgets one that is over. */
  async look(device: DeviceState, isBusy: (planId: string) => boolean): Promise<void> {
    const plan = this.#plan;
    if (!plan) {
      if (!this.#isWishOpen(device)) this.#wish = undefined;
      return;
    }
    const reason = this.#ending ?? this.#endingNow(plan, device);
    if (reason !== undefined && !isFinal(planState(plan).status)) {
      await this.append(plan.planId, [{ type: "contract.cancelled", contractId: plan.planId, data: { reason } }]);
    }
    const state = planState(this.#plan ?? plan);
    const isOpen = !isFinal(state.status) || isBusy(plan.planId) || hasDoubt(state);
    if (!isOpen) this.#forget(state);
  }

  #endingNow({ parentId }: WorkPlan, device: DeviceState): string | undefined {
    if (parentId === undefined) return isFree(device) ? undefined : "a contract goes on";
    return this.#isWishOpen(device) ? undefined : "its contract goes on or has ended";
  }

  #isWishOpen({ contracts }: DeviceState): boolean {
    return this.#wish !== undefined && isWanted(this.#wish.hold, contracts[this.#wish.parentId]);
  }

  /** Tells whoever waits for a plan that nothing more will come of it. */
  close(): void {
    if (this.#plan) this.#onEnded?.(planState(this.#plan));
  }

  #forget(state: ContractState): void {
    this.#plan = undefined;
    this.#ending = undefined;
    this.#setJob("ended");
    this.#onEnded?.(state);
    this.#onEnded = undefined;
  }

  #find(planId: string): WorkPlan | undefined {
    return this.#plan?.planId === planId ? this.#plan : undefined;
  }

  #setJob(state: Job["state"]): void {
    if (this.#wish) this.#wish = { ...this.#wish, state };
  }
}

/** A plan without a contract of its own keeps every contract waiting. */
function isFor({ parentId }: WorkPlan, contractId: string): boolean {
  return parentId === undefined || parentId === contractId;
}

function ownWork(plan: WorkPlan, device: DeviceState): Work {
  const { contract } = plan;
  const load = activeContract(device)?.load ?? {};
  return { carrier: { contract, load }, view: { contract, state: planState(plan), parent: contract } };
}

/** Whether no contract keeps the robot from other work: none is active, or the active one is held. */
function isFree(device: DeviceState): boolean {
  const active = activeContract(device);
  return active === undefined || active.status === "held";
}
