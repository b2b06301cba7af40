import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ExecutorBench, RETRY_THEN_REASSIGN } from "./executor-fixture.ts";

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });

describe("a contract that goes well", () => {
  it("is carried out stage by stage, each stage and movement recorded once", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, (state) => state.status === "completed", 120);
    expect(bench.failures).toEqual([]);
    expect(bench.story()).toEqual([
      "contract.accepted",
      "contract.started",
      "stage.started go-to-rack",
      "stage.attempt go-to-rack",
      "stage.completed go-to-rack",
      "stage.started pick",
      "stage.attempt pick",
      "stage.completed pick",
      "movement pick",
      "stage.started go-to-station",
      "stage.attempt go-to-station",
      "stage.completed go-to-station",
      "stage.started place",
      "stage.attempt place",
      "stage.completed place",
      "movement place",
      "contract.completed",
    ]);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("records movements in the planner's terms, with the contract's document", async () => {
    const documentRef = { type: "SO", id: "4521", line_no: 1 } as const;
    const ordered = exampleContract({ task: { ...contract.task, documentRef } });
    const bench = await ExecutorBench.with(ordered);
    await bench.until(ordered, (state) => state.status === "completed");
    const common = {
      sku: "SKU-7890",
      qty: 1,
      uom: "EA",
      document_ref: documentRef,
      actor: { kind: "ROBOT", id: "amr-07" },
    };
    expect(bench.eventsOf("movement").map((event) => event.data)).toEqual([
      expect.objectContaining({ ...common, kind: "PICK", from_location: "rack.shelf-3" }),
      expect.objectContaining({ ...common, kind: "PUT", to_location: "station" }),
    ]);
    const [pick, put] = bench.eventsOf("movement").map((event) => event.data["correlation_id"]);
    expect(pick).not.toBe(put);
  });

  it("says before each stage what is to come, and how far it has got while it drives", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, (state) => state.status === "completed");
    const planned = bench.eventsOf("estimate");
    expect(planned[0]?.data).toMatchObject({ nextStages: contract.stages.map(({ stageId }) => ({ stageId })) });
    const underWay = planned.find((event) => event.stageId === "go-to-station");
    expect(underWay?.data["route"]).toEqual(expect.arrayContaining([[-4, 3]]));
    const shares = bench.eventsOf("stage.progress").filter(({ stageId }) => stageId === "go-to-station");
    expect(shares.length).toBeGreaterThanOrEqual(2);
    expect(shares.map((event) => Number(event.data["share"]))).toEqual(
      shares.map((event) => Number(event.data["share"])).toSorted((a, b) => a - b),
    );
  });

  it("sums up what the work took", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, (state) => state.status === "completed");
    const [summary] = bench.eventsOf("contract.completed");
    expect(summary?.data["distance"]).toBeCloseTo(bench.robot.driven, 1);
    expect(Number(summary?.data["durationSeconds"])).toBeGreaterThan(20);
  });

  it("drives no faster than contract, scope and device allow", async () => {
    const slow = exampleContract({
      scope: { actions: [{ action: "navigate", limits: { maxSpeed: 0.4 } }, { action: "pick" }, { action: "place" }] },
    });
    const bench = await ExecutorBench.with(slow);
    await bench.pass(3);
    expect(bench.robot.goal?.maxSpeed).toBe(0.4);
  });
});

describe("a stage that fails", () => {
  it("is tried again once as the policy says, then the task is released", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.robot.slips = 2;
    await bench.until(contract, (state) => state.status === "released");
    expect(bench.eventsOf("stage.failed").map((event) => event.data)).toEqual([
      expect.objectContaining({ code: "driver_failed", strategy: "retry", attempt: 1 }),
      expect.objectContaining({ code: "driver_failed", strategy: "reassign", attempt: 2 }),
    ]);
    expect(bench.eventsOf("contract.released")[0]?.data).toMatchObject({ reason: "driver_failed", loadOnBoard: false });
  });

  it("waits for the back-off before it tries again, and then goes on", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.robot.slips = 1;
    await bench.until(contract, (state) => state.status === "completed");
    const failedMs = bench.eventsOf("stage.failed")[0]!.monoMs;
    const again = bench.eventsOf("stage.attempt").find(({ stageId, data }) => stageId === "pick" && data["n"] === 2)!;
    expect(again.monoMs - failedMs).toBeGreaterThanOrEqual(2000);
    const [fix] = bench.eventsOf("fix.attempted");
    expect(fix?.data).toEqual({ fix: "policy-retry", n: 1, delaySeconds: expect.any(Number) });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("escalates instead of releasing once the load is on board, and goes on when a human says so", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-station");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.status === "held");
    expect(bench.state(contract).holds).toMatchObject([{ by: "policy", holdId: "escalation:go-to-station" }]);
    expect(bench.eventsOf("exception")[0]?.data).toMatchObject({ code: "no_route", severity: "HIGH" });
    bench.robot.way = "free";
    expect(await bench.order("resume", contract)).toBe("done");
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("does not repeat an effect that happened with a wrong outcome", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.robot.conveyor = "jammed";
    await bench.until(contract, (state) => state.status === "released");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
    expect(bench.eventsOf("movement").map((event) => event.data["kind"])).toEqual(["PICK", "PUT"]);
    expect(bench.eventsOf("stage.failed")[0]?.data).toMatchObject({
      code: "validation_failed",
      detail: "the station does not report the item",
    });
  });

  it("aborts at once when a critical assumption is false", async () => {
    const assumptions = [{ id: "charged", expr: "robot.battery > 0.5", severity: "critical" as const }];
    const bench = await ExecutorBench.with(exampleContract({ assumptions }));
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.battery = 0.4;
    await bench.until(contract, (state) => state.status === "aborted");
    expect(bench.eventsOf("assumption.drifted")[0]?.data).toMatchObject({
      assumptionId: "charged",
      severity: "critical",
    });
  });

  it("notes a minor drift and goes on", async () => {
    const assumptions = [{ id: "charged", expr: "robot.battery > 0.95", severity: "minor" as const }];
    const bench = await ExecutorBench.with(exampleContract({ assumptions }));
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.eventsOf("assumption.drifted").length).toBeGreaterThan(0);
    expect(bench.eventsOf("stage.failed")).toEqual([]);
  });
});

describe("a stage that hangs", () => {
  const impatient = exampleContract({
    failurePolicy: RETRY_THEN_REASSIGN,
    stages: withStage({ timeoutSeconds: 10 }, "pick"),
  });

  it("ends when its time is over, and is tried again because the hand says that nothing happened", async () => {
    const bench = await ExecutorBench.with(impatient);
    bench.robot.hand = "hangs";
    await bench.until(impatient, (state) => state.status === "released");
    expect(bench.story().filter((line) => line.endsWith(" pick"))).toEqual([
      "stage.started pick",
      "stage.attempt pick",
      "stage.verified pick",
      "stage.failed pick",
      "fix.attempted pick",
      "stage.attempt pick",
      "stage.verified pick",
      "stage.failed pick",
    ]);
    const [attempted, failed] = [bench.eventsOf("stage.attempt")[1]!, bench.eventsOf("stage.failed")[0]!];
    expect(failed.monoMs - attempted.monoMs).toBeLessThan(11_000);
    expect(failed.data["code"]).toBe("timeout");
  });

  it("asks a human when nobody can say whether it happened, and never repeats it", async () => {
    const bench = await ExecutorBench.with(impatient);
    await bench.untilStage(contract, "pick");
    bench.robot.hand = "forgets";
    await bench.crash();
    await bench.until(impatient, (state) => state.status === "held");
    expect(bench.state(impatient).holds).toMatchObject([{ holdId: "escalation:pick", by: "policy" }]);
    expect(bench.eventsOf("exception")[0]?.data).toMatchObject({ code: "effect_unknown", severity: "URGENT" });
    await bench.order("resume", impatient);
    await bench.pass(30);
    expect(bench.state(impatient).status).toBe("held");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    bench.robot.hand = "ok";
    await bench.order("resume", impatient);
    await bench.until(impatient, (state) => state.status === "completed");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("is withdrawn from the motion loop when a drive takes too long", async () => {
    const slow = exampleContract({ stages: withStage({ timeoutSeconds: 5 }, "go-to-rack") });
    const bench = await ExecutorBench.with(slow);
    bench.robot.way = "blocked";
    await bench.until(slow, (state) => state.stages[0]?.status === "failed");
    expect(bench.eventsOf("stage.failed")[0]?.data["code"]).toBe("timeout");
    expect(bench.robot.goal).toBeUndefined();
  });
});

function withStage(change: Partial<Contract["stages"][number]>, stageId: string): Contract["stages"] {
  return contract.stages.map((stage) => (stage.stageId === stageId ? { ...stage, ...change } : stage));
}
