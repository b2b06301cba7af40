import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { checkpointOf } from "./checkpoint.ts";
import { updateProgress } from "./estimator.ts";
import { noticesOf } from "./notices.ts";
import type { Neighbours } from "./ports.ts";
import { checkStageResources } from "./resources.ts";
import { AT_RACK, PICKED, ROBOT, situationAfter } from "./situation-fixture.ts";
import { snapshotOf } from "./snapshot.ts";

/** Those of document 4's operations that are functions here; the other two are the journal's and the link's. */
const neighbours = {
  updateProgress,
  checkStageResources,
  loadCheckpoint: checkpointOf,
  publish: noticesOf,
} satisfies Omit<Neighbours, "revisePlan" | "saveCheckpoint">;

const contract = exampleContract();

describe("the executor's neighbours", () => {
  it("update an estimate from a snapshot", () => {
    const snapshot = snapshotOf(situationAfter(AT_RACK), "pick");
    expect(snapshot).toMatchObject({ task_id: "task-1", stages_completed: 1, total_stages: 4, current_stage: "pick" });
    const left = { seconds: 20, sigmaSeconds: 5 };
    expect(neighbours.updateProgress(snapshot, left)).toMatchObject({ secondsRemaining: 20, sigmaSeconds: 5 });
  });

  it("check the resources of a stage", () => {
    const input = { stage: contract.stages[0]!, contract, robot: ROBOT, isLighter: false, shortForMs: () => undefined };
    expect(neighbours.checkStageResources(input)).toEqual({ kind: "available" });
  });

  it("load a checkpoint that says what is done, with what, and what comes next", () => {
    const { state } = situationAfter(PICKED);
    expect(neighbours.loadCheckpoint(contract, state)).toMatchObject({
      completed: ["go-to-rack", "pick"],
      results: { pick: { sku: "SKU-7890", quantity: 1 } },
      next: ["go-to-station"],
    });
  });

  it("publish what people have to know", () => {
    const failed = { type: "contract.failed", data: { reason: "blocked" } } as const;
    expect(neighbours.publish([failed], situationAfter(PICKED))).toMatchObject([{ data: { kind: "finished" } }]);
  });
});
