import { describe, expect, it } from "vitest";
import { updateProgress } from "./estimator.ts";
import { AT_RACK, attemptAt, situationAfter } from "./situation-fixture.ts";
import { snapshotOf } from "./snapshot.ts";

describe("a snapshot", () => {
  it("says how far the task has come, in document 4's words", () => {
    const activity = { attempts: [attemptAt("pick", "pick", { drivenAtStart: 4, batteryAtStart: 0.82 })] };
    expect(snapshotOf(situationAfter(AT_RACK, { activity, robot: { driven: 4.5 } }), "pick")).toEqual({
      task_id: "task-1",
      elapsed_seconds: 59,
      stages_completed: 1,
      total_stages: 4,
      current_stage: "pick",
      resource_usage: { battery_used: 0.03, distance: 4.5 },
    });
  });

  it("holds the output of a stage that has just ended, and the last failure of each that failed", () => {
    const failed = ["stage.failed", "pick", { code: "timeout", severity: "moderate", detail: "", attempt: 1 }] as const;
    const snapshot = snapshotOf(situationAfter([...AT_RACK, failed]), undefined, {
      stageId: "go-to-station",
      output: { error: 0.1 },
    });
    expect(snapshot).toMatchObject({
      stages_completed: 2,
      partial_results: { "go-to-station": { error: 0.1 } },
      errors: [{ stage_id: "pick", code: "timeout" }],
    });
    expect(snapshot).not.toHaveProperty("current_stage");
  });
});

describe("an updated estimate", () => {
  it("says what is left, with the confidence that the spread allows", () => {
    const snapshot = snapshotOf(situationAfter(AT_RACK), "pick");
    const updated = updateProgress(snapshot, { seconds: 25, sigmaSeconds: 5 });
    expect(updated).toEqual({ secondsRemaining: 25, sigmaSeconds: 5, confidence: 0.683, progress: snapshot });
  });
});
