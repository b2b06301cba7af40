import type { Event } from "#contract/event";
import type { Movement } from "#contract/movement";
import type { ContractStatus } from "#contract/status";
import type { VersionedPolicy } from "../core/policy/policy.ts";
import type { CommittedEvent, FeedQuery, FeedRow, ShiftRow } from "./feed-rows.ts";
import type { CommitResult, StoreOp } from "./store-ops.ts";
import type {
  CommandRow,
  ContractRow,
  ContractSummary,
  DeviceRow,
  EventRow,
  ExceptionRow,
  IdempotencyRow,
  LedgerRow,
  LogEntry,
  ProposalRow,
  ReconciliationRow,
  TaskRow,
  Tenant,
} from "./store-rows.ts";

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

/** A document of the planner, such as an order (`document_ref` without its line). */
export interface DocumentKey {
  readonly type: string;
  readonly id: string;
}

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

  /** Documents of the planner that contracts and work status name, the one named last first. */
  documents(limit: number): Promise<readonly (DocumentKey & { readonly lastAt: string })[]>;
  /** What was done for a document, each newest first; at most 500 of each. */
  documentWork(document: DocumentKey): Promise<{
    readonly contracts: readonly ContractSummary[];
    readonly records: readonly FeedRow[];
    readonly movements: readonly LedgerRow[];
  }>;
  /** Log entries `device.mode` of a device, newest first. */
  modeChanges(deviceId: string, limit: number): Promise<readonly LogEntry[]>;

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
  /** How many contracts there are in each status; statuses without any may be left out. */
  contractCounts(): Promise<Readonly<Record<string, number>>>;
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
