import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { ExecutorBench, RETRY_THEN_REASSIGN } from "./executor-fixture.ts";

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });

describe("the robot's own health", () => {
  it("holds for safety while the lidar is silent, and goes on when all is well again", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
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
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.safety.pressEstop("pressed at the robot");
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(30);
    expect(bench.state(contract).holds).toMatchObject([{ by: "safety", reason: "pressed at the robot" }]);
    bench.safety.releaseEstop();
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("stops when the journal does not answer within five seconds, and loses nothing", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
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
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
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
    const calm = await ExecutorBench.with(contract);
    const commitsBefore = calm.commits;
    await calm.until(contract, (state) => state.status === "completed");
    const points = calm.commits - commitsBefore;
    expect(points).toBeGreaterThan(15);

    for (let point = 1; point <= points; point++) {
      const bench = await ExecutorBench.with(contract);
      bench.commitsUntilCrash = point;
      bench.crashSide = side;
      await bench.until(contract, (state) => state.status === "completed");
      expect({ point, crashes: bench.crashes, ...historyOf(bench) }).toEqual({ point, crashes: 1, ...CALM });
    }
  });

  it("in the middle of an action of the hand is no reason to act twice", async () => {
    for (const stageId of ["pick", "place"]) {
      const bench = await ExecutorBench.with(contract);
      await bench.untilStage(contract, stageId);
      await bench.pass(1);
      await bench.crash();
      await bench.until(contract, (state) => state.status === "completed");
      expect(historyOf(bench)).toEqual(CALM);
      expect(bench.eventsOf("stage.verified").map((event) => event.data["answer"])).toContain("done");
    }
  });

  it("does not release a hold", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.order("hold", contract);
    await bench.crash();
    await bench.pass(10);
    expect(bench.robot.goal).toBeUndefined();
    await bench.order("resume", contract);
    await bench.until(contract, (state) => state.status === "completed");
    expect(historyOf(bench)).toEqual(CALM);
  });

  it("after a cancel leaves no movement unrecorded", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    await bench.order("cancel", contract);
    await bench.crash();
    await bench.pass(20);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.state(contract)).toMatchObject({ status: "cancelled", load: { "SKU-7890": 1 } });
  });
});

/** Everything that must be the same, however often the agent died. */
function historyOf(bench: ExecutorBench): object {
  return {
    failures: bench.failures,
    status: bench.state(contract).status,
    done: bench.robot.movements,
    movements: bench.eventsOf("movement").map((event) => event.data["kind"]),
    completed: bench.eventsOf("stage.completed").map((event) => event.stageId),
    gaps: bench.events.filter((event, at) => event.seq !== bench.events[0]!.seq + at),
  };
}

const CALM = {
  failures: [],
  status: "completed",
  done: ["pick 1 SKU-7890", "place 1 SKU-7890"],
  movements: ["PICK", "PUT"],
  completed: contract.stages.map((stage) => stage.stageId),
  gaps: [],
};
