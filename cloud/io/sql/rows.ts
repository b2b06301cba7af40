import { z } from "zod";
import { Contract } from "#contract/contract";
import { Event, Problem } from "#contract/event";
import { CommandType, OnlinePresence } from "#contract/messages";
import { Movement } from "#contract/movement";
import { STATUS_TRANSITIONS, type ContractStatus } from "#contract/status";
import { DivergenceReport } from "../../core/divergence.ts";
import { ContractOrder } from "../../core/equator/excerpt.ts";
import { Policy } from "../../core/policy/policy.ts";
import { TaskOrder } from "../../core/scheduling/task-order.ts";
import { Track } from "../../core/track.ts";
import { FeedKind } from "../feed-rows.ts";
import { LogType, TaskState } from "../store-rows.ts";

/** A row as SQLite gives it, checked against its schema; columns that are null count as absent. */
export function readRow<Schema extends z.ZodType>(schema: Schema, row: unknown): z.infer<Schema> {
  const present = Object.entries(row as object).filter(([, value]) => value !== null);
  return schema.parse(Object.fromEntries(present)) as z.infer<Schema>;
}

const Text = z.string();
const Count = z.number().int();
const STATUSES = new Set<string>(STATUS_TRANSITIONS.flatMap((row) => [row.from, row.to]));
const Status = z.custom<ContractStatus>((value) => typeof value === "string" && STATUSES.has(value));

export const DeviceColumns = z.object({
  deviceId: Text,
  incarnation: Text,
  seq: Count,
  hash: Text.exactOptional(),
  presence: fromJson(OnlinePresence).exactOptional(),
  lastHeardAt: Text.exactOptional(),
  track: fromJson(Track).exactOptional(),
});

export const EventColumns = z.object({ incarnation: Text, event: fromJson(Event), hash: Text });

export const ContractSummaryColumns = z.object({
  id: Count,
  contractId: Text,
  name: Text.exactOptional(),
  taskId: Text,
  deviceId: Text,
  epoch: Count,
  revision: Count,
  session: Text,
  status: Status,
  application: Text.exactOptional(),
  account: Text.exactOptional(),
  createdAt: Text,
  answeredAt: Text.exactOptional(),
  endedAt: Text.exactOptional(),
  reason: Text.exactOptional(),
  problems: fromJson(z.array(Problem)).exactOptional(),
});

export const CountColumns = z.object({ status: Text, count: Count });

export const ContractColumns = ContractSummaryColumns.omit({ id: true }).extend({
  draft: fromJson(ContractOrder),
  contract: fromJson(Contract),
  jws: Text,
});

export const CommandColumns = z.object({
  commandId: Text,
  deviceId: Text,
  n: Count,
  type: CommandType,
  contractId: Text.exactOptional(),
  epoch: Count.exactOptional(),
  holdId: Text.exactOptional(),
  data: fromJson(z.record(z.string(), z.unknown())).exactOptional(),
  createdAt: Text,
  repliedAt: Text.exactOptional(),
  result: z.enum(["stored", "done", "refused", "withdrawn"]).exactOptional(),
  reason: Text.exactOptional(),
  seq: Count.exactOptional(),
});

export const IdempotencyColumns = z.object({ key: Text, fingerprint: Text, madeId: Text, createdAt: Text });

export const LedgerColumns = z.object({
  id: Count,
  partnerId: Text,
  correlationId: Text,
  warehouseId: Text,
  deviceId: Text,
  contractId: Text.exactOptional(),
  recordedAt: Text,
  isFenced: z.preprocess((value) => value === 1, z.boolean()),
  movement: fromJson(Movement),
});

export const ExceptionColumns = z.object({
  id: Count,
  at: Text,
  code: Text,
  severity: z.enum(["LOW", "MEDIUM", "HIGH", "URGENT"]),
  detail: Text,
  deviceId: Text.exactOptional(),
  contractId: Text.exactOptional(),
  resolvedAt: Text.exactOptional(),
  resolvedBy: Text.exactOptional(),
  note: Text.exactOptional(),
});

export const PolicyColumns = z.object({ version: Count, at: Text, policy: fromJson(Policy) });

export const TaskColumns = z.object({
  taskId: Text,
  order: fromJson(TaskOrder),
  createdAt: Text,
  state: TaskState,
  nextAt: Text.exactOptional(),
});

export const ProposalColumns = z.object({
  requestId: Text,
  contractId: Text,
  revision: Count,
  contract: fromJson(Contract),
  createdAt: Text,
});

export const ForgottenColumns = z.object({ contractId: Text, deviceId: Text });

export const ReconciliationColumns = z.object({
  deviceId: Text,
  trigger: z.enum(["return", "manual"]),
  recordedAt: Text,
  report: fromJson(DivergenceReport),
});

export const LogColumns = z.object({
  id: Count,
  at: Text,
  type: LogType,
  deviceId: Text.exactOptional(),
  contractId: Text.exactOptional(),
  application: Text.exactOptional(),
  account: Text.exactOptional(),
  data: fromJson(z.record(z.string(), z.unknown())),
});

function fromJson<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(schema);
}

export const CommittedColumns = z.object({ position: Count, deviceId: Text, event: fromJson(Event) });

export const FeedColumns = z.object({
  id: Count,
  kind: FeedKind,
  partnerId: Text,
  correlationId: Text,
  warehouseId: Text,
  workId: Text.exactOptional(),
  recordedAt: Text,
  body: fromJson(z.record(z.string(), z.unknown())),
});

export const ShiftColumns = z.object({
  partnerId: Text,
  warehouseId: Text,
  fromAt: Text,
  toAt: Text,
  correlationId: Text,
  result: z.enum(["RECONCILED", "DISCREPANCY"]),
  recordedAt: Text,
  verdict: fromJson(z.record(z.string(), z.unknown())),
});

export const MovementColumns = z.object({ movement: fromJson(Movement) });

export const DocumentColumns = z.object({ type: Text, id: Text, lastAt: Text });
