import type { Event } from "./event.ts";

/*
 * Journals as a device might write them, for tests: lines say what matters, `journal` makes events of them.
 */

/** The contract that lines belong to unless they say otherwise. */
export const CONTRACT = "019b8ce6-1400-7000-8000-00000000000a";
/** Another contract. */
export const OTHER = "019b8ce6-1400-7000-8000-00000000000b";

/** What matters of an event; `journal` adds the rest. */
export type Line = Partial<Event> & Pick<Event, "type">;

const LEASE = { durationSeconds: 1800, windDownSeconds: 60 };
/** Stages as `contract.accepted` outlines them. */
export const STAGES = [
  { stageId: "go", action: "navigate" },
  { stageId: "pick", action: "pick" },
  { stageId: "look", action: "scan", optional: true },
];

/** The acceptance of `CONTRACT`, revision 1, epoch 1. */
export function accepted(stages: readonly object[] = STAGES, more: object = {}): Line {
  const data = { taskId: "task-1", stages, lease: LEASE, session: "s", hash: "h", offline: "finish", ...more };
  return { type: "contract.accepted", revision: 1, epoch: 1, data };
}

/** The start of the work. */
export const STARTED: Line = { type: "contract.started", data: {} };

/** A hold is placed. */
export function held(holdId: string, by: string): Line {
  return { type: "contract.held", data: { holdId, by, reason: "because" } };
}

/** A hold is cleared. */
export function resumed(holdId: string, by: string): Line {
  return { type: "contract.resumed", data: { holdId, by } };
}

/** A stage is begun. */
export function stageStarted(stageId: string): Line {
  return { type: "stage.started", stageId, data: { action: "navigate" } };
}

/** Attempt `n` is about to be made. */
export function attempted(stageId: string, n: number): Line {
  return { type: "stage.attempt", stageId, data: { n, idempotencyKey: `${stageId}-${n}` } };
}

/** A stage is done, after 2.5 m. */
export function completed(stageId: string): Line {
  const data = { output: { done: stageId }, durationSeconds: 1, attempts: 1, distance: 2.5, batteryUsed: 0.01 };
  return { type: "stage.completed", stageId, data };
}

/** A stage failed; `strategy` is what the policy then does. */
export function failed(stageId: string, strategy?: string): Line {
  const data = { code: "timeout", severity: "minor", detail: "", attempt: 1, ...(strategy ? { strategy } : {}) };
  return { type: "stage.failed", stageId, data };
}

/** Local fix number `n` of its kind is chosen. */
export function fixed(stageId: string, fix: string, n: number, changes?: object): Line {
  return { type: "fix.attempted", stageId, data: { fix, n, ...(changes && { changes }) } };
}

/** New remaining stages are asked for, because the stage failed. */
export function replanRequested(stageId: string, requestId: string): Line {
  return { type: "replan.requested", stageId, data: { requestId, code: "no_route", severity: "moderate" } };
}

/** The cloud has no new plan, or the device has none either. */
export function replanRefused(by: string, requestId: string): Line {
  return { type: "replan.refused", data: { reason: "unsupported", by, requestId } };
}

/** The device goes on by a plan of its own. */
export function replanAdopted(stages: readonly object[], localRevision = 1): Line {
  return { type: "replan.adopted", data: { by: "device", localRevision, stages } };
}

/** Something was moved. */
export function movement(kind: string, sku: string, qty: number): Line {
  const data = {
    correlation_id: "019b8ce6-1400-7000-8000-0000000000ff",
    kind,
    sku,
    qty,
    uom: "EA",
    occurred_at: "2026-01-05T08:00:00.000Z",
    actor: { kind: "robot", id: "amr-07" },
  };
  return { type: "movement", data };
}

/** A journal of these lines, numbered from 1, a second apart, of `CONTRACT` at epoch 1 unless a line says otherwise. */
export function journal(lines: readonly Line[]): Event[] {
  return lines.map((line, at) => ({
    seq: at + 1,
    id: `019b8ce6-1400-7000-8000-${String(at + 1).padStart(12, "0")}`,
    at: new Date(Date.UTC(2026, 0, 5, 8, 0, at + 1)).toISOString(),
    monoMs: (at + 1) * 1000,
    clock: "synced",
    contractId: CONTRACT,
    revision: 1,
    epoch: 1,
    data: {},
    ...line,
  }));
}
