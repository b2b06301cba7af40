import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { EventData, EventType } from "#contract/event-data";
import type { ProgressSnapshot } from "#contract/progress-snapshot";
import type { ContractState, DeviceState } from "#contract/state";
import type { Seconds } from "#lib/units";
import type { Checkpoint } from "./checkpoint.ts";
import type { EventBody } from "./event-parts.ts";
import type { Forecast } from "./forecast.ts";
import type { ReplanQuestion } from "./replan-request.ts";
import type { Availability, ResourceInput } from "./resources.ts";
import type { Situation } from "./situation.ts";

/** An event before the journal gives it number, id, times and the identity of its contract. */
export type NewEvent = {
  readonly [Type in EventType]: {
    readonly type: Type;
    /** The contract it belongs to; revision and epoch are filled in from the journal's state. */
    readonly contractId?: string;
    readonly stageId?: string;
    readonly data: EventData<Type>;
  };
}[EventType];

/** The journal as the rest of the agent sees it: append, and what all appended events fold to. */
export interface Journal {
  /** Fold of every event that is durable. */
  state(): DeviceState;
  /** The stored contract of that id in its newest accepted revision, finished ones included while they are kept. */
  contract(contractId: string): Contract | undefined;
  /**
   * Commits the events in one transaction and resolves with them when they are durable; `state` and listeners have
   * seen them by then. Rejects `store.failed` when the disk refuses: nothing of the batch is then on disk.
   */
  append(events: readonly NewEvent[]): Promise<readonly Event[]>;
  /** Calls `listener` after each durable append, in order; returns what ends it. */
  onAppended(listener: (events: readonly Event[]) => void): () => void;
}

/** What the executor must know about the link and the lease. */
export interface LinkStatus {
  isOnline(): boolean;
  /** How much of the journal the cloud takes now, by its last acknowledgement; undefined while it sets no limit. */
  grantBytesPerSecond(): number | undefined;
  /** Milliseconds of lease left for the contract, on the monotonic clock, below 0 once it has ended; `unknown` after a reboot with an unsynced clock. */
  leaseRemainingMs(contractId: string): number | "unknown";
}

/** Who plans the rest of the work anew: the cloud. */
export interface Replanner {
  /**
   * Sends a request in the session that is up; nothing happens without one. The answer is a new revision of the contract or a
   * command of type `replan`, and reaches the executor through the journal.
   */
  revisePlan(question: ReplanQuestion): void;
}

/** What the estimator makes of a snapshot: how long the rest takes, and the probability that this is right within a fifth. */
export interface UpdatedEstimate {
  readonly secondsRemaining: Seconds;
  readonly sigmaSeconds: Seconds;
  readonly confidence: number;
  readonly progress: ProgressSnapshot;
}

/**
 * The six operations that the executor asks of its neighbours (document 4 §6.11), in its names and our types;
 * `docs/executor.md` says who keeps each of them.
 */
export interface Neighbours {
  /** Estimator: `left` is the forecast of what is not done yet. */
  readonly updateProgress: (snapshot: ProgressSnapshot, left: Forecast) => UpdatedEstimate;
  /** Resource manager. */
  readonly checkStageResources: (input: ResourceInput) => Availability;
  /** Domain expert: answers with a revision of the contract, through the journal. */
  readonly revisePlan: Replanner["revisePlan"];
  /** Memory service: every event that ends a stage is a checkpoint. */
  readonly saveCheckpoint: Journal["append"];
  readonly loadCheckpoint: (contract: Contract, state: ContractState) => Checkpoint;
  /** Notifier: what people are told of the events of a step. */
  readonly publish: (events: readonly EventBody[], situation: Situation) => readonly EventBody[];
}
