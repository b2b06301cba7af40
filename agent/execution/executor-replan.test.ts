import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { DEFAULT_LOCAL_FIXES, type LocalFixes } from "../core/local-fixes.ts";
import { DEFAULT_POLICIES } from "../core/policies.ts";
import { ExecutorBench } from "./executor-fixture.ts";

const base = exampleContract();
const [toRack, pick, toStation, place] = base.stages as [Stage, Stage, Stage, Stage];
const SECOND_STATION = { id: "station-2", kind: "station", pose: [-4, -3, 0] as [number, number, number] };

function contractWith(more: Partial<Contract> = {}, budget = 3): Contract {
  const failurePolicy = {
    rules: [{ when: "true", strategy: "retry" as const, retry: { attempts: 1, backoffSeconds: 1 } }],
    fallback: "escalate" as const,
    replanBudget: budget,
    offline: "finish" as const,
  };
  return exampleContract({ failurePolicy, ...more });
}

async function benchWith(contract: Contract, localFixes: LocalFixes = {}): Promise<ExecutorBench> {
  const bench = new ExecutorBench();
  bench.policies = { ...DEFAULT_POLICIES, localFixes };
  await bench.boot();
  await bench.accept(contract);
  return bench;
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What was said about new plans, in order. */
function replansOf(bench: ExecutorBench): string[] {
  return bench.events
    .filter(({ type }) => type.startsWith("replan."))
    .map(({ type, data }) => [type, wordOf(data["by"]), wordOf(data["reason"])].join(" ").trim());
}

describe("a new plan", () => {
  it("is asked for with what is done, what is left and why, while the robot stands", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract);
    bench.cloud = "stays-silent";
    await bench.untilStage(contract, "go-to-station");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.replan !== undefined);
    await bench.pass(5);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.questions).toMatchObject([
      {
        revision: 1,
        localRevision: 0,
        completed: [{ stageId: "go-to-rack" }, { stageId: "pick", output: { sku: "SKU-7890" } }],
        started: [],
        remaining: ["go-to-station", "place"],
        delta: { code: "no_route", severity: "moderate" },
      },
    ]);
    expect(bench.questions[0]?.journalSeq).toBeGreaterThanOrEqual(bench.eventsOf("replan.requested")[0]!.seq);
  });

  it("of the cloud is carried out", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract);
    bench.cloud = "stays-silent";
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.replan !== undefined);
    bench.robot.way = "free";
    const revised = { ...contract, revision: 2, stages: [{ ...toRack, stageId: "other-way" }, pick, toStation, place] };
    await bench.accept(revised);
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract)).toMatchObject({ status: "completed", revision: 2, replans: 1 });
    expect(bench.story()).toContain("stage.completed other-way");
    expect(replansOf(bench)).toEqual(["replan.requested"]);
  });

  it("that the cloud refuses is sought by the device itself, and otherwise the policy decides", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.stages[0]!.retries > 0);
    bench.robot.way = "free";
    await bench.until(contract, (state) => state.status === "completed");
    expect(replansOf(bench)).toEqual([
      "replan.requested",
      "replan.refused cloud unsupported",
      "replan.refused device no_revision",
    ]);
    expect(bench.eventsOf("fix.attempted").map(({ data }) => data["fix"])).toEqual(["policy-retry"]);
  });

  it("is waited for half a minute, and a later answer finds that the device has moved on", async () => {
    const landmarks = [...base.spatial.landmarks, SECOND_STATION];
    const contract = contractWith({ spatial: { ...base.spatial, landmarks } });
    const bench = await benchWith(contract);
    bench.cloud = "stays-silent";
    await bench.untilStage(contract, "go-to-station");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.replan !== undefined);
    const askedMs = bench.clock.nowMs();
    bench.robot.way = "free";
    await bench.until(contract, (state) => state.localRevision > 0);
    expect(bench.clock.nowMs() - askedMs).toBeGreaterThanOrEqual(29_000);
    const { requestId } = bench.questions[0]!;
    expect(await bench.order("replan", contract, undefined, { refused: { requestId, reason: "unsupported" } })).toBe(
      "done",
    );
    await bench.until(contract, (state) => state.status === "completed");
    expect(replansOf(bench)).toEqual(["replan.requested", "replan.adopted device"]);
  });

  it("is made at once without a link: another landmark of the same kind, and the goods go there", async () => {
    const landmarks = [...base.spatial.landmarks, SECOND_STATION];
    const contract = contractWith({ spatial: { ...base.spatial, landmarks } });
    const bench = await benchWith(contract);
    bench.link.isOnline = false;
    await bench.untilStage(contract, "go-to-station");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.localRevision > 0);
    bench.robot.way = "free";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.questions).toEqual([]);
    expect(bench.robot.pose.y).toBeCloseTo(-3, 1);
    expect(bench.eventsOf("movement").at(-1)?.data).toMatchObject({ kind: "PUT", to_location: "station-2" });
  });

  it("survives a crash, and the question is asked again under its old name", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract);
    bench.cloud = "stays-silent";
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.replan !== undefined);
    await bench.pass(5);
    await bench.crash();
    await bench.pass(5);
    expect(bench.questions).toHaveLength(2);
    expect(bench.questions[1]).toEqual({ ...bench.questions[0], journalSeq: expect.any(Number) });
    expect(bench.state(contract).replans).toBe(1);
  });

  it("that no stage can be begun by waits while the contract is held", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract);
    bench.link.isOnline = false;
    await bench.untilStage(contract, "go-to-rack");
    await bench.order("hold", contract);
    bench.robot.way = "no-route";
    await bench.pass(60);
    expect(replansOf(bench)).toEqual([]);
  });
});

describe("a budget that is spent", () => {
  it("offline leaves only the fallback: no retry, no new plan, and a human is told", async () => {
    const landmarks = [...base.spatial.landmarks, SECOND_STATION];
    const contract = contractWith({ spatial: { ...base.spatial, landmarks } }, 2);
    const bench = await benchWith(contract);
    bench.link.isOnline = false;
    await bench.untilStage(contract, "go-to-station");
    bench.robot.way = "no-route";
    await bench.until(contract, (state) => state.holds.length > 0);
    expect(replansOf(bench)).toEqual([
      "replan.requested",
      "replan.adopted device",
      "replan.requested",
      "replan.adopted device",
    ]);
    expect(bench.state(contract)).toMatchObject({ replans: 2, holds: [{ holdId: "escalation:go-to-station:spent" }] });
    expect(bench.eventsOf("fix.attempted")).toEqual([]);
    expect(bench.eventsOf("exception").map(({ data }) => data["code"])).toContain("replan_budget_spent");
    await bench.pass(120);
    expect(bench.state(contract).replans).toBe(2);
    expect(bench.robot.goal).toBeUndefined();
  });

  it("leaves the robot in a safe place: it drives out of where nobody may stop, with its load", async () => {
    const aisle = {
      id: "aisle",
      kind: "no-stop" as const,
      polygon: [
        [3, -2],
        [6, -2],
        [6, 2],
        [3, 2],
      ] as [number, number][],
    };
    const refuge = { id: "refuge", kind: "parking", pose: [0, 3, 0] as [number, number, number] };
    const landmarks = [...base.spatial.landmarks, refuge];
    const contract = contractWith({ spatial: { ...base.spatial, landmarks, zones: [aisle] } }, 1);
    const bench = await benchWith(contract);
    bench.link.isOnline = false;
    bench.robot.isClosed = ({ x, y }) => x === -4 && y === 3;
    await bench.until(contract, (state) => state.holds.some(({ holdId }) => holdId.endsWith(":spent")));
    await bench.pass(60);
    expect(bench.robot.pose).toMatchObject({ x: expect.closeTo(0, 0), y: expect.closeTo(3, 0) });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.state(contract)).toMatchObject({ status: "held", load: { "SKU-7890": 1 } });
  });

  it("is one that a contract without a budget does not have: its rules decide", async () => {
    const contract = contractWith({}, 0);
    const bench = await benchWith(contract);
    bench.robot.slips = 1;
    await bench.until(contract, (state) => state.status === "completed");
    expect(replansOf(bench)).toEqual([]);
    expect(bench.eventsOf("fix.attempted")).toHaveLength(1);
  });
});

describe("a local fix", () => {
  it("is tried before a plan or the policy is asked, and is an event", async () => {
    const contract = contractWith();
    const bench = await benchWith(contract, DEFAULT_LOCAL_FIXES);
    bench.robot.slips = 2;
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.eventsOf("fix.attempted").map(({ data }) => [data["fix"], data["n"]])).toEqual([
      ["retry", 1],
      ["retry", 2],
    ]);
    expect(replansOf(bench)).toEqual([]);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("drives slower, to a goal beside the goal, with less room, as the journal says", async () => {
    const contract = contractWith();
    const fixes: LocalFixes = {
      navigate: [
        { fix: "slower", attempts: 1, speedShare: 0.5 },
        { fix: "other-approach", goalShifts: [[0.05, 0]] },
        { fix: "less-room", attempts: 1, roomShare: 0.5 },
      ],
    };
    const bench = await benchWith(contract, fixes);
    await bench.untilStage(contract, "go-to-rack");
    const usual = bench.robot.goal!;
    bench.robot.way = "no-route";
    await bench.until(contract, ({ stages }) => stages[0]!.fixes["less-room"] === 1);
    await bench.pass(1);
    const goal = bench.robot.goal!;
    expect(goal.maxSpeed).toBeCloseTo(usual.maxSpeed / 2);
    expect(goal).toMatchObject({ roomShare: 0.5 });
    expect(goal.pose.x - usual.pose.x).toBeCloseTo(0.05);
    expect(goal.tolerance).toBeCloseTo(usual.tolerance - 0.05);
    bench.robot.way = "free";
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("takes an alternative of the stage, also after a crash", async () => {
    const alternatives = [{ inputs: { to: [3.9, 0.1, 0] } }];
    const contract = contractWith({ stages: [{ ...toRack, alternatives }, pick, toStation, place] });
    const bench = await benchWith(contract, { navigate: [{ fix: "alternative" }] });
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.way = "no-route";
    await bench.until(contract, ({ stages }) => stages[0]!.fixes["alternative"] === 1);
    await bench.crash();
    bench.robot.way = "free";
    await bench.until(contract, ({ stages }) => stages[0]!.status === "completed");
    expect(bench.eventsOf("stage.completed")[0]?.data["output"]).toMatchObject({
      pose: [expect.closeTo(3.9, 1), expect.closeTo(0.1, 1), 0],
    });
  });

  it("does not come back with a restart once it is used up", async () => {
    const contract = contractWith({}, 0);
    const bench = await benchWith(contract, { pick: [{ fix: "retry", attempts: 1 }] });
    bench.robot.slips = 1;
    await bench.until(contract, ({ stages }) => stages[1]!.fixes["retry"] === 1);
    await bench.crash();
    bench.robot.slips = 2;
    await bench.until(contract, (state) => state.holds.length > 0);
    expect(bench.eventsOf("fix.attempted").map(({ data }) => data["fix"])).toEqual(["retry", "policy-retry"]);
  });
});

describe("a long wait", () => {
  it("goes on after a restart where it was", async () => {
    const wait: Stage = {
      ...toRack,
      stageId: "rest",
      action: "wait",
      inputs: { seconds: 100 },
      toolsRequired: [],
      validation: [],
      timeoutSeconds: 300,
    };
    const scope = { actions: [{ action: "wait" }] };
    const constraints = { ...base.constraints, window: { maxDurationSeconds: 3000 } };
    const contract = contractWith({ stages: [wait], scope, constraints });
    const bench = await benchWith(contract);
    await bench.untilStage(contract, "rest");
    await bench.pass(65);
    await bench.crash();
    const restartMs = bench.clock.nowMs();
    await bench.until(contract, (state) => state.status === "completed");
    expect(bench.clock.nowMs() - restartMs).toBeGreaterThan(35_000);
    expect(bench.clock.nowMs() - restartMs).toBeLessThan(50_000);
  });
});
