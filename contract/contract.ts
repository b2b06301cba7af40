import { z } from "zod";
import { Name, Timestamp, Uuid7 } from "./identifiers.ts";
import { ResourceHints } from "./resource-hints.ts";
import { Spatial } from "./spatial.ts";
import { MovementDeclaration } from "./feed/planned-movement.ts";
import { DocumentRef } from "./movement.ts";

/** A CEL expression; that it compiles is checked by `checkContract`. */
export const Expression = z.string().min(1).max(1000).meta({ description: "CEL expression" });

/** How bad a failed assumption or failure is; document 4 §6.5 gives each level its action. */
export const Severity = z.enum(["trivial", "minor", "moderate", "major", "critical"]);
export type Severity = z.infer<typeof Severity>;

/** What is done about a failure (document 1, "Contract Failure Recovery"). */
export const Strategy = z.enum(["retry", "reassign", "escalate", "hold", "abort"]);
export type Strategy = z.infer<typeof Strategy>;

const Count = z.number().int().min(1).max(1_000_000);
const DurationSeconds = z.number().positive().max(31_536_000).meta({ unit: "s" });

/** How long the device may act without hearing from the cloud, and how long it then takes to stop in order. */
export const Lease = z.strictObject({
  durationSeconds: DurationSeconds,
  windDownSeconds: z.number().min(0).max(3600).meta({ unit: "s" }),
});
export type Lease = z.infer<typeof Lease>;

export const FailureRule = z
  .strictObject({
    when: Expression,
    strategy: Strategy,
    retry: z
      .strictObject({
        attempts: z.number().int().min(1).max(100),
        backoffSeconds: z.number().min(0).max(3600).meta({ unit: "s" }),
      })
      .optional(),
    hold: z.strictObject({ until: Expression.optional(), deadlineSeconds: DurationSeconds.optional() }).optional(),
  })
  .refine((rule) => rule.strategy !== "retry" || rule.retry !== undefined, {
    path: ["retry"],
    message: "the strategy retry needs retry: {attempts, backoffSeconds}",
  });
export type FailureRule = z.infer<typeof FailureRule>;

const Inputs = z.record(z.string().min(1).max(64), z.json());

/** Another way to reach the goal of a stage; the action must be in scope as well. */
export const Alternative = z.strictObject({ action: Name.optional(), inputs: Inputs });

export const Stage = z.strictObject({
  stageId: Name,
  goal: z.string().min(1).max(200),
  action: Name,
  inputs: Inputs,
  toolsRequired: z.array(Name).max(20),
  expectedOutput: Inputs.optional(),
  validation: z.array(z.strictObject({ expr: Expression, message: z.string().min(1).max(300) })).max(20),
  resourceHints: ResourceHints.optional(),
  timeoutSeconds: DurationSeconds,
  nominalSeconds: DurationSeconds.optional(),
  after: z.array(Name).max(50).optional(),
  optional: z.boolean().optional(),
  movement: MovementDeclaration.optional().meta({ description: "the inventory movement that completing it is" }),
  alternatives: z.array(Alternative).max(10).optional(),
  onFailure: z.array(FailureRule).max(20).optional(),
});
export type Stage = z.infer<typeof Stage>;

export const Window = z
  .strictObject({
    notBefore: Timestamp.optional(),
    notAfter: Timestamp.optional(),
    maxDurationSeconds: DurationSeconds.optional(),
  })
  .refine((window) => window.notAfter !== undefined || window.maxDurationSeconds !== undefined, {
    message: "one of notAfter and maxDurationSeconds is required",
  });

export const Constraints = z.strictObject({
  battery: z.strictObject({ minimum: z.number().min(0).max(1).meta({ unit: "1" }) }),
  window: Window,
  zones: z.strictObject({ allowed: z.array(Name).max(500).optional(), forbidden: z.array(Name).max(500).optional() }),
  maxSpeed: z.number().positive().max(20).optional().meta({ unit: "m/s" }),
});
export type Constraints = z.infer<typeof Constraints>;

export const FailurePolicy = z.strictObject({
  rules: z.array(FailureRule).max(50),
  fallback: Strategy.exclude(["retry"]),
  replanBudget: z.number().int().min(0).max(100),
  offline: z.enum(["finish", "finish-stage", "hold", "return-home"]),
  severities: z
    .record(Name, Severity)
    .optional()
    .meta({ description: "failure codes that this contract judges otherwise than the device's table" }),
  policy: z
    .strictObject({ id: Name, version: Count })
    .optional()
    .meta({ description: "the recovery policy of the cloud that this was compiled from" }),
});
export type FailurePolicy = z.infer<typeof FailurePolicy>;

export const Assumption = z.strictObject({ id: Name, expr: Expression, severity: Severity });

/** One action that the device may take, and within which limits. */
export const ScopedAction = z.strictObject({
  action: Name,
  limits: z
    .strictObject({
      maxSpeed: z.number().positive().max(20).optional().meta({ unit: "m/s" }),
      maxCount: Count.optional().meta({ description: "how often the action may be started" }),
    })
    .optional(),
});

const Task = z.strictObject({
  kind: z.enum(["pick", "move", "clean", "inspect", "charge", "count", "custom"]),
  title: z.string().min(1).max(200),
  documentRef: DocumentRef.optional(),
});

/** Which plan a new revision takes the place of; the device refuses one that names another state than its own. */
export const Replaces = z.strictObject({
  revision: Count,
  localRevision: z.number().int().min(0),
  journalSeq: z.number().int().min(0),
});

const SessionId = z.string().min(1).max(64);

/**
 * The execution contract (document 1): all that a device needs to finish a task alone, signed by the cloud.
 * Parsed strictly: what is not understood is refused, never ignored.
 */
export const Contract = z.strictObject({
  schema: z.literal("hf.contract/1"),
  contractId: Uuid7,
  name: Name.optional(),
  session: SessionId,
  lease: Lease,
  replaces: Replaces.optional(),
  revision: Count,
  epoch: Count.meta({ description: "fencing token: the assignment generation of the task" }),
  taskId: Name,
  deviceId: Name,
  issuedAt: Timestamp,
  application: Name.optional(),
  account: Name.optional(),
  task: Task,
  stages: z.array(Stage).min(1).max(200),
  scope: z.strictObject({ actions: z.array(ScopedAction).min(1).max(50) }),
  spatial: Spatial,
  constraints: Constraints,
  failurePolicy: FailurePolicy,
  assumptions: z.array(Assumption).max(50),
});
export type Contract = z.infer<typeof Contract>;

/** A contract before the cloud has filled in identity, session, fencing token, lease, and the recovery policy that applies. */
export const ContractDraft = Contract.partial({
  contractId: true,
  session: true,
  epoch: true,
  issuedAt: true,
  revision: true,
  lease: true,
  failurePolicy: true,
});
export type ContractDraft = z.infer<typeof ContractDraft>;

/** What the cloud fills in where a draft leaves the lease out. */
export const DEFAULT_LEASE: Lease = { durationSeconds: 1800, windDownSeconds: 60 };

/** What the cloud fills in where a draft leaves the failure policy out and no recovery policy is for it. */
export const DEFAULT_FAILURE_POLICY: FailurePolicy = {
  rules: [],
  fallback: "escalate",
  replanBudget: 3,
  offline: "finish",
};
