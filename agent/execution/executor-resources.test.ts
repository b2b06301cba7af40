import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { ResourceHints } from "#contract/resource-hints";
import { DEFAULT_POLICIES } from "../core/policies.ts";
import { ExecutorBench } from "./executor-fixture.ts";

/** The example, with hints on one of its stages. */
function hinted(stageId: string, resourceHints: ResourceHints): Contract {
  const { stages } = exampleContract();
  return exampleContract({
    stages: stages.map((stage) => (stage.stageId === stageId ? { ...stage, resourceHints } : stage)),
  });
}

function fixes(bench: ExecutorBench): unknown[] {
  return bench.eventsOf("fix.attempted").map(({ stageId, data }) => ({ stageId, ...data }));
}

describe("a stage that lacks something", () => {
  it("waits for it, says so once, and goes on when it comes", async () => {
    const contract = hinted("go-to-rack", { link: "required", waits: { link: 120 } });
    const bench = await ExecutorBench.start();
    bench.link = { isOnline: false };
    await bench.accept(contract);
    await bench.pass(60);
    expect(fixes(bench)).toEqual([
      {
        stageId: "go-to-rack",
        fix: "wait-for-resources",
        n: 1,
        delaySeconds: 120,
        code: "link_down",
        detail: "the link is down",
      },
    ]);
    expect(bench.robot.driven).toBe(0);
    bench.link = { isOnline: true };
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(fixes(bench)).toHaveLength(1);
  });

  it("is not delayed by a processor that others keep busy", async () => {
    const contract = exampleContract();
    const bench = await ExecutorBench.start();
    bench.board = { loadPerCore: 30 };
    await bench.accept(contract);
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(fixes(bench)).toEqual([]);
  });

  it("goes back to the cloud with the reason `resources` when it does not come in time", async () => {
    const contract = hinted("go-to-rack", { memoryBytes: 1e9, waits: { memory: 20 } });
    const bench = await ExecutorBench.start();
    bench.board = { memoryAvailableBytes: 1e8 };
    await bench.accept(contract);
    await bench.pass(19);
    expect(bench.state(contract).status).toBe("running");
    await bench.pass(5);
    expect(bench.state(contract)).toMatchObject({ status: "released", endReason: "resources" });
    expect(bench.eventsOf("contract.released").at(0)?.data).toMatchObject({
      detail: "memory_short: the stage needs 1000 MB of memory, 100 MB is available",
    });
  });

  it("is done in its lighter mode where it declares one", async () => {
    const lighter = { speedShare: 0.5, telemetrySeconds: 10 };
    const contract = hinted("go-to-rack", { link: "required", waits: { link: 3 }, lighter });
    const bench = await ExecutorBench.start();
    bench.link = { isOnline: false };
    await bench.accept(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.pass(1);
    expect(bench.robot.speed).toBeCloseTo(0.5 * 1.5);
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(fixes(bench)).toMatchObject([
      { fix: "wait-for-resources", n: 1 },
      { fix: "lighter-mode", n: 1, changes: lighter, code: "link_down" },
    ]);
  });

  it("takes an alternative of its own before it lets go", async () => {
    const { stages, scope } = exampleContract();
    const [go, ...rest] = stages;
    const look = { ...go!, action: "scan", inputs: {}, toolsRequired: ["second-scanner"], validation: [] };
    const contract = exampleContract({
      stages: [{ ...look, alternatives: [{ action: "wait", inputs: { seconds: 1 } }] }, ...rest],
      scope: { actions: [...scope.actions, { action: "scan" }, { action: "wait" }] },
    });
    const bench = new ExecutorBench();
    bench.policies = DEFAULT_POLICIES;
    await bench.boot();
    await bench.accept(contract);
    await bench.pass(5);
    expect(fixes(bench)).toMatchObject([{ fix: "alternative", n: 1, changes: { action: "wait", alternative: 0 } }]);
    expect(bench.eventsOf("stage.failed").at(0)?.data).toMatchObject({ code: "tool_missing" });
    expect(bench.state(contract).stages[0]?.status).toBe("completed");
  });

  it("keeps the load and asks a human, because nobody else can do the rest", async () => {
    const contract = hinted("go-to-station", { energy: 0.5 });
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    bench.robot.battery = 0.6;
    await bench.pass(30);
    expect(bench.state(contract)).toMatchObject({ status: "held", holds: [{ holdId: "escalation:go-to-station" }] });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
  });

  it("waits anew after a crash, and comes to the same end", async () => {
    const contract = hinted("go-to-rack", { memoryBytes: 1e9, waits: { memory: 20 } });
    const bench = await ExecutorBench.start();
    bench.board = { memoryAvailableBytes: 1e8 };
    await bench.accept(contract);
    await bench.pass(10);
    await bench.crash();
    await bench.pass(15);
    expect(bench.state(contract).status).toBe("running");
    await bench.pass(10);
    expect(bench.state(contract)).toMatchObject({ status: "released", endReason: "resources" });
  });
});
