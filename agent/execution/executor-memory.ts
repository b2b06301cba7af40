import type { ContractState } from "#contract/state";
import { shortageKey } from "../core/resource-steps.ts";
import type { Shortage } from "../core/resources.ts";
import type { Activity } from "../core/situation.ts";

/** What the executor remembers besides the journal; all of it may be lost at any moment. */
export type Memory = Omit<Activity, "attempts" | "inquiries" | "environment">;

interface Restarted {
  /** When this process first saw the contract, which an earlier one had begun. */
  readonly sinceMs: number;
  readonly contractIds: ReadonlySet<string>;
}

/** Remembers for one executor. */
export class ExecutorMemory {
  #memory: Memory = { retryAtMs: {}, shortSinceMs: {}, heldSinceMs: {}, tolerated: [] };
  #restarted: Restarted;
  #isFelt = false;

  /** `begun` are contracts that were under way when this process started: their surroundings may have changed since. */
  constructor(begun: readonly string[], nowMs: number) {
    this.#restarted = { sinceMs: nowMs, contractIds: new Set(begun) };
  }

  /** For the situation of one contract. */
  activityOf(contractId: string): Memory & Pick<Activity, "environment"> {
    const { sinceMs, contractIds } = this.#restarted;
    if (!contractIds.has(contractId)) return this.#memory;
    return { ...this.#memory, environment: { sinceMs, isFelt: this.#isFelt } };
  }

  remember(part: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...part };
  }

  /** Keeps a stage from being tried again before that time. */
  pauseStage(contractId: string, stageId: string, untilMs: number): void {
    this.remember({ retryAtMs: { ...this.#memory.retryAtMs, [`${contractId}/${stageId}`]: untilMs } });
  }

  /** The stage lacks something from now on. */
  noteShortage(contractId: string, stageId: string, resource: Shortage["resource"], nowMs: number): void {
    const key = shortageKey(contractId, stageId, resource);
    this.remember({ shortSinceMs: { ...this.#memory.shortSinceMs, [key]: nowMs } });
  }

  /** The stage has what it needs; what it lacks after this is waited for anew. */
  forgetShortages(contractId: string, stageId: string): void {
    const own = shortageKey(contractId, stageId, "");
    const others = Object.entries(this.#memory.shortSinceMs).filter(([key]) => !key.startsWith(own));
    this.remember({ shortSinceMs: Object.fromEntries(others) });
  }

  tolerate(contractId: string, code: string): void {
    this.remember({ tolerated: [...this.#memory.tolerated, `${contractId}/${code}`] });
  }

  /** The hand has said for the first time what it holds, or that it does not know. */
  noteFelt(): void {
    this.#isFelt = true;
  }

  /** The surroundings of the contract were compared with what the journal says of them. */
  trustEnvironment(contractId: string): void {
    const { sinceMs, contractIds } = this.#restarted;
    this.#restarted = { sinceMs, contractIds: new Set([...contractIds].filter((id) => id !== contractId)) };
  }

  /** Notes since when each hold is there, and forgets what is over. */
  look(open: readonly ContractState[], nowMs: number): void {
    const held = open.flatMap(({ contractId, holds }) => holds.map(({ holdId }) => `${contractId}/${holdId}`));
    const heldSinceMs = Object.fromEntries(held.map((key) => [key, this.#memory.heldSinceMs[key] ?? nowMs]));
    this.remember({ heldSinceMs });
  }
}
