import { z } from "zod";
import type { Contract } from "#contract/contract";
import type { Event, Problem } from "#contract/event";
import type { CommandType, OnlinePresence } from "#contract/messages";
import type { Movement } from "#contract/movement";
import type { ContractStatus } from "#contract/status";
import type { DivergenceReport } from "../core/divergence.ts";
import type { ContractOrder } from "../core/equator/excerpt.ts";
import type { TaskOrder } from "../core/scheduling/task-order.ts";
import type { VersionedPolicy } from "../core/policy/policy.ts";
import type { CommittedEvent, FeedQuery, FeedRow, ShiftRow } from "./feed-rows.ts";
import type { Track } from "../core/track.ts";

/** A device as the cloud last committed it; its mode is not among this, because it is never resumed from disk. */
export interface DeviceRow {
  readonly deviceId: string;
  readonly incarnation: string;
  /** End of its committed journal, and the chain hash there (absent after a gap). */
  readonly seq: number;
  readonly hash?: string;
  readonly presence?: OnlinePresence;
  /** When anything was heard from it, RFC 3339. */
  readonly lastHeardAt?: string;
  /** Where it was seen last, telemetry included; written when it stops being live. */
  readonly track?: Track;
}

/** One event as received, with the chain hash that it leads to. */
export interface EventRow {
  readonly incarnation: string;
  readonly event: Event;
  readonly hash: string;
}

/** A contract without its bodies, as lists show it. */
export interface ContractSummary {
  readonly application?: string;
  readonly account?: string;
  readonly contractId: string;
  readonly name?: string;
  readonly taskId: string;
  readonly deviceId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly session: string;
  readonly status: ContractStatus;
  readonly createdAt: string;
  readonly answeredAt?: string;
  readonly endedAt?: string;
  /** Word of the refusal or ending, where it was not success. */
  readonly reason?: string;
  readonly problems?: readonly Problem[];
}

export interface ContractRow extends ContractSummary {
  /** What was asked for, before the cloud filled in identity and session. */
  readonly draft: ContractOrder;
  readonly contract: Contract;
  readonly jws: string;
}

/** A command; it is signed anew for the session in which it is sent. */
export interface CommandRow {
  readonly commandId: string;
  readonly deviceId: string;
  readonly n: number;
  readonly type: CommandType;
  readonly contractId?: string;
  readonly epoch?: number;
  readonly holdId?: string;
  /** What a `replan` has to say. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly repliedAt?: string;
  /** What the device answered, or `withdrawn` when the cloud no longer wants it. */
  readonly result?: "stored" | "done" | "refused" | "withdrawn";
  readonly reason?: string;
  /** Number of the event in which the device recorded it. */
  readonly seq?: number;
}

/** A movement in the ledger (document 3's tags); `isFenced` when its assignment was no longer valid. */
export interface LedgerRow {
  readonly partnerId: string;
  readonly correlationId: string;
  readonly warehouseId: string;
  readonly deviceId: string;
  readonly contractId?: string;
  readonly recordedAt: string;
  readonly movement: Movement;
}

export interface ExceptionRow {
  readonly at: string;
  readonly code: string;
  readonly severity: "LOW" | "MEDIUM" | "HIGH" | "URGENT";
  readonly detail: string;
  readonly deviceId?: string;
  readonly contractId?: string;
  /** When and by whom it was taken off the queue, and what they said about it. */
  readonly resolvedAt?: string;
  readonly resolvedBy?: string;
  readonly note?: string;
}

export interface ReconciliationRow {
  readonly deviceId: string;
  readonly trigger: "return" | "manual";
  readonly recordedAt: string;
  readonly report: DivergenceReport;
}

/** Whose contracts are meant; what is left out does not matter. */
export interface Tenant {
  readonly application?: string | undefined;
  readonly account?: string | undefined;
}

/** What the stream tells; `id` ascends, so a reader resumes behind the last that it saw. The tenant is the contract's. */
export interface LogEntry {
  readonly id: number;
  readonly at: string;
  readonly type: LogType;
  readonly deviceId?: string;
  readonly contractId?: string;
  readonly application?: string;
  readonly account?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the stream tells of. */
export const LogType = z.enum([
  "device.mode",
  "contract.status",
  "command",
  "exception",
  "exception.resolved",
  "failure.detected",
  "policy",
  "reconciliation",
  "replan.triggered",
  "replan.requested",
  "plan",
  "task",
  "recovery",
  "journal.gap",
  "journal.fork",
  "feed",
]);
export type LogType = z.infer<typeof LogType>;

/** New remaining stages of a contract, as they were sent. */
export interface ProposalRow {
  readonly requestId: string;
  readonly contractId: string;
  readonly revision: number;
  readonly contract: Contract;
  readonly createdAt: string;
}

/** Work that was asked for by its kind. `nextAt`: when a recurring order makes its next task. */
export interface TaskRow {
  readonly taskId: string;
  readonly order: TaskOrder;
  readonly createdAt: string;
  readonly state: TaskState;
  readonly nextAt?: string;
}

/** `assigned`: a contract was made of it, which tells the rest. */
export const TaskState = z.enum(["open", "recurring", "assigned", "cancelled", "expired"]);
export type TaskState = z.infer<typeof TaskState>;

/** Which contract or task a request made; its answer is told from that, also after a crash in the middle. */
export interface IdempotencyRow {
  readonly key: string;
  readonly fingerprint: string;
  /** A `contractId` or `taskId`. */
  readonly madeId: string;
  readonly createdAt: string;
}

/** One change; the changes of one `commit` happen together or not at all. */
export type StoreOp =
  | { readonly op: "put-device"; readonly row: DeviceRow }
  | {
      readonly op: "append-events";
      readonly deviceId: string;
      readonly receivedAt: string;
      readonly rows: readonly EventRow[];
    }
  /** Conflicts when device or task already has an active contract, or the task has seen this epoch (rule `fresh`). */
  | { readonly op: "insert-contract"; readonly row: ContractRow; readonly epochRule: "fresh" | "as-given" }
  /** Changes nothing unless the status is one of `from`. */
  | {
      readonly op: "set-status";
      readonly contractId: string;
      readonly from: readonly ContractStatus[];
      readonly to: ContractStatus;
      readonly at: string;
      readonly reason?: string;
      readonly problems?: readonly Problem[];
    }
  | { readonly op: "insert-command"; readonly row: CommandRow }
  | {
      readonly op: "settle-command";
      readonly commandId: string;
      readonly at: string;
      readonly result: NonNullable<CommandRow["result"]>;
      readonly reason?: string;
      readonly seq?: number;
    }
  /**
   * Recorded once per partner and correlation id; fenced when the task has a newer epoch than `epoch`, and then
   * `ifFenced` happens as well.
   */
  | {
      readonly op: "insert-movement";
      readonly row: LedgerRow;
      readonly epoch?: number;
      /** Of the contract as its device knows it: this database may have forgotten it. */
      readonly taskId?: string;
      readonly ifFenced: readonly StoreOp[];
    }
  | { readonly op: "insert-exception"; readonly row: ExceptionRow }
  /** Recorded once per partner and correlation id. */
  | { readonly op: "insert-feed-record"; readonly row: FeedRow }
  /** Forgets what partners posted before, and the keys with it; movements stay. */
  | { readonly op: "forget-feed-records"; readonly before: string }
  /** In the place of an earlier confirmation of the same window. */
  | { readonly op: "put-shift"; readonly row: ShiftRow }
  /** Conflicts when it is resolved already. */
  | {
      readonly op: "resolve-exception";
      readonly id: number;
      readonly at: string;
      readonly by: string;
      readonly note?: string;
    }
  /** Every later assignment of the task has a higher epoch than this, and what was assigned before is fenced. */
  | { readonly op: "raise-epoch"; readonly taskId: string; readonly epoch: number }
  /** Every later assignment, of whatever task, has an epoch this much above all that are recorded; nothing is fenced by it. */
  | { readonly op: "raise-all-epochs"; readonly by: number }
  /** Conflicts when that version of the policy exists. */
  | { readonly op: "insert-policy"; readonly row: VersionedPolicy }
  /** Conflicts when there is a task of that id. */
  | { readonly op: "insert-task"; readonly row: TaskRow }
  /** Changes nothing unless its state is `from`. */
  | {
      readonly op: "set-task";
      readonly taskId: string;
      readonly from: TaskState;
      readonly state: TaskState;
      readonly nextAt?: string;
    }
  /** A revision that a device was sent; known by the request that it answers. */
  | { readonly op: "insert-proposal"; readonly row: ProposalRow }
  /** The device works by that revision now. */
  | { readonly op: "adopt-revision"; readonly contractId: string; readonly revision: number }
  | { readonly op: "put-meta"; readonly key: string; readonly value: string }
  | { readonly op: "insert-reconciliation"; readonly row: ReconciliationRow }
  | { readonly op: "insert-idempotency"; readonly row: IdempotencyRow }
  | { readonly op: "log"; readonly entry: Omit<LogEntry, "id" | keyof Tenant> };

/** What a commit ran into; nothing of it was then written. */
export type Conflict =
  | "device_busy"
  | "task_busy"
  | "stale_epoch"
  | "contract_exists"
  | "key_in_use"
  | "exception_resolved"
  | "policy_changed"
  | "task_exists";

export type CommitResult = { readonly ok: true } | { readonly ok: false; readonly conflict: Conflict };

/** All that must be in memory before the cloud listens. */
export interface StoredFleet {
  readonly cloudId: string;
  readonly devices: readonly DeviceRow[];
  /** Contracts that hold their lock. */
  readonly activeContracts: readonly ContractRow[];
  /** Commands that were never answered, by ascending `n`. */
  readonly openCommands: readonly CommandRow[];
  /** Every policy in its newest version. */
  readonly policies: readonly VersionedPolicy[];
  /** The database began as a copy of a lost one, and not all that it has forgotten is known yet. */
  readonly restored?: {
    /** Of the leases that it may have given, wind-down included, as far as the copy tells. */
    readonly longestLeaseSeconds: number;
  };
  /** Contracts that their device has forgotten: its journal will never say how they ended. */
  readonly forgotten: readonly Pick<ContractRow, "contractId" | "deviceId">[];
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Give this back to read on; absent on the last page. */
  readonly cursor?: string;
}

export interface PageQuery extends Tenant {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ContractQuery extends PageQuery {
  readonly deviceId?: string | undefined;
  readonly status?: ContractStatus | undefined;
}

export interface ExceptionQuery extends PageQuery {
  readonly status?: "open" | "resolved" | undefined;
}

export interface LogFilter extends Tenant {
  readonly contractId?: string;
}

/** Key of the note that a database is a copy, as long as not all that it has forgotten is known. */
export const RESTORED = "restored";

/** `reason` of a contract whose device has lost its memory. */
export const MEMORY_LOST = "memory_lost";

/**
 * The cloud's database. `commit` resolves when the change is durable; commits that meet in one turn share one
 * write. Rejects `store.failed` when the database refuses.
 */
export interface CloudStore extends AsyncDisposable {
  load(): Promise<StoredFleet>;
  commit(ops: readonly StoreOp[]): Promise<CommitResult>;
  /** Calls `listener` with what was logged, in order, once it is durable; returns what ends it. */
  onLogged(listener: (entries: readonly LogEntry[]) => void): () => void;

  /** Calls `listener` when events of devices are durable; returns what ends it. */
  onEvents(listener: () => void): () => void;
  /** Events of all devices behind `position`, in the order of their commit. */
  eventsAfter(position: number, limit: number): Promise<readonly CommittedEvent[]>;

  /** Which of these keys the partner has used for anything that is still kept. */
  feedKeys(partnerId: string, correlationIds: readonly string[]): Promise<readonly string[]>;
  /** Newest first. */
  feedRecords(query: FeedQuery): Promise<Page<FeedRow & { readonly id: number }>>;
  shift(partnerId: string, warehouseId: string, fromAt: string, toAt: string): Promise<ShiftRow | undefined>;
  /** The reconciled window that holds this moment. */
  shiftAt(partnerId: string, warehouseId: string, at: string): Promise<ShiftRow | undefined>;
  /** Movements of the ledger that happened in `[fromAt, toAt)`. */
  movementsIn(partnerId: string, warehouseId: string, fromAt: string, toAt: string): Promise<readonly Movement[]>;

  /** All events of a device, in the order in which they were committed. */
  deviceEvents(deviceId: string): Promise<readonly EventRow[]>;
  contractEvents(contractId: string): Promise<readonly Event[]>;
  /** Which of these event ids are committed for the device, under whatever number. */
  knownEvents(deviceId: string, eventIds: readonly string[]): Promise<ReadonlySet<string>>;
  hashAt(deviceId: string, incarnation: string, seq: number): Promise<string | undefined>;
  /** The highest number committed of an incarnation and its chain hash; undefined when nothing of it is committed. */
  tipOf(deviceId: string, incarnation: string): Promise<{ readonly seq: number; readonly hash: string } | undefined>;

  /** The contract of that id, or else the newest of that name. */
  contract(idOrName: string): Promise<ContractRow | undefined>;
  /** Newest first. */
  contracts(query: ContractQuery): Promise<Page<ContractSummary>>;
  highestEpoch(taskId: string): Promise<number>;
  highestCommand(deviceId: string): Promise<number>;
  idempotency(key: string): Promise<IdempotencyRow | undefined>;
  reconciliations(contractId: string): Promise<readonly ReconciliationRow[]>;
  /** Every contract that the task was given to, oldest first. */
  contractsOfTask(taskId: string): Promise<readonly ContractSummary[]>;
  /** What was sent in answer to a request. */
  proposal(requestId: string): Promise<ProposalRow | undefined>;
  /** The highest revision that a device was ever sent of a contract, 0 before the first. */
  highestProposal(contractId: string): Promise<number>;
  task(taskId: string): Promise<TaskRow | undefined>;
  /** Orders that no device has been given, and recurring ones. */
  openTasks(): Promise<readonly TaskRow[]>;
  /** The incarnation of the journal that spoke of the contract last. */
  incarnationOf(contractId: string): Promise<string | undefined>;
  policyVersion(id: string, version: number): Promise<VersionedPolicy | undefined>;
  /** A value that was put under this key. */
  meta(key: string): Promise<string | undefined>;
  exception(id: number): Promise<(ExceptionRow & { readonly id: number }) | undefined>;
  exceptions(query: ExceptionQuery): Promise<Page<ExceptionRow & { readonly id: number }>>;
  ledger(query: PageQuery): Promise<Page<LedgerRow & { readonly id: number; readonly isFenced: boolean }>>;
  /** The id of the newest log entry, 0 before the first. */
  logEnd(): Promise<number>;
  /** Log entries behind `afterId`, oldest first. */
  logAfter(afterId: number, limit: number, filter?: LogFilter): Promise<readonly LogEntry[]>;
}
