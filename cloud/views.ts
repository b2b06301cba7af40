import { z } from "zod";
import { Contract } from "#contract/contract";
import { Problem } from "#contract/event";
import { Name, Timestamp, Uuid7 } from "#contract/identifiers";
import { PoseTuple } from "#contract/spatial";
import { timestamp } from "#lib/clock";
import { DivergenceReport } from "./core/divergence.ts";
import type { Projection } from "./core/projection.ts";
import { present } from "./present.ts";

const Status = z.string().meta({ description: "a contract status, see docs/statuses.md" });
const Sigma = z.number().min(0).meta({ description: "standard deviation" });
const Share = z.number().min(0).max(1).meta({ unit: "1" });

/** Whose contract it is, where it says so. */
const TENANT = { application: Name.exactOptional(), account: Name.exactOptional() };

const PoseView = z.object({ value: PoseTuple, sigma: Sigma.meta({ unit: "m" }) });
const BatteryView = z.object({ value: Share, sigma: Sigma.meta({ unit: "1" }) });

const ProgressView = z.object({
  contractId: Uuid7,
  status: Status,
  stageId: Name.exactOptional(),
  stageShare: Share,
  progress: z.object({ value: Share, sigma: Sigma }),
  load: z.record(z.string(), z.number()),
  endsAt: Timestamp.exactOptional(),
  endSigmaSeconds: z.number().exactOptional().meta({ unit: "s" }),
});

/** Where a device is, or should be: `age` counts since it was last seen. */
export const ProjectionView = z.object({
  at: Timestamp,
  ageSeconds: z.number().min(0).meta({ unit: "s" }),
  pose: PoseView.exactOptional(),
  battery: BatteryView.exactOptional(),
  contract: ProgressView.exactOptional(),
});
export type ProjectionView = z.infer<typeof ProjectionView>;

export const DeviceView = ProjectionView.omit({ contract: true }).extend({
  deviceId: Name,
  mode: z.enum(["live", "projected", "reconciled"]),
  source: z.enum(["actual", "projected"]).meta({ description: "whether pose and battery were seen or estimated" }),
  lastHeardAt: Timestamp.nullable(),
  session: z.string().exactOptional(),
  kind: z.string().exactOptional(),
  mapId: Name.exactOptional().meta({ description: "map of the contract that it was given last" }),
  actions: z.array(z.string()).readonly(),
  software: z.string().exactOptional(),
  journal: z.object({ incarnation: z.string(), committedSeq: z.number().int() }),
  activeContract: ProgressView.extend({
    name: Name.exactOptional(),
    taskId: Name.exactOptional(),
    ...TENANT,
  }).nullable(),
});
export type DeviceView = z.infer<typeof DeviceView>;

const Times = z.object({ startedAt: Timestamp.exactOptional(), endedAt: Timestamp.exactOptional() });

const StageView = z.object({
  stageId: Name,
  action: Name,
  goal: z.string(),
  status: z.enum(["pending", "started", "completed", "failed", "skipped"]),
  attempts: z.number().int(),
  planned: Times,
  actual: Times,
  expected: z
    .object({ endsAt: Timestamp, earliest: Timestamp, latest: Timestamp })
    .exactOptional()
    .meta({ description: "when it should end, and between which moments with 95 %" }),
  output: z.record(z.string(), z.unknown()).readonly().exactOptional(),
  failure: z.string().exactOptional(),
});
export type StageView = z.infer<typeof StageView>;

export const ContractSummaryView = z.object({
  ...TENANT,
  contractId: Uuid7,
  name: z.string().exactOptional(),
  taskId: Name,
  deviceId: Name,
  epoch: z.number().int(),
  revision: z.number().int(),
  status: Status,
  createdAt: Timestamp,
  answeredAt: Timestamp.exactOptional(),
  endedAt: Timestamp.exactOptional(),
  reason: z.string().exactOptional(),
  problems: z.array(Problem).readonly().exactOptional(),
});
export type ContractSummaryView = z.infer<typeof ContractSummaryView>;

/** A reconciliation as it was recorded. */
export const ReconciliationView = DivergenceReport.extend({
  trigger: z.enum(["return", "manual"]),
  recordedAt: Timestamp,
});

/** An entry of the log, as the stream tells it. */
export const LogView = z.object({
  id: z.number().int(),
  at: Timestamp,
  type: z.string(),
  deviceId: z.string().exactOptional(),
  contractId: z.string().exactOptional(),
  ...TENANT,
  data: z.record(z.string(), z.unknown()).readonly(),
});

export const ContractView = ContractSummaryView.extend({
  mode: z.enum(["live", "projected", "reconciled"]),
  progress: ProgressView.exactOptional(),
  leaseEndsAt: Timestamp.exactOptional().meta({ description: "earliest moment at which the task may be given on" }),
  stages: z.array(StageView).readonly(),
  holds: z.array(z.object({ holdId: z.string(), by: z.string(), reason: z.string(), at: Timestamp })).readonly(),
  reconciliations: z.array(ReconciliationView).readonly(),
  recovery: z.array(LogView).readonly(),
  contract: Contract,
});
export type ContractView = z.infer<typeof ContractView>;

export const CommandView = z.object({
  commandId: Uuid7,
  contractId: Uuid7,
  type: z.enum(["hold", "resume", "cancel"]),
  delivery: z.enum(["sent", "kept"]).meta({ description: "`kept`: it is sent when the device returns" }),
  holdId: z.string().exactOptional().meta({ description: "the hold that is placed or cleared" }),
});
export type CommandView = z.infer<typeof CommandView>;

export const ForceReleaseView = z.object({
  taskId: Name,
  contractId: Uuid7.exactOptional().meta({ description: "absent where a restored cloud does not know whose it was" }),
  deviceId: Name.exactOptional(),
  epoch: z.number().int().meta({ description: "everything that was assigned before is fenced by it" }),
  warning: z.string(),
});
export type ForceReleaseView = z.infer<typeof ForceReleaseView>;

/** A task by the contracts that it was given with, oldest first. */
export const TaskView = z.object({
  taskId: Name,
  status: z.string().meta({
    description: "of its last contract; before the first `waiting`, `planned`, `recurring`, `cancelled` or `expired`",
  }),
  ...TENANT,
  epoch: z.number().int(),
  contracts: z.array(ContractSummaryView).readonly(),
  nextAt: Timestamp.exactOptional().meta({ description: "when a recurring order makes its next task" }),
  expected: z
    .object({
      deviceId: Name,
      startsAt: Timestamp,
      endsAt: Timestamp,
      confidence: Share.exactOptional().meta({ description: "probability that it is done in its window" }),
    })
    .exactOptional()
    .meta({ description: "by the plan of the fleet, of a task that waits for its device" }),
});
export type TaskView = z.infer<typeof TaskView>;

/** What may be said with a command: the hold that is meant, and why, for people. */
export const CommandWords = z.strictObject({
  holdId: z.string().min(1).max(64).exactOptional().meta({
    description:
      "the hold to place or clear; unless given the cloud's own, `cloud`; a resume clears, where there is none, the one that waits for a person",
  }),
  reason: z.string().min(1).max(500).exactOptional().meta({ description: "why, for people" }),
});
export type CommandWords = z.infer<typeof CommandWords>;

/** A projection as it is shown. */
export function projectionView(projection: Projection): ProjectionView {
  const { atMs, ageSeconds, pose, battery, contract } = projection;
  return {
    at: timestamp(atMs),
    ageSeconds,
    ...(pose ? { pose } : {}),
    ...(battery ? { battery } : {}),
    ...(contract ? { contract: progressView(contract) } : {}),
  };
}

function progressView(contract: NonNullable<Projection["contract"]>): z.infer<typeof ProgressView> {
  const { endsAtMs, ...rest } = contract;
  return present({ ...rest, endsAt: endsAtMs === undefined ? undefined : timestamp(endsAtMs) });
}
