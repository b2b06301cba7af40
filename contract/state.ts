import type { FailurePolicy, Severity } from "./contract.ts";
import type { CoverageState } from "./coverage.ts";
import type { HoldOwner } from "./event.ts";
import type { StageChanges } from "./stage-changes.ts";
import type { StageStatus } from "./stage-status.ts";
import type { ContractStatus } from "./status.ts";

/** What the journal says about one stage. */
export interface StageState {
  readonly stageId: string;
  readonly action: string;
  readonly isOptional: boolean;
  readonly status: StageStatus;
  /** Attempts whose intent is durable; the last of them may be in doubt after a crash. */
  readonly attempts: number;
  readonly lastKey?: string;
  /** Set once the attempt under way has been verified. */
  readonly verified?: "done" | "not-done" | "unknown";
  readonly output?: Readonly<Record<string, unknown>>;
  readonly startedAt?: string;
  /** Absent once the device has been rebooted: times of different boots do not compare. */
  readonly startedMonoMs?: number;
  readonly endedAt?: string;
  /** Code of the last failure. */
  readonly failure?: string;
  /** Retries of this stage that the failure policy has spent. */
  readonly retries: number;
  /** Local fixes tried since the stage was planned: name to number. */
  readonly fixes: Readonly<Record<string, number>>;
  /** What fixes and revisions of the device's own have changed about the stage; `action` above is what it is now. */
  readonly changes?: StageChanges;
  /** What the attempt under way has reached, for a resume in its middle. */
  readonly checkpoint?: Readonly<Record<string, unknown>>;
  /** What its attempts have taken so far. */
  readonly used?: StageUsage;
  /** The floor that it has covered so far, over all its attempts. */
  readonly coverage?: CoverageState;
}

/** Metres, and share of the battery. */
export interface StageUsage {
  readonly distance: number;
  readonly batteryUsed: number;
}

/** A request for new remaining stages that nothing has come of yet. */
export interface OpenReplan {
  readonly requestId: string;
  /** The stage that failed. */
  readonly stageId: string;
  readonly code: string;
  readonly severity: Severity;
  readonly detail: string;
  readonly assumptions: readonly string[];
  readonly at: string;
  /** Absent once the device has been rebooted. */
  readonly monoMs?: number;
  /** Why the cloud has no new plan, when it has said so. */
  readonly refusal?: string;
}

export interface Hold {
  readonly holdId: string;
  readonly by: HoldOwner;
  readonly reason: string;
  readonly at: string;
  /** On the boot clock; absent after a reboot of the device. */
  readonly monoMs?: number;
}

/** A contract as its journal tells it: the same value on device and cloud for the same events. */
export interface ContractState {
  readonly contractId: string;
  readonly name?: string;
  readonly taskId: string;
  readonly revision: number;
  readonly localRevision: number;
  readonly epoch: number;
  readonly status: ContractStatus;
  /** What the device does without the cloud; absent in what older versions have stored. */
  readonly offline?: FailurePolicy["offline"];
  /** True once `contract.started` was written. */
  readonly isStarted: boolean;
  readonly stages: readonly StageState[];
  readonly holds: readonly Hold[];
  /** What the movements of this contract have put on board and not yet taken off: sku to quantity. */
  readonly load: Readonly<Record<string, number>>;
  /** Times that new remaining stages were asked for, or made without asking. */
  readonly replans: number;
  readonly replan?: OpenReplan;
  /** Ids of the assumptions that did not hold when a stage last began, ended or failed. */
  readonly drift: readonly string[];
  /** What the completed stages took together: metres, and share of the battery. */
  readonly distance: number;
  readonly batteryUsed: number;
  /** Numbers of the first and the last event of this contract. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly acceptedAt: string;
  readonly startedAt?: string;
  /** Absent once the device has been rebooted. */
  readonly startedMonoMs?: number;
  readonly endedAt?: string;
  /** Reason word of the ending, where it was not success. */
  readonly endReason?: string;
  /** Newest position and battery that an event of this contract carried. */
  readonly lastSeen?: {
    readonly at: string;
    readonly pose?: readonly [number, number, number];
    readonly battery?: number;
  };
}

/** A device as its journal tells it. */
export interface DeviceState {
  readonly incarnation: string;
  /** Number of the last event folded; 0 before the first. */
  readonly seq: number;
  /** Contracts in the order of their acceptance. */
  readonly contracts: Readonly<Record<string, ContractState>>;
  /** Highest epoch accepted per task, the fence against old assignments. */
  readonly epochs: Readonly<Record<string, number>>;
  /** Counter of the last command obeyed. */
  readonly lastCommand: number;
  /** Set between the intent and the outcome of what a work plan does for good. */
  readonly planEffect?: PlanEffect;
}

/** An effect that a work plan of the device's own was about to have. */
export interface PlanEffect {
  readonly planId: string;
  /** What kind of plan it is. */
  readonly plan: string;
  /** The contract that it works for. */
  readonly contractId: string;
  readonly stageId: string;
  readonly n: number;
  readonly action: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}
