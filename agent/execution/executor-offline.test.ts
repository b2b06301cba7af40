import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const base = exampleContract();
const posture = (offline: Contract["failurePolicy"]["offline"]): Contract =>
  exampleContract({ failurePolicy: { ...base.failurePolicy, offline } });

const OFFLINE = { holdId: "offline", by: "policy" };

/** A bench whose link goes while it drives to the rack. */
async function cutOff(contract: Contract): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  await bench.untilStage(contract, "go-to-rack");
  bench.robot.way = "blocked";
  bench.link.isOnline = false;
  return bench;
}

describe("without the cloud", () => {
  it("finishes when the contract says finish", async () => {
    const bench = await cutOff(posture("finish"));
    bench.robot.way = "free";
    await bench.until(base, ({ status }) => status === "completed");
    expect(bench.story()).not.toContain("contract.held");
  });

  it("finishes the stage and holds when the contract says finish-stage", async () => {
    const contract = posture("finish-stage");
    const bench = await cutOff(contract);
    await bench.pass(20);
    expect(bench.state(contract).status).toBe("running");
    bench.robot.way = "free";
    await bench.until(contract, ({ status }) => status === "held");
    expect(bench.state(contract)).toMatchObject({
      holds: [OFFLINE],
      stages: [{ status: "completed" }, { status: "pending" }, {}, {}],
    });
  });

  it("begins nothing beside what it finishes when the contract says finish-stage", async () => {
    const wait = (stageId: string, seconds: number, after: string[]): Stage => ({
      ...base.stages[0]!,
      stageId,
      action: "wait",
      inputs: { seconds },
      toolsRequired: [],
      validation: [],
      after,
    });
    const contract = exampleContract({
      stages: [wait("long", 90, []), wait("short", 30, []), wait("next", 5, ["short"])],
      scope: { actions: [{ action: "wait" }] },
      failurePolicy: { ...base.failurePolicy, offline: "finish-stage" },
    });
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "short");
    bench.link.isOnline = false;
    await bench.until(contract, ({ status }) => status === "held", 120);
    expect(bench.state(contract)).toMatchObject({
      holds: [OFFLINE],
      stages: [{ status: "completed" }, { status: "completed" }, { status: "pending" }],
    });
    bench.link.isOnline = true;
    await bench.until(contract, ({ status }) => status === "completed", 60);
    expect(bench.state(contract).status).toBe("completed");
  });

  it("holds at once when the contract says hold, but not for a link that is only shaky", async () => {
    const contract = posture("hold");
    const bench = await cutOff(contract);
    await bench.pass(14);
    expect(bench.state(contract).status).toBe("running");
    await bench.pass(2);
    expect(bench.state(contract).holds).toMatchObject([OFFLINE]);
    expect(bench.robot.goal).toBeUndefined();
  });

  it("lets a pick finish before it holds", async () => {
    const contract = posture("hold");
    const bench = await ExecutorBench.with(contract);
    bench.robot.way = "blocked";
    bench.link.isOnline = false;
    await bench.pass(9);
    bench.robot.way = "free";
    await bench.until(contract, ({ status }) => status === "held", 30);
    expect(bench.state(contract).stages[1]).toMatchObject({ stageId: "pick", status: "started" });
    await bench.pass(5);
    expect(bench.state(contract).stages[1]).toMatchObject({ status: "completed" });
    expect(bench.robot.goal).toBeUndefined();
  });

  it.each(["finish-stage", "hold"] as const)("goes on when the link is back (%s)", async (offline) => {
    const contract = posture(offline);
    const bench = await cutOff(contract);
    bench.robot.way = "free";
    await bench.until(contract, ({ status }) => status === "held", 60);
    bench.link.isOnline = true;
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(bench.eventsOf("contract.resumed").map(({ data }) => data["holdId"])).toEqual(["offline"]);
  });

  it("still holds after a restart, until the link is back", async () => {
    const contract = posture("hold");
    const bench = await cutOff(contract);
    await bench.until(contract, ({ status }) => status === "held", 60);
    await bench.crash();
    await bench.pass(60);
    expect(bench.state(contract).holds).toMatchObject([OFFLINE]);
    bench.robot.way = "free";
    bench.link.isOnline = true;
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("says that the work is done although it should hold: to say so takes no motion", async () => {
    const contract = posture("hold");
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "place");
    bench.link.isOnline = false;
    await bench.until(contract, ({ status }) => status === "completed", 30);
    expect(bench.state(contract).status).toBe("completed");
  });
});
