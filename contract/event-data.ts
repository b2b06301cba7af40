import { z } from "zod";
import { COVERAGE_CELLS_MAX, CoverageGrid } from "./coverage.ts";
import { FailurePolicy, Lease, Severity, Strategy } from "./contract.ts";
import { HoldOwner, Problem, RejectReason } from "./event.ts";
import { Name, Timestamp, Uuid7 } from "./identifiers.ts";
import { DocumentRef, Movement } from "./movement.ts";
import { ProgressSnapshot } from "./progress-snapshot.ts";
import { PointTuple, PoseTuple } from "./spatial.ts";
import { StageChanges } from "./stage-changes.ts";

const Seconds = z.number().min(0).meta({ unit: "s" });
const Sigma = Seconds.meta({ unit: "s", description: "standard deviation" });
const Metres = z.number().min(0).meta({ unit: "m" });
const Share = z.number().min(0).max(1).meta({ unit: "1" });
const Attempt = z.number().int().min(1);
/** Without a bound: a text that is too long must not make a reader overlook what happened. */
const Text = z.string();
/** A reason in one word; one that names what is to blame has its id behind a colon. */
const Code = z.string().min(1).max(128);
const Sequence = z.number().int().min(0);

/** What the reducer must know of a stage; the rest stays in the contract. */
const StageOutline = z.object({ stageId: Name, action: Name, optional: z.boolean().optional() });

const Ending = z.looseObject({ reason: Code, detail: Text.optional(), loadOnBoard: z.boolean().optional() });

/** What a stage has taken so far, over all its attempts. */
const Usage = z.object({ distance: Metres, batteryUsed: z.number().meta({ unit: "1", description: "share" }) });

/** What a device was doing when it said so: everything that the cloud needs to project it. */
const Estimate = z.looseObject({
  stageId: Name.optional(),
  pose: PoseTuple,
  battery: Share,
  route: z.array(PointTuple).max(200).meta({ description: "planned way of the stage under way, from `pose` on" }),
  speed: z.number().min(0).meta({ unit: "m/s", description: "mean speed expected on the route" }),
  stageSecondsRemaining: Seconds,
  stageSigmaSeconds: Sigma.optional(),
  secondsRemaining: Seconds,
  sigmaSeconds: Sigma.optional(),
  confidence: Share.optional().meta({
    description: "probability that the truth is within a fifth of `secondsRemaining`",
  }),
  nextStages: z.array(
    z.object({
      stageId: Name,
      seconds: Seconds,
      sigmaSeconds: Sigma.optional(),
      route: z.array(PointTuple).max(200).optional(),
    }),
  ),
  drainPerSecond: z.number().min(0).meta({ unit: "1/s", description: "share of the battery per second" }),
  progress: ProgressSnapshot.optional(),
});

/** Types of the journal and the shape of their `data`; all are loose, so newer devices may say more. */
export const EVENT_DATA = {
  "contract.accepted": z.looseObject({
    taskId: Name,
    name: Name.optional(),
    documentRef: DocumentRef.optional(),
    stages: z.array(StageOutline).min(1),
    lease: Lease,
    session: z.string(),
    hash: z.string().meta({ description: "hex SHA-256 of the signed contract as received" }),
    offline: FailurePolicy.shape.offline,
  }),
  "contract.rejected": z.looseObject({
    reason: RejectReason,
    problems: z.array(Problem),
    taskId: z.string().optional(),
    inReplyTo: z.string().optional(),
  }),
  "contract.started": z.looseObject({ secondsEstimated: Seconds.optional() }),
  "contract.held": z.looseObject({ holdId: z.string().min(1), by: HoldOwner, reason: Text.optional() }),
  "contract.resumed": z.looseObject({ holdId: z.string().min(1), by: HoldOwner }),
  "contract.completed": z.looseObject({ durationSeconds: Seconds, distance: Metres, batteryUsed: z.number() }),
  "contract.failed": Ending,
  "contract.aborted": Ending,
  "contract.cancelled": Ending,
  "contract.expired": Ending,
  "contract.released": Ending,
  "contract.revoked": Ending,
  "stage.started": z.looseObject({ action: Name, pose: PoseTuple.optional(), battery: Share.optional() }),
  "stage.attempt": z.looseObject({
    n: Attempt,
    idempotencyKey: z.string().min(1),
    ofPlan: z
      .looseObject({
        planId: z.string().min(1),
        plan: Code,
        contractId: z.string().min(1),
        action: Name,
        inputs: z.record(z.string(), z.unknown()),
      })
      .optional()
      .meta({ description: "for what a work plan does for good: enough to ask its tool after a crash" }),
  }),
  "stage.verified": z.looseObject({ n: Attempt, answer: z.enum(["done", "not-done", "unknown"]) }),
  "stage.progress": z.looseObject({
    share: Share,
    pose: PoseTuple.optional(),
    sigmaXy: Metres.optional(),
    battery: Share.optional(),
    remaining: Metres.optional(),
    checkpoint: z
      .record(z.string(), z.json())
      .optional()
      .meta({ description: "what resuming the stage in its middle takes" }),
    used: Usage.optional(),
  }),
  "stage.completed": z.looseObject({
    output: z.looseObject({}),
    durationSeconds: Seconds,
    attempts: Attempt,
    distance: Metres,
    batteryUsed: z.number(),
    energyWh: z
      .number()
      .optional()
      .meta({ unit: "Wh", description: "`batteryUsed` of a battery whose capacity is known" }),
    pose: PoseTuple.optional(),
    battery: Share.optional(),
    toolVersions: z.record(z.string(), z.string()).optional(),
  }),
  "stage.failed": z.looseObject({
    code: Code,
    severity: Severity,
    detail: Text,
    attempt: Attempt,
    strategy: Strategy.optional(),
    used: Usage.optional(),
  }),
  "stage.skipped": z.looseObject({ reason: Text }),
  "assumption.drifted": z.looseObject({
    assumptionId: Name,
    expr: z.string(),
    severity: Severity,
    detail: Text.optional(),
  }),
  "fix.attempted": z.looseObject({
    fix: Code,
    n: Attempt.meta({ description: "how often this fix was tried for the stage, this time included" }),
    delaySeconds: Seconds.optional(),
    changes: StageChanges.optional(),
  }),
  "replan.requested": z.looseObject({
    requestId: z.string(),
    code: Code,
    severity: Severity.optional(),
    detail: Text.optional(),
    assumptions: z.array(Name).optional(),
  }),
  "replan.adopted": z.looseObject({
    by: z.enum(["cloud", "device"]),
    localRevision: Sequence,
    stages: z.array(StageOutline.extend({ changes: StageChanges.optional() })),
    requestId: z.string().optional(),
    detail: Text.optional(),
  }),
  "replan.refused": z.looseObject({
    reason: Code,
    detail: Text.optional(),
    by: z.enum(["cloud", "device"]).optional(),
    requestId: z.string().optional(),
  }),
  movement: Movement,
  exception: z.looseObject({
    code: Code,
    severity: z.enum(["LOW", "MEDIUM", "HIGH", "URGENT"]),
    detail: Text,
    correlation_id: z.uuid().optional(),
  }),
  "work-status": z.looseObject({
    status: z.enum(["ASSIGNED", "IN_PROGRESS", "PAUSED", "COMPLETED", "CANCELLED", "FAILED"]),
    correlation_id: z.uuid().optional(),
  }),
  estimate: Estimate,
  notice: z.looseObject({
    kind: Code.meta({ description: "`started`, `progress`, `finished` or `needs-human`; others may come" }),
    text: Text.meta({ description: "one sentence for people" }),
    secondsRemaining: Seconds.optional(),
    confidence: Share.optional(),
    stagesCompleted: Sequence.optional(),
    totalStages: Sequence.optional(),
    outcome: Code.optional().meta({ description: "how the contract ended, for `finished`" }),
  }),
  "driver.changed": z.looseObject({
    driver: z.string(),
    state: z.enum(["ok", "degraded", "down"]),
    reason: Text.optional(),
  }),
  "link.changed": z.looseObject({
    state: z.enum(["online", "offline"]),
    reason: Text.optional(),
    code: Code.optional().meta({
      description: "what kind of trouble it is: `transport.portal`, `transport.clock` and so on",
    }),
    session: z.string().optional(),
    route: Text.optional().meta({ description: "which broker, and how" }),
  }),
  "safety.changed": z.looseObject({ mode: Code, reason: Text.optional() }),
  "constraint.violated": z.looseObject({
    constraint: Code,
    detail: Text,
    value: z.json().optional(),
    limit: z.json().optional(),
  }),
  "command.obeyed": z.looseObject({ commandId: Uuid7, n: Sequence, command: z.string() }),
  "command.refused": z.looseObject({
    commandId: z.string(),
    n: Sequence.optional(),
    command: z.string(),
    reason: Code,
  }),
  "console.action": z.looseObject({ actor: z.string(), command: z.string(), result: Text.optional() }),
  coverage: z.looseObject({
    share: Share.meta({ description: "of the floor that the tool can get to in the area" }),
    area: z.number().min(0).meta({ unit: "m2", description: "covered so far" }).optional(),
    grid: CoverageGrid.optional(),
    cells: z
      .string()
      .max(4 * COVERAGE_CELLS_MAX)
      .optional()
      .meta({
        description:
          "base64 of the cells covered since the event before: lengths of runs of others and of these, in turn, as LEB128",
      }),
  }),
  "telemetry.thinned": z.looseObject({ lane: z.string(), samples: Sequence }),
  boot: z.looseObject({
    start: z.enum(["cold", "restart"]),
    bootId: z.string(),
    software: z.string(),
    incarnation: z.string(),
  }),
  "clock.synced": z.looseObject({ stepMs: z.number(), wallAt: Timestamp.optional() }),
} as const satisfies Record<string, z.ZodType>;

/** The types that this version writes and understands. */
export type EventType = keyof typeof EVENT_DATA;

/** `data` of an event type. */
export type EventData<Type extends EventType> = z.infer<(typeof EVENT_DATA)[Type]>;

/** Types that are written however often they occur; others that belong to no contract coalesce to 6 a minute and type. */
export const NEVER_COALESCED: ReadonlySet<string> = new Set([
  "boot",
  "clock.synced",
  "contract.rejected",
  "command.obeyed",
  "command.refused",
  "console.action",
]);

/** The `data` of an event as its type's schema reads it, or undefined when it does not fit (a foreign or newer writer). */
export function readEventData<Type extends EventType>(type: Type, data: unknown): EventData<Type> | undefined {
  const parsed = EVENT_DATA[type].safeParse(data);
  return parsed.success ? (parsed.data as EventData<Type>) : undefined;
}
