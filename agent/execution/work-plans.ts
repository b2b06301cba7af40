import type { Clock } from "#lib/clock";
import type { Contract, Stage } from "#contract/contract";
import type { ContractState, DeviceState } from "#contract/state";
import { isFinal } from "#contract/status";
import { planOf } from "../core/plan.ts";
import type { Journal, NewEvent } from "../core/ports.ts";
import type { Instant, Situation } from "../core/situation.ts";
import { foldPlan, isWanted, makeWorkPlan, planState, toJournal, type Job, type WorkPlan } from "../core/work-plan.ts";
import type { DurableJournal } from "../journal/durable-journal.ts";

export interface WorkPlansDeps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly durable: DurableJournal;
}

/** A contract or a plan, and the contract that lends a plan its place, lease and load. */
export interface Work {
  readonly view: Pick<Situation, "contract" | "state" | "parent" | "job">;
  readonly carrier: { readonly contractId: string; readonly contract: Contract; readonly load: ContractState["load"] };
}

/** The one plan of its own that a device may be carrying out, kept in memory only. */
export class WorkPlans {
  readonly #deps: WorkPlansDeps;
  #plan: WorkPlan | undefined;
  #job: (Job & { readonly parentId: string }) | undefined;

  constructor(deps: WorkPlansDeps) {
    this.#deps = deps;
  }

  /** The contract waits for this job, which begins when nothing else is under way. */
  want(parentId: string, kind: Job["kind"], holdId: string): void {
    this.#job = { parentId, kind, holdId, state: "wanted" };
  }

  jobOf(contractId: string): Job | undefined {
    return this.#job?.parentId === contractId ? this.#job : undefined;
  }

  /** What there is to be worked on under an id: a contract, or the plan of that id. */
  workOf(id: string, journal: Pick<Journal, "state" | "contract">): Work | undefined {
    const plan = this.#find(id);
    const contractId = plan?.parentId ?? id;
    const state = journal.state().contracts[contractId];
    const stored = journal.contract(contractId);
    if (!state || !stored) return undefined;
    const contract = planOf(stored, state);
    const carrier = { contractId, contract, load: state.load };
    if (plan) return { carrier, view: { contract: plan.contract, state: planState(plan), parent: contract } };
    const job = this.jobOf(id);
    return { carrier, view: { contract, state, ...(job && { job }) } };
  }

  /** The plan that works for a contract: its id, if there is one. */
  idsFor(contractId: string): readonly string[] {
    return this.#plan?.parentId === contractId ? [this.#plan.planId] : [];
  }

  /** Whether something under way belongs to the plan of a contract, not to the contract itself. */
  isOf(contractId: string, underWay: { readonly contractId: string }): boolean {
    return this.idsFor(contractId).includes(underWay.contractId);
  }

  /** Begins the job that the contract waits for; without stages it has ended already. */
  start(parent: Contract, stages: readonly Stage[]): void {
    const job = this.jobOf(parent.contractId);
    if (!job) return;
    if (stages.length > 0) this.#plan = makeWorkPlan(job.kind, this.#deps.uuid(), parent, stages, this.#now());
    this.#setJob(stages.length > 0 ? "running" : "ended");
  }

  /** Journals what the plan does, and remembers it. */
  async append(planId: string, events: readonly NewEvent[]): Promise<void> {
    const plan = this.#find(planId);
    if (!plan) return;
    const journaled = toJournal(plan, events);
    if (journaled.length > 0) await this.#deps.durable.append(journaled);
    this.#plan = foldPlan(plan, events, this.#now());
  }

  /** Ends a plan that its contract does not want any more, and forgets one that is over. */
  async look({ contracts }: DeviceState, isBusy: (planId: string) => boolean): Promise<void> {
    const job = this.#job;
    if (!job) return;
    const isGone = !isWanted(job, contracts[job.parentId]);
    if (isGone && !this.#plan) this.#job = undefined;
    if (!this.#plan) return;
    const { planId } = this.#plan;
    const reason = "its contract goes on or has ended";
    if (isGone && !isFinal(planState(this.#plan).status)) {
      await this.append(planId, [{ type: "contract.cancelled", contractId: planId, data: { reason } }]);
    }
    if (!isFinal(planState(this.#plan).status) || isBusy(planId)) return;
    this.#plan = undefined;
    this.#setJob("ended");
  }

  #find(planId: string): WorkPlan | undefined {
    return this.#plan?.planId === planId ? this.#plan : undefined;
  }

  #setJob(state: Job["state"]): void {
    if (this.#job) this.#job = { ...this.#job, state };
  }

  #now(): Instant {
    const { clock } = this.#deps;
    return { monoMs: clock.nowMs(), wallMs: clock.wallMs(), clock: clock.state() };
  }
}
