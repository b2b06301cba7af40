import { describe, expect, it } from "vitest";
import type { ContractDraft } from "#contract/contract";
import type { Event } from "#contract/event";
import { StageGoals } from "./stage-goals.ts";

function draft(name: string, goal: string): ContractDraft {
  return { name, taskId: `task-${name}`, stages: [{ stageId: "drive", goal }] } as unknown as ContractDraft;
}

function event(type: string, contractId: string, data: Event["data"] = {}): Event {
  const id = "019b8d2b-93d0-73c1-8bb7-f2686650c03c";
  return {
    seq: 1,
    id,
    at: "2026-01-05T08:00:00.000Z",
    monoMs: 0,
    clock: "synced",
    type,
    contractId,
    stageId: "drive",
    data,
  };
}

const accepted = (contractId: string, name: string): Event =>
  event("contract.accepted", contractId, {
    taskId: `task-${name}`,
    name,
    stages: [{ stageId: "drive", action: "navigate" }],
    lease: { durationSeconds: 60, windDownSeconds: 5 },
    session: "s",
    hash: "0".repeat(64),
    offline: "finish",
  });

describe("StageGoals", () => {
  it("tells stages of one id apart by their contracts", () => {
    const goals = new StageGoals([draft("a", "Drive to the dock"), draft("b", "Drive home")]);
    goals.of(accepted("c1", "a"));
    goals.of(accepted("c2", "b"));
    expect([goals.of(event("stage.started", "c1")), goals.of(event("stage.started", "c2"))]).toEqual([
      "Drive to the dock",
      "Drive home",
    ]);
  });

  it("knows a stage of an unknown contract by its id only", () => {
    expect(new StageGoals([draft("a", "Drive to the dock")]).of(event("stage.started", "c9"))).toBe("drive");
  });
});
