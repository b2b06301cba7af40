import { z } from "zod";
import type { Event } from "../event.ts";
import { readEventData, type EventData } from "../event-data.ts";
import { DocumentRef } from "../movement.ts";
import { codeSent, FEED_SEVERITY, type ExceptionRecord, type FeedSeverity } from "./exceptions.ts";
import type { MovementRecord } from "./movements.ts";
import type { StreamName } from "./streams.ts";
import {
  STATUS_OF_CONTRACT_EVENT,
  STATUS_OF_STAGE_EVENT,
  type WorkStatus,
  type WorkStatusRecord,
} from "./work-status.ts";

const Work = z.object({
  taskId: z.string(),
  documentRef: DocumentRef.optional(),
  holds: z.array(z.string()),
  actions: z.record(z.string(), z.string()),
});
type Work = z.infer<typeof Work>;

/** What later events of a contract take for granted: its task, document, holds and stages. Kept with a sink's position. */
export const FeedMemory = z.record(z.string(), Work);
export type FeedMemory = z.infer<typeof FeedMemory>;

/** Who reports, and from which of the planner's warehouses. */
export interface Reporter {
  readonly warehouseId: string;
  readonly deviceId: string;
}

export type FeedRecord = MovementRecord | ExceptionRecord | WorkStatusRecord;

/** What one event becomes: nothing, or one record of one stream (document 3). */
export interface FeedItem {
  readonly stream: StreamName;
  readonly record: FeedRecord;
}

/**
 * What an event says to a planner. Its `correlation_id` was drawn when the event was written: the movement's or exception's
 * own, else the event's id; whoever sends it, however often, it is the same record. Pure; `memory` is not changed.
 */
export function feedEvent(
  memory: FeedMemory,
  event: Event,
  reporter: Reporter,
): { readonly memory: FeedMemory; readonly item?: FeedItem | undefined } {
  const next = remember(memory, event);
  const work = event.contractId === undefined ? undefined : (next[event.contractId] ?? memory[event.contractId]);
  const item = itemOf(event, work, reporter);
  return { memory: isOver(event) ? without(next, event.contractId) : next, item };
}

function itemOf(event: Event, work: Work | undefined, reporter: Reporter): FeedItem | undefined {
  if (event.type === "movement") {
    const movement = readEventData("movement", event.data);
    return movement && { stream: "movements", record: { ...movement, warehouse_id: reporter.warehouseId } };
  }
  const fault = faultOf(event, work);
  if (fault) {
    const { correlationId = event.id, ...said } = fault;
    const about = work && { work_id: work.taskId, ...documentOf(work) };
    const record = { correlation_id: correlationId, ...said, ...commonOf(event, reporter), ...about };
    return { stream: "exceptions", record };
  }
  return work && statusItem(event, work, reporter);
}

interface Fault {
  readonly code: string;
  readonly severity: FeedSeverity;
  readonly detail: string;
  readonly correlationId?: string | undefined;
}

type FaultReaders = { readonly [Type in Event["type"]]?: (event: Event, work: Work | undefined) => Fault | undefined };

/** The events that tell of exceptions, and how each is read. */
const FAULTS: FaultReaders = {
  exception: ({ data }) => {
    const said = readEventData("exception", data);
    const code = said && codeSent(said.code);
    return code === undefined ? undefined : { ...shown(said!), code, correlationId: said!.correlation_id };
  },
  "stage.failed": (event, work) => {
    const said = readEventData("stage.failed", event.data);
    const code = said && codeSent(failureCode(said, event, work));
    // Where work goes on by itself, a repeated attempt is no news; the planner's queue is for people.
    const isNews = said?.strategy !== undefined;
    return code !== undefined && isNews
      ? { code, severity: FEED_SEVERITY[said!.severity], detail: said!.detail }
      : undefined;
  },
  "assumption.drifted": ({ data }) => {
    const said = readEventData("assumption.drifted", data);
    if (!said) return undefined;
    const detail = said.detail ?? `${said.assumptionId} no longer holds: ${said.expr}`;
    return { code: "ASSUMPTION_DRIFT", severity: FEED_SEVERITY[said.severity], detail };
  },
  "driver.changed": ({ data }) => {
    const said = readEventData("driver.changed", data);
    if (!said || said.state === "ok") return undefined;
    const detail = `${said.driver} is ${said.state}${said.reason === undefined ? "" : `: ${said.reason}`}`;
    return { code: "DEVICE_FAULT", severity: said.state === "down" ? "HIGH" : "MEDIUM", detail };
  },
  "link.changed": ({ data }) => {
    const said = readEventData("link.changed", data);
    if (said?.state !== "offline") return undefined;
    return { code: "SUBSYSTEM_OFFLINE", severity: "LOW", detail: `no link to the cloud: ${said.reason ?? "unknown"}` };
  },
  "safety.changed": ({ data }) => {
    const said = readEventData("safety.changed", data);
    if (said?.mode !== "stopped") return undefined;
    return { code: "SAFETY_STOP", severity: "URGENT", detail: said.reason ?? "the robot was stopped" };
  },
};

function faultOf(event: Event, work: Work | undefined): Fault | undefined {
  const read = Object.hasOwn(FAULTS, event.type) ? FAULTS[event.type] : undefined;
  return read?.(event, work);
}

function shown({ severity, detail }: EventData<"exception">): Pick<Fault, "severity" | "detail"> {
  return { severity, detail: detail.slice(0, 4000) };
}

/** A pick whose output misses its criteria is the planner's short pick. */
function failureCode({ code }: EventData<"stage.failed">, event: Event, work: Work | undefined): string {
  const action = event.stageId === undefined ? undefined : work?.actions[event.stageId];
  return code === "validation_failed" && action === "pick" ? "short_pick" : code;
}

function statusItem(event: Event, work: Work, reporter: Reporter): FeedItem | undefined {
  const said = statusOf(event, work);
  if (!said) return undefined;
  const { stageId } = event;
  const isOfStage = stageId !== undefined && event.type.startsWith("stage.");
  const action = isOfStage ? work.actions[stageId] : undefined;
  const stage = isOfStage && { stage: { id: stageId, ...(action !== undefined && { action }) } };
  const reason = reasonOf(event);
  const record = {
    correlation_id: correlationOf(event),
    work_id: work.taskId,
    status: said,
    ...commonOf(event, reporter),
    ...stage,
    ...documentOf(work),
    ...(reason !== undefined && { reason }),
  };
  return { stream: "work-status", record };
}

function statusOf(event: Event, work: Work): WorkStatus | undefined {
  if (event.type === "work-status") return readEventData("work-status", event.data)?.status;
  if (event.type === "contract.resumed" && work.holds.length > 0) return undefined;
  const table = event.type.startsWith("stage.") ? STATUS_OF_STAGE_EVENT : STATUS_OF_CONTRACT_EVENT;
  return Object.hasOwn(table, event.type) ? table[event.type] : undefined;
}

function reasonOf({ data }: Event): string | undefined {
  const { detail, reason } = data as { detail?: unknown; reason?: unknown };
  const text = typeof detail === "string" ? detail : reason;
  return typeof text === "string" ? text.slice(0, 4000) : undefined;
}

function correlationOf(event: Event): string {
  const own = event.type === "work-status" ? readEventData("work-status", event.data)?.correlation_id : undefined;
  return own ?? event.id;
}

function commonOf(
  event: Event,
  { warehouseId, deviceId }: Reporter,
): Pick<ExceptionRecord, "warehouse_id" | "occurred_at" | "actor"> {
  return { warehouse_id: warehouseId, occurred_at: event.at, actor: { kind: "ROBOT", id: deviceId } };
}

function documentOf({ documentRef }: Work): { document_ref?: DocumentRef } {
  return documentRef ? { document_ref: documentRef } : {};
}

function remember(memory: FeedMemory, event: Event): FeedMemory {
  const { contractId } = event;
  if (contractId === undefined) return memory;
  if (event.type === "contract.accepted") return withAccepted(memory, contractId, event);
  const work = memory[contractId];
  if (!work) return memory;
  if (event.type === "contract.held" || event.type === "contract.resumed") {
    const holdId = String(event.data["holdId"]);
    const others = work.holds.filter((id) => id !== holdId);
    const holds = event.type === "contract.held" ? [...others, holdId] : others;
    return { ...memory, [contractId]: { ...work, holds } };
  }
  return memory;
}

function withAccepted(memory: FeedMemory, contractId: string, event: Event): FeedMemory {
  const said = readEventData("contract.accepted", event.data);
  if (!said) return memory;
  const before = memory[contractId];
  const own = Object.fromEntries(said.stages.map(({ stageId, action }) => [stageId, action]));
  const documentRef = said.documentRef ?? before?.documentRef;
  const work: Work = {
    taskId: said.taskId,
    holds: before?.holds ?? [],
    actions: { ...before?.actions, ...own },
    ...(documentRef && { documentRef }),
  };
  return { ...memory, [contractId]: work };
}

const ENDINGS: ReadonlySet<string> = new Set(
  Object.entries(STATUS_OF_CONTRACT_EVENT).flatMap(([type, status]) =>
    status === "COMPLETED" || status === "CANCELLED" || status === "FAILED" ? [type] : [],
  ),
);

function isOver(event: Event): boolean {
  return ENDINGS.has(event.type);
}

function without(memory: FeedMemory, contractId: string | undefined): FeedMemory {
  if (contractId === undefined) return memory;
  const { [contractId]: _ended, ...rest } = memory;
  return rest;
}
