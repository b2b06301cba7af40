import { describe, expect, it } from "vitest";
import type { Event } from "./event.ts";
import { accepted, CONTRACT, journal, STARTED, type Line } from "./example-journal.ts";
import { emptyDevice, foldEvents } from "./reducer.ts";
import type { DeviceState } from "./state.ts";

const WORK = { action: "place", inputs: { to: "rack" } };
const ofPlan = { planId: "plan-1", plan: "wind-down", contractId: CONTRACT, ...WORK };
const INTENT: Line = {
  type: "stage.attempt",
  stageId: "put-down",
  data: { n: 2, idempotencyKey: "k", workPlan: "plan-1", ofPlan },
};
const DONE = { output: {}, durationSeconds: 1, attempts: 1, distance: 0, batteryUsed: 0 };

/** What a contract's journal folds to in which a plan says `lines`: they belong to no contract. */
function after(...lines: Line[]): DeviceState {
  const events = journal([accepted(), STARTED, ...lines]).map(({ contractId, ...event }): Event =>
    event.data["workPlan"] === undefined ? { ...event, ...(contractId !== undefined && { contractId }) } : event,
  );
  return foldEvents(emptyDevice("i-1"), events);
}

describe("what a work plan says", () => {
  it("opens the effect that it intends", () => {
    const { planId, plan, contractId } = ofPlan;
    expect(after(INTENT).planEffect).toEqual({ planId, plan, contractId, stageId: "put-down", n: 2, ...WORK });
  });

  it.each<[outcome: string, data: object]>([
    ["stage.completed", DONE],
    ["stage.failed", { code: "x", severity: "minor", detail: "", attempt: 1 }],
    ["stage.skipped", { reason: "x" }],
    ["stage.verified", { n: 2, answer: "unknown" }],
  ])("settles it with %s", (type, data) => {
    const outcome = { type, stageId: "put-down", data: { ...data, workPlan: "plan-1" } };
    expect(after(INTENT, outcome).planEffect).toBeUndefined();
  });

  it("settles nothing for another stage, or another plan", () => {
    const other = { type: "stage.completed", stageId: "leave", data: { ...DONE, workPlan: "plan-1" } };
    const foreign = { type: "stage.completed", stageId: "put-down", data: { ...DONE, workPlan: "plan-2" } };
    expect(after(INTENT, other, foreign).planEffect).toBeDefined();
  });

  it("opens nothing for an intent that can be repeated", () => {
    const data = { n: 1, idempotencyKey: "k", workPlan: "plan-1" };
    expect(after({ type: "stage.attempt", stageId: "drive", data }).planEffect).toBeUndefined();
  });

  it("tells where the robot of the contract is that waits for it, and nothing else about the contract", () => {
    const data = { share: 0.5, pose: [7, 8, 0], battery: 0.4, workPlan: "plan-1" };
    const moved = after({ type: "stage.progress", stageId: "go", data }).contracts[CONTRACT]!;
    const unmoved = after().contracts[CONTRACT]!;
    expect(moved.lastSeen).toMatchObject({ pose: [7, 8, 0], battery: 0.4 });
    expect({ ...moved, lastSeen: unmoved.lastSeen }).toEqual(unmoved);
  });
});
