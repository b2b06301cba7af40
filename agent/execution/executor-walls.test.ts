import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { ExecutorBench, RETRY_THEN_REASSIGN } from "./executor-fixture.ts";

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });

describe("the walls of a contract", () => {
  it("never takes an action that is not in scope, even when a stage names it", async () => {
    const narrow = exampleContract({
      failurePolicy: RETRY_THEN_REASSIGN,
      scope: { actions: [{ action: "navigate" }, { action: "place" }] },
    });
    const bench = await ExecutorBench.with(narrow);
    await bench.until(narrow, (state) => state.status === "released");
    expect(bench.robot.movements).toEqual([]);
    expect(bench.eventsOf("stage.attempt").every(({ stageId }) => stageId === "go-to-rack")).toBe(true);
    expect(bench.eventsOf("stage.failed").at(-1)?.data["code"]).toBe("out_of_scope");
  });

  it("stops a drive when the battery falls below the floor, and answers by the policy", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.pass(1);
    bench.robot.battery = 0.15;
    await bench.pass(0.5);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.eventsOf("constraint.violated")[0]?.data).toMatchObject({ constraint: "battery_low", limit: 0.2 });
    await bench.until(contract, (state) => state.status === "released");
    expect(bench.eventsOf("stage.failed").map((event) => event.data["strategy"])).toEqual(["retry", "reassign"]);
  });

  it("lets a pick end that is under way when the battery falls", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    bench.robot.battery = 0.15;
    await bench.pass(6);
    expect(bench.story()).toContain("movement pick");
  });

  it("leaves a forbidden zone to nobody: entering one fails the stage", async () => {
    const fenced = exampleContract({
      constraints: { ...contract.constraints, zones: { forbidden: ["kitting"] } },
    });
    const bench = await ExecutorBench.with(fenced);
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.zones = ["kitting"];
    await bench.pass(1);
    expect(bench.eventsOf("stage.failed")[0]?.data["code"]).toBe("zone_forbidden");
  });

  it("takes a guessed position for no position: a robot that does not know where it is enters nothing", async () => {
    const fenced = exampleContract({ constraints: { ...contract.constraints, zones: { forbidden: ["kitting"] } } });
    const bench = await ExecutorBench.with(fenced);
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.position = "lost";
    bench.robot.zones = ["kitting"];
    await bench.pass(3);
    expect(bench.eventsOf("constraint.violated")).toEqual([]);
    expect(bench.state(fenced).holds).toMatchObject([{ by: "safety" }]);
  });

  it("ends with the duration that the contract allows, whatever the wall clock does", async () => {
    const brief = exampleContract({
      failurePolicy: RETRY_THEN_REASSIGN,
      constraints: { ...contract.constraints, window: { maxDurationSeconds: 30 } },
    });
    const bench = await ExecutorBench.with(brief);
    bench.robot.way = "blocked";
    bench.clock.stepWall(-3_600_000);
    await bench.pass(20);
    expect(bench.eventsOf("constraint.violated")).toEqual([]);
    bench.clock.stepWall(7_200_000);
    await bench.pass(5);
    expect(bench.eventsOf("constraint.violated")).toEqual([]);
    await bench.until(brief, (state) => state.status === "released", 60);
    expect(bench.eventsOf("constraint.violated")[0]?.data["constraint"]).toBe("duration_exceeded");
  });

  it("waits for notBefore on a clock that is synced", async () => {
    const later = exampleContract({
      constraints: {
        ...contract.constraints,
        window: { notBefore: "2026-01-05T08:01:00.000Z", maxDurationSeconds: 900 },
      },
    });
    const bench = await ExecutorBench.with(later);
    await bench.pass(50);
    expect(bench.state(later).status).toBe("accepted");
    await bench.pass(15);
    expect(bench.state(later).status).toBe("running");
  });
});

describe("the lease", () => {
  it("winds down when it ends: stops, then gives the contract up", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.lease.remainingMs = 0;
    await bench.pass(1);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.state(contract).status).toBe("expired");
    expect(bench.eventsOf("constraint.violated")[0]?.data["constraint"]).toBe("lease_ended");
  });

  it("lets the hand finish within the time to wind down, then gives the contract up with its load", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    bench.lease.remainingMs = 0;
    await bench.until(contract, (state) => state.status === "expired");
    expect(bench.story().slice(-3)).toEqual(["movement pick", "contract.expired", "exception"]);
    expect(bench.eventsOf("contract.expired")[0]?.data).toMatchObject({ loadOnBoard: true });
  });

  it("begins nothing that cannot be undone unless it fits into what is left", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.lease.remainingMs = 50_000;
    await bench.pass(60);
    expect(bench.robot.movements).toEqual([]);
    expect(bench.story().at(-1)).toBe("stage.started pick");
    bench.lease.remainingMs = 100_000;
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.robot.movements).toHaveLength(2);
  });

  it("holds while the lease is not known, and goes on when it is", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.lease.remainingMs = "unknown";
    await bench.pass(1);
    expect(bench.state(contract).holds).toMatchObject([{ holdId: "lease", by: "constraint" }]);
    bench.lease.remainingMs = 1_000_000;
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });
});
