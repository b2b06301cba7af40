import type { Contract } from "#contract/contract";
import type { Event } from "#contract/event";
import type { EventData, EventType } from "#contract/event-data";
import type { DeviceState } from "#contract/state";
import type { ReplanQuestion } from "./replan-request.ts";

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
  /** Milliseconds of lease left for the contract, on the monotonic clock; `unknown` after a reboot with an unsynced clock. */
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
