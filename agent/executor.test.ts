import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { Contract, FailurePolicy } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const RETRY_THEN_REASSIGN = {
  rules: [
    { when: "true", strategy: "retry", retry: { attempts: 1, backoffSeconds: 2 } },
    { when: "true", strategy: "reassign" },
  ],
  fallback: "escalate",
  replanBudget: 3,
  offline: "finish",
} satisfies z.infer<typeof FailurePolicy>;

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });

/** A bench on which the contract has been accepted. */
async function started(accepted: Contract = contract): Promise<ExecutorBench> {
  const bench = await ExecutorBench.start();
  await bench.accept(accepted);
  return bench;
}

async function untilStage(bench: ExecutorBench, stageId: string, attempts = 1): Promise<void> {
  const isUnderWay = (stages: readonly { stageId: string; status: string; attempts: number }[]): boolean =>
    stages.some((stage) => stage.stageId === stageId && stage.status === "started" && stage.attempts === attempts);
  await bench.until(contract, (state) => isUnderWay(state.stages));
}

function withoutStage(change: Partial<Contract["stages"][number]>, stageId: string): Contract["stages"] {
  return contract.stages.map((stage) => (stage.stageId === stageId ? { ...stage, ...change } : stage));
}

describe("a contract that goes well", () => {
  it("is carried out stage by stage, each stage and movement recorded once", async () => {
    const bench = await started();
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
    const bench = await started(ordered);
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
    const bench = await started();
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
    const bench = await started();
    await bench.until(contract, (state) => state.status === "completed");
    const [summary] = bench.eventsOf("contract.completed");
    expect(summary?.data["distance"]).toBeCloseTo(bench.robot.driven, 1);
    expect(Number(summary?.data["durationSeconds"])).toBeGreaterThan(20);
  });

  it("drives no faster than contract, scope and device allow", async () => {
    const slow = exampleContract({
      scope: { actions: [{ action: "navigate", limits: { maxSpeed: 0.4 } }, { action: "pick" }, { action: "place" }] },
    });
    const bench = await started(slow);
    await bench.pass(3);
    expect(bench.robot.goal?.maxSpeed).toBe(0.4);
  });
});

describe("a stage that fails", () => {
  it("is tried again once as the policy says, then the task is released", async () => {
    const bench = await started();
    bench.robot.slips = 2;
    await bench.until(contract, (state) => state.status === "released");
    expect(bench.eventsOf("stage.failed").map((event) => event.data)).toEqual([
      expect.objectContaining({ code: "driver_failed", strategy: "retry", attempt: 1 }),
      expect.objectContaining({ code: "driver_failed", strategy: "reassign", attempt: 2 }),
    ]);
    expect(bench.eventsOf("contract.released")[0]?.data).toMatchObject({ reason: "driver_failed", loadOnBoard: false });
  });

  it("waits for the back-off before it tries again, and then goes on", async () => {
    const bench = await started();
    bench.robot.slips = 1;
    await bench.until(contract, (state) => state.status === "completed");
    const failedMs = bench.eventsOf("stage.failed")[0]!.monoMs;
    const again = bench.eventsOf("fix.attempted")[0]!;
    expect(again.monoMs - failedMs).toBeGreaterThanOrEqual(2000);
    expect(again.data).toEqual({ fix: "retry", n: 1 });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("escalates instead of releasing once the load is on board, and goes on when a human says so", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-station");
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
    const bench = await started();
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
    const bench = await started(exampleContract({ assumptions }));
    await untilStage(bench, "go-to-rack");
    bench.robot.battery = 0.4;
    await bench.until(contract, (state) => state.status === "aborted");
    expect(bench.eventsOf("assumption.drifted")[0]?.data).toMatchObject({
      assumptionId: "charged",
      severity: "critical",
    });
  });

  it("notes a minor drift and goes on", async () => {
    const assumptions = [{ id: "charged", expr: "robot.battery > 0.95", severity: "minor" as const }];
    const bench = await started(exampleContract({ assumptions }));
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.eventsOf("assumption.drifted").length).toBeGreaterThan(0);
    expect(bench.eventsOf("stage.failed")).toEqual([]);
  });
});

describe("a stage that hangs", () => {
  const impatient = exampleContract({
    failurePolicy: RETRY_THEN_REASSIGN,
    stages: withoutStage({ timeoutSeconds: 10 }, "pick"),
  });

  it("ends when its time is over, and is tried again because the hand says that nothing happened", async () => {
    const bench = await started(impatient);
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
    const bench = await started(impatient);
    await untilStage(bench, "pick");
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
    const slow = exampleContract({ stages: withoutStage({ timeoutSeconds: 5 }, "go-to-rack") });
    const bench = await started(slow);
    bench.robot.way = "blocked";
    await bench.until(slow, (state) => state.stages[0]?.status === "failed");
    expect(bench.eventsOf("stage.failed")[0]?.data["code"]).toBe("timeout");
    expect(bench.robot.goal).toBeUndefined();
  });
});

describe("orders", () => {
  it("holds a drive at once, before the journal has it, and resumes it as a new attempt", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    await bench.pass(1);
    bench.disk = "hangs";
    void bench.order("hold", contract);
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(2);
    expect(bench.robot.speed).toBe(0);
    expect(bench.robot.goal).toBeUndefined();
  });

  it("stays where it is while held, and goes on when resumed", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    await bench.pass(1);
    expect(await bench.order("hold", contract)).toBe("done");
    const { pose } = bench.robot;
    await bench.pass(60);
    expect(bench.robot.pose).toEqual(pose);
    expect(bench.state(contract).status).toBe("held");
    await bench.order("resume", contract);
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.eventsOf("stage.attempt").filter(({ stageId }) => stageId === "go-to-rack")).toHaveLength(2);
    expect(bench.eventsOf("stage.failed")).toEqual([]);
  });

  it("moves only when no owner's hold is left", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    await bench.order("hold", contract, "one");
    await bench.order("hold", contract, "two");
    await bench.order("resume", contract, "one");
    await bench.pass(5);
    expect(bench.robot.goal).toBeUndefined();
    await bench.order("resume", contract, "two");
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("lets the hand finish what it began while held", async () => {
    const bench = await started();
    await untilStage(bench, "pick");
    await bench.order("hold", contract);
    await bench.pass(10);
    expect(bench.story().at(-1)).toBe("movement pick");
    expect(bench.state(contract)).toMatchObject({ status: "held", load: { "SKU-7890": 1 } });
  });

  it("cancels a drive, and tells a supervisor about the load on board", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-station");
    expect(await bench.order("cancel", contract)).toBe("done");
    await bench.pass(5);
    expect(bench.state(contract).status).toBe("cancelled");
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.eventsOf("contract.cancelled")[0]?.data).toMatchObject({ loadOnBoard: true });
    expect(bench.eventsOf("exception").map((event) => event.data["code"])).toEqual(["load_on_board"]);
  });

  it("records what the hand still did when a pick is cancelled under way", async () => {
    const bench = await started();
    await untilStage(bench, "pick");
    await bench.order("cancel", contract);
    await bench.pass(10);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.state(contract)).toMatchObject({ status: "cancelled", load: { "SKU-7890": 1 } });
    expect(bench.eventsOf("exception").map((event) => event.data["code"])).toEqual(["load_on_board"]);
  });

  it("refuses an order that comes after the end, and one for a contract that it does not know", async () => {
    const bench = await started();
    await bench.until(contract, (state) => state.status === "completed");
    expect(await bench.order("cancel", contract)).toBe("contract_ended");
    const unknown = exampleContract({ contractId: "019b8ce6-1400-7000-8000-00000000ffff" });
    expect(await bench.order("hold", unknown)).toBe("no_contract");
  });
});

describe("the walls of a contract", () => {
  it("never takes an action that is not in scope, even when a stage names it", async () => {
    const narrow = exampleContract({
      failurePolicy: RETRY_THEN_REASSIGN,
      scope: { actions: [{ action: "navigate" }, { action: "place" }] },
    });
    const bench = await started(narrow);
    await bench.until(narrow, (state) => state.status === "released");
    expect(bench.robot.movements).toEqual([]);
    expect(bench.eventsOf("stage.attempt").every(({ stageId }) => stageId === "go-to-rack")).toBe(true);
    expect(bench.eventsOf("stage.failed").at(-1)?.data["code"]).toBe("out_of_scope");
  });

  it("stops a drive when the battery falls below the floor, and answers by the policy", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    await bench.pass(1);
    bench.robot.battery = 0.15;
    await bench.pass(0.5);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.eventsOf("constraint.violated")[0]?.data).toMatchObject({ constraint: "battery_low", limit: 0.2 });
    await bench.until(contract, (state) => state.status === "released");
    expect(bench.eventsOf("stage.failed").map((event) => event.data["strategy"])).toEqual(["retry", "reassign"]);
  });

  it("lets a pick end that is under way when the battery falls", async () => {
    const bench = await started();
    await untilStage(bench, "pick");
    bench.robot.battery = 0.15;
    await bench.pass(6);
    expect(bench.story()).toContain("movement pick");
  });

  it("leaves a forbidden zone to nobody: entering one fails the stage", async () => {
    const fenced = exampleContract({
      constraints: { ...contract.constraints, zones: { forbidden: ["kitting"] } },
    });
    const bench = await started(fenced);
    await untilStage(bench, "go-to-rack");
    bench.robot.zones = ["kitting"];
    await bench.pass(1);
    expect(bench.eventsOf("stage.failed")[0]?.data["code"]).toBe("zone_forbidden");
  });

  it("ends with the duration that the contract allows, whatever the wall clock does", async () => {
    const brief = exampleContract({
      failurePolicy: RETRY_THEN_REASSIGN,
      constraints: { ...contract.constraints, window: { maxDurationSeconds: 30 } },
    });
    const bench = await started(brief);
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
    const bench = await started(later);
    await bench.pass(50);
    expect(bench.state(later).status).toBe("accepted");
    await bench.pass(15);
    expect(bench.state(later).status).toBe("running");
  });
});

describe("the lease", () => {
  it("winds down when it ends: stops, then gives the contract up", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.lease.remainingMs = 0;
    await bench.pass(1);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.state(contract).status).toBe("expired");
    expect(bench.eventsOf("constraint.violated")[0]?.data["constraint"]).toBe("lease_ended");
  });

  it("lets the hand finish within the time to wind down, then gives the contract up with its load", async () => {
    const bench = await started();
    await untilStage(bench, "pick");
    bench.lease.remainingMs = 0;
    await bench.until(contract, (state) => state.status === "expired");
    expect(bench.story().slice(-3)).toEqual(["movement pick", "contract.expired", "exception"]);
    expect(bench.eventsOf("contract.expired")[0]?.data).toMatchObject({ loadOnBoard: true });
  });

  it("begins nothing that cannot be undone unless it fits into what is left", async () => {
    const bench = await started();
    bench.lease.remainingMs = 50_000;
    await bench.pass(60);
    expect(bench.robot.movements).toEqual([]);
    expect(bench.story().at(-1)).toBe("stage.started pick");
    bench.lease.remainingMs = 100_000;
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.robot.movements).toHaveLength(2);
  });

  it("holds while the lease is not known, and goes on when it is", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.lease.remainingMs = "unknown";
    await bench.pass(1);
    expect(bench.state(contract).holds).toMatchObject([{ holdId: "lease", by: "constraint" }]);
    bench.lease.remainingMs = 1_000_000;
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });
});

describe("the robot's own health", () => {
  it("holds for safety while the lidar is silent, and goes on when all is well again", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.robot.lidar = "stale";
    await bench.pass(2);
    expect(bench.state(contract).holds).toMatchObject([{ holdId: "safety", by: "safety" }]);
    expect(bench.robot.goal).toBeUndefined();
    bench.robot.lidar = "ok";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.eventsOf("safety.changed").map((event) => event.data["mode"])).toEqual([
      "normal",
      "stopped",
      "normal",
    ]);
  });

  it("stops at once for the emergency stop, and stays until it is released", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.safety.pressEstop("pressed at the robot");
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(30);
    expect(bench.state(contract).holds).toMatchObject([{ by: "safety", reason: "pressed at the robot" }]);
    bench.safety.releaseEstop();
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("stops when the journal does not answer within five seconds, and loses nothing", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.disk = "hangs";
    await bench.pass(3);
    expect(bench.robot.goal).toBeDefined();
    await bench.pass(6);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.safety.mode()).toBe("stopped");
    bench.disk = "ok";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.failures).toEqual([]);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("stands still while the disk refuses, and goes on when there is room again", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    bench.disk = "full";
    await bench.pass(10);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.safety.reason()).toContain("no space left on device");
    bench.disk = "ok";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });
});

describe("a crash", () => {
  it.each(["before", "after"] as const)("%s any commit changes nothing about the outcome", async (side) => {
    const calm = await started();
    const commitsBefore = calm.commits;
    await calm.until(contract, (state) => state.status === "completed");
    const points = calm.commits - commitsBefore;
    expect(points).toBeGreaterThan(15);

    for (let point = 1; point <= points; point++) {
      const bench = await started();
      bench.commitsUntilCrash = point;
      bench.crashSide = side;
      await bench.until(contract, (state) => state.status === "completed");
      expect(bench.crashes, `crash point ${point}`).toBe(1);
      expectCalmHistory(bench, `crash point ${point}`);
    }
  });

  it("in the middle of an action of the hand is no reason to act twice", async () => {
    for (const stageId of ["pick", "place"]) {
      const bench = await started();
      await untilStage(bench, stageId);
      await bench.pass(1);
      await bench.crash();
      await bench.until(contract, (state) => state.status === "completed");
      expectCalmHistory(bench, stageId);
      expect(bench.eventsOf("stage.verified").map((event) => event.data["answer"])).toContain("done");
    }
  });

  it("does not release a hold", async () => {
    const bench = await started();
    await untilStage(bench, "go-to-rack");
    await bench.order("hold", contract);
    await bench.crash();
    await bench.pass(10);
    expect(bench.robot.goal).toBeUndefined();
    await bench.order("resume", contract);
    await bench.until(contract, (state) => state.status === "completed");
    expectCalmHistory(bench, "held");
  });

  it("after a cancel leaves no movement unrecorded", async () => {
    const bench = await started();
    await untilStage(bench, "pick");
    await bench.order("cancel", contract);
    await bench.crash();
    await bench.pass(20);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.state(contract)).toMatchObject({ status: "cancelled", load: { "SKU-7890": 1 } });
  });
});

function expectCalmHistory(bench: ExecutorBench, what: string): void {
  expect(bench.failures, what).toEqual([]);
  expect(bench.state(contract).status, what).toBe("completed");
  expect(bench.robot.movements, what).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  expect(
    bench.eventsOf("movement").map((event) => event.data["kind"]),
    what,
  ).toEqual(["PICK", "PUT"]);
  const completed = bench.eventsOf("stage.completed").map((event) => event.stageId);
  expect(completed, what).toEqual(contract.stages.map((stage) => stage.stageId));
  const seqs = bench.events.map((event) => event.seq);
  expect(seqs, what).toEqual(seqs.map((_seq, at) => at + seqs[0]!));
}
