import type { Problem } from "#contract/event";
import type { ContractStatus } from "#contract/status";
import type { VersionedPolicy } from "../core/policy/policy.ts";
import type { FeedRow, ShiftRow } from "./feed-rows.ts";
import type {
  CommandRow,
  ContractRow,
  DeviceRow,
  EventRow,
  ExceptionRow,
  IdempotencyRow,
  LedgerRow,
  LogEntry,
  ProposalRow,
  ReconciliationRow,
  TaskRow,
  TaskState,
  Tenant,
} from "./store-rows.ts";

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
