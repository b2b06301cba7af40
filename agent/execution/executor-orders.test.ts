import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { ExecutorBench, RETRY_THEN_REASSIGN } from "./executor-fixture.ts";

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });

describe("orders", () => {
  it("holds a drive at once, before the journal has it, and resumes it as a new attempt", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.pass(1);
    bench.disk = "hangs";
    void bench.order("hold", contract);
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(2);
    expect(bench.robot.speed).toBe(0);
    expect(bench.robot.goal).toBeUndefined();
  });

  it("stays where it is while held, and goes on when resumed", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
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
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
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
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    await bench.order("hold", contract);
    await bench.pass(10);
    expect(bench.story().at(-1)).toBe("movement pick");
    expect(bench.state(contract)).toMatchObject({ status: "held", load: { "SKU-7890": 1 } });
  });

  it("cancels a drive, and tells a supervisor about the load on board", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-station");
    expect(await bench.order("cancel", contract)).toBe("done");
    await bench.pass(5);
    expect(bench.state(contract).status).toBe("cancelled");
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.eventsOf("contract.cancelled")[0]?.data).toMatchObject({ loadOnBoard: true });
    expect(bench.eventsOf("exception").map((event) => event.data["code"])).toEqual(["load_on_board"]);
  });

  it("records what the hand still did when a pick is cancelled under way", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "pick");
    await bench.order("cancel", contract);
    await bench.pass(10);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.state(contract)).toMatchObject({ status: "cancelled", load: { "SKU-7890": 1 } });
    expect(bench.eventsOf("exception").map((event) => event.data["code"])).toEqual(["load_on_board"]);
  });

  it("refuses an order that comes after the end, and one for a contract that it does not know", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, (state) => state.status === "completed");
    expect(await bench.order("cancel", contract)).toBe("contract_ended");
    const unknown = exampleContract({ contractId: "019b8ce6-1400-7000-8000-00000000ffff" });
    expect(await bench.order("hold", unknown)).toBe("no_contract");
  });
});
