import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { ReplanRequest } from "#contract/messages";
import type { ContractState, StageState } from "#contract/state";
import type { Contract } from "#contract/contract";
import { revise, type PlanningFacts } from "./revision.ts";

const CONTRACT = exampleContract();
const [GO, PICK, RETURN, PLACE] = CONTRACT.stages as [Stage, Stage, Stage, Stage];
type Stage = Contract["stages"][number];
const FACTS: PlanningFacts = { landmarks: CONTRACT.spatial.landmarks, isPassable: () => false };

function stateOf({ stages }: Contract, failed: string): ContractState {
  const known = stages.map(({ stageId, action }): StageState => {
    return { stageId, action, isOptional: false, status: "pending", attempts: 0, retries: 0, fixes: {} };
  });
  const replan = { requestId: "r", stageId: failed, code: "c", severity: "major", detail: "", assumptions: [], at: "" };
  return { revision: 1, localRevision: 0, stages: known, replan } as unknown as ContractState;
}

function requestFor({ stages }: Contract, code: string): ReplanRequest {
  const remaining = stages.map(({ stageId }) => stageId);
  const delta = { code, severity: "major", detail: "", assumptions: [] };
  return { revision: 1, localRevision: 0, remaining, delta } as unknown as ReplanRequest;
}

function revised(stages: Stage[], failed: string, code: string, facts = FACTS): ReturnType<typeof revise> {
  const contract = { ...CONTRACT, stages };
  return revise(contract, stateOf(contract, failed), requestFor(contract, code), facts);
}

function idsOf(revision: ReturnType<typeof revise>): string[] | string {
  return revision.ok ? revision.stages.map(({ stageId }) => stageId) : revision.reason;
}

describe("a revision", () => {
  const extra = { ...GO, stageId: "look", optional: true };

  it("leaves out what is optional to save what is short, and nothing else", () => {
    expect(idsOf(revised([GO, extra, PICK], "go-to-rack", "energy_short"))).toEqual(["go-to-rack", "pick"]);
    expect(idsOf(revised([GO, PICK], "go-to-rack", "energy_short"))).toBe("no_revision");
  });

  it("leaves a contract the stage that is all it has, optional or not", () => {
    expect(idsOf(revised([extra], "look", "driver_failed"))).toBe("no_revision");
    expect(idsOf(revised([extra], "look", "energy_short"))).toBe("no_revision");
  });

  it("leaves out the optional stage that failed; what waited for it waits for what that one waited for", () => {
    const after = { ...PICK, after: ["look"] };
    const revision = revised([GO, extra, after], "look", "driver_failed");
    expect(revision.ok && revision.stages.map(({ stageId, after: on }) => [stageId, on])).toEqual([
      ["go-to-rack", undefined],
      ["pick", ["go-to-rack"]],
    ]);
  });

  it("leads around what blocks the way where there is another way", () => {
    const facts: PlanningFacts = { ...FACTS, blocked: [2, 0], isPassable: () => true };
    expect(revised([GO, PICK], "go-to-rack", "blocked", facts)).toMatchObject({ ok: true, blocked: [2, 0] });
    expect(idsOf(revised([GO, PICK], "go-to-rack", "blocked", { ...facts, isPassable: () => false }))).toBe(
      "no_revision",
    );
  });

  it("goes to another place of the kind to set something down, but not to take something", () => {
    const other = { id: "station-2", kind: "station", pose: [0, 5, 0] as [number, number, number] };
    const facts = { ...FACTS, landmarks: [...FACTS.landmarks, other, { ...other, id: "rack-2", kind: "rack" }] };
    const revision = revised([RETURN, PLACE], "go-to-station", "goal_occupied", facts);
    expect(revision.ok && revision.stages.map(({ inputs }) => inputs)).toEqual([
      { to: "station-2" },
      { to: "station-2" },
    ]);
    expect(idsOf(revised([GO, PICK], "go-to-rack", "goal_occupied", facts))).toBe("no_revision");
  });

  it("does first what does not depend on what failed, where the stages say so", () => {
    const other = { ...PICK, stageId: "other", after: [] };
    const waits = { ...PICK, stageId: "waits", after: ["go-to-rack"] };
    expect(idsOf(revised([GO, waits, other], "go-to-rack", "driver_failed"))).toEqual(["other", "go-to-rack", "waits"]);
    expect(idsOf(revised([GO, PICK], "go-to-rack", "driver_failed"))).toBe("no_revision");
  });
});
