import { z } from "zod";
import type { Contract } from "#contract/contract";
import type { Event, Problem } from "#contract/event";
import type { CommandType, OnlinePresence } from "#contract/messages";
import type { Movement } from "#contract/movement";
import type { ContractStatus } from "#contract/status";
import type { DivergenceReport } from "../core/divergence.ts";
import type { ContractOrder } from "../core/equator/excerpt.ts";
import type { TaskOrder } from "../core/scheduling/task-order.ts";
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
