import { describe, expect, it } from "vitest";
import type { Event } from "../event.ts";
import { Severity } from "../contract.ts";
import { CAUSE_OF_CODE, EXCEPTION_CAUSES, ExceptionRecord, FEED_CODES, FEED_SEVERITY } from "./exceptions.ts";
import { MOVEMENT_RULES, MovementRecord } from "./movements.ts";
import { feedEvent, type FeedItem, type FeedMemory } from "./records.ts";
import { STATUS_OF_CONTRACT_EVENT, STATUS_OF_STAGE_EVENT, WorkStatusRecord } from "./work-status.ts";

const CONTRACT = "01900000-0000-7000-8000-0000000000c1";
const CORRELATION = "01900000-0000-7000-8000-0000000000aa";
const REPORTER = { warehouseId: "wh-1", deviceId: "amr-07" };
const DOCUMENT = { type: "SO", id: "4521", line_no: 2 } as const;
const ACCEPTED = event("contract.accepted", {
  taskId: "task-1",
  documentRef: DOCUMENT,
  stages: [
    { stageId: "s1", action: "pick" },
    { stageId: "s2", action: "navigate" },
  ],
  lease: { durationSeconds: 600, windDownSeconds: 60 },
  session: "s",
  hash: "h",
  offline: "finish",
});

function event(type: string, data: Event["data"], stageId?: string): Event {
  const seq = 1;
  const id = "01900000-0000-7000-8000-000000000001";
  const at = "2026-01-05T08:00:00.000Z";
  const base: Event = { seq, id, at, monoMs: 0, clock: "synced", type, contractId: CONTRACT, data };
  return stageId === undefined ? base : { ...base, stageId };
}

/** What the last of these events becomes. */
function itemAfter(...events: readonly Event[]): FeedItem | undefined {
  let memory: FeedMemory = {};
  let item: FeedItem | undefined;
  for (const each of events) ({ memory, item } = feedEvent(memory, each, REPORTER));
  return item;
}

describe("movements", () => {
  it.each(Object.keys(MOVEMENT_RULES))("are posted as the device wrote them, with the warehouse: %s", (kind) => {
    const movement = {
      correlation_id: CORRELATION,
      kind,
      sku: "SKU-1",
      qty: 3,
      uom: "EA",
      from_location: "a",
      to_location: "b",
      lot: "L1",
      document_ref: DOCUMENT,
      occurred_at: "2026-01-05T07:59:59.000Z",
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    const item = itemAfter(event("movement", movement));
    expect(item).toEqual({ stream: "movements", record: { ...movement, warehouse_id: "wh-1" } });
    expect(MovementRecord.safeParse(item!.record).success).toBe(true);
  });
});

describe("exceptions", () => {
  it.each(Object.entries(CAUSE_OF_CODE))("code %s of an exception event is cause %s", (code, cause) => {
    const said = { code, severity: "HIGH", detail: "d", correlation_id: CORRELATION };
    const item = itemAfter(ACCEPTED, event("exception", said));
    expect(item).toMatchObject({
      stream: "exceptions",
      record: { correlation_id: CORRELATION, code: cause, severity: "HIGH", work_id: "task-1", document_ref: DOCUMENT },
    });
    expect(ExceptionRecord.safeParse(item!.record).success).toBe(true);
  });

  it("knows a source for every cause", () => {
    expect(new Set(Object.values(CAUSE_OF_CODE))).toEqual(new Set(Object.keys(EXCEPTION_CAUSES)));
  });

  it.each(Severity.options)("a stage that failed with severity %s has the planner's severity", (severity) => {
    const data = { code: "blocked", severity, detail: "d", attempt: 1, strategy: "escalate" };
    const item = itemAfter(ACCEPTED, event("stage.failed", data, "s2"));
    expect(item?.record).toMatchObject({ code: "ROBOT_STUCK", severity: FEED_SEVERITY[severity] });
  });

  it.each([
    ["s1", "SHORT_PICK"],
    ["s2", "VALIDATION_FAILED"],
  ])("a missed criterion of stage %s is %s", (stageId, code) => {
    const data = { code: "validation_failed", severity: "major", detail: "d", attempt: 2, strategy: "retry" };
    expect(itemAfter(ACCEPTED, event("stage.failed", data, stageId))?.record).toMatchObject({ code });
  });

  it.each([
    [
      "assumption.drifted",
      { assumptionId: "a", expr: "robot.online", severity: "critical" },
      "ASSUMPTION_DRIFT",
      "URGENT",
    ],
    ["driver.changed", { driver: "lidar", state: "down" }, "DEVICE_FAULT", "HIGH"],
    ["driver.changed", { driver: "lidar", state: "degraded" }, "DEVICE_FAULT", "MEDIUM"],
    ["link.changed", { state: "offline", reason: "silent" }, "SUBSYSTEM_OFFLINE", "LOW"],
    ["safety.changed", { mode: "stopped", reason: "estop" }, "SAFETY_STOP", "URGENT"],
  ])("%s %j is %s, %s", (type, data, code, severity) => {
    const item = itemAfter(ACCEPTED, event(type, data));
    expect(item?.record).toMatchObject({ code, severity, correlation_id: event(type, data).id });
  });

  it.each<readonly [string, Event["data"]]>([
    ["driver.changed", { driver: "lidar", state: "ok" }],
    ["link.changed", { state: "online" }],
    ["safety.changed", { mode: "normal" }],
    ["stage.failed", { code: "blocked", severity: "minor", detail: "d", attempt: 1 }],
    ...Object.values(FEED_CODES).map((code) => ["exception", { code, severity: "HIGH", detail: "d" }] as const),
  ])("%s %j is none", (type, data) => {
    expect(itemAfter(ACCEPTED, event(type, data, "s2"))).toBeUndefined();
  });
});

describe("work status", () => {
  it.each(Object.entries(STATUS_OF_CONTRACT_EVENT))("%s is %s of the task", (type, status) => {
    const item = type === "contract.accepted" ? itemAfter(ACCEPTED) : itemAfter(ACCEPTED, event(type, { holdId: "h" }));
    expect(item).toMatchObject({
      stream: "work-status",
      record: { work_id: "task-1", status, document_ref: DOCUMENT },
    });
    expect(WorkStatusRecord.safeParse(item!.record).success).toBe(true);
    expect(item!.record).not.toHaveProperty("stage");
  });

  it.each(Object.entries(STATUS_OF_STAGE_EVENT))("%s is %s of the stage", (type, status) => {
    const item = itemAfter(ACCEPTED, event(type, {}, "s1"));
    expect(item?.record).toMatchObject({ status, stage: { id: "s1", action: "pick" } });
  });

  it("is in progress again only when no hold is left", () => {
    const held = (holdId: string): Event => event("contract.held", { holdId, by: "cloud" });
    const resumed = (holdId: string): Event => event("contract.resumed", { holdId, by: "cloud" });
    expect(itemAfter(ACCEPTED, held("a"), held("b"), resumed("a"))).toBeUndefined();
    expect(itemAfter(ACCEPTED, held("a"), held("b"), resumed("a"), resumed("b"))?.record).toMatchObject({
      status: "IN_PROGRESS",
    });
  });

  it("says what a work-status event says, under its own key", () => {
    const item = itemAfter(ACCEPTED, event("work-status", { status: "PAUSED", correlation_id: CORRELATION }));
    expect(item?.record).toMatchObject({ status: "PAUSED", correlation_id: CORRELATION });
  });

  it("forgets a contract that has ended", () => {
    const { memory } = feedEvent(feedEvent({}, ACCEPTED, REPORTER).memory, event("contract.completed", {}), REPORTER);
    expect(memory).toEqual({});
  });
});
