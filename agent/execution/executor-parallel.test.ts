import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import type { EventData } from "#contract/event-data";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const [drive, pick] = exampleContract().stages as [Stage, Stage];
const scan = (stageId: string, more: Partial<Stage> = {}): Stage => ({
  ...drive,
  stageId,
  action: "scan",
  inputs: {},
  toolsRequired: ["scanner"],
  validation: [],
  ...more,
});
const driveTo = (stageId: string, to: string, more: Partial<Stage> = {}): Stage => ({
  ...drive,
  stageId,
  inputs: { to },
  validation: [],
  ...more,
});

function contractOf(...stages: Stage[]): Contract {
  return exampleContract({
    stages,
    scope: { actions: [{ action: "navigate" }, { action: "pick" }, { action: "scan" }, { action: "wait" }] },
    failurePolicy: {
      rules: [{ when: "true", strategy: "retry", retry: { attempts: 3, backoffSeconds: 2 } }],
      fallback: "escalate",
      replanBudget: 0,
      offline: "finish",
    },
  });
}

const DISJOINT = contractOf(driveTo("go", "rack"), scan("read", { after: [] }));
const SAME_TOOL = contractOf(driveTo("go", "rack"), driveTo("go-on", "station", { after: [] }));
const JOIN = contractOf(
  driveTo("go", "rack"),
  scan("read", { after: [] }),
  { ...pick, after: ["go", "read"] },
  scan("read-again", { after: ["pick"] }),
);

/** The order in which stages began and ended. */
function orderOf(bench: ExecutorBench): string[] {
  return bench.story().flatMap((line) => {
    const [type, stageId] = line.split(" ");
    return type === "stage.attempt" ? [`+${stageId}`] : type === "stage.completed" ? [`-${stageId}`] : [];
  });
}

async function run(
  contract: Contract,
  prepare: (bench: ExecutorBench) => void = () => undefined,
): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  prepare(bench);
  await bench.until(contract, (state) => state.status === "completed", 120);
  expect(bench.failures).toEqual([]);
  expect(bench.state(contract).status).toBe("completed");
  return bench;
}

describe("stages whose order declares their independence", () => {
  it("run side by side when they use different tools", async () => {
    const bench = await run(DISJOINT);
    expect(orderOf(bench)).toEqual(["+go", "+read", "-read", "-go"]);
  });

  it("run one after the other when they use the same tool", async () => {
    const bench = await run(SAME_TOOL);
    expect(orderOf(bench)).toEqual(["+go", "-go", "+go-on", "-go-on"]);
  });

  it("do not handle goods beside a drive, because that is done standing", async () => {
    const bench = await run(contractOf(driveTo("go", "rack"), { ...pick, after: [] }));
    expect(orderOf(bench)).toEqual(["+go", "-go", "+pick", "-pick"]);
  });

  it("are all waited for by a stage that names them", async () => {
    const bench = await run(JOIN);
    expect(orderOf(bench)).toEqual(["+go", "+read", "-read", "-go", "+pick", "-pick", "+read-again", "-read-again"]);
  });

  it("run one at a time without such a declaration, whatever their tools", async () => {
    const bench = await run(contractOf(driveTo("go", "rack"), scan("read")));
    expect(orderOf(bench)).toEqual(["+go", "-go", "+read", "-read"]);
  });
});

describe("an estimate beside another stage", () => {
  it("counts each stage once, and time that passes for both only once", async () => {
    const bench = await run(DISJOINT);
    const estimates = bench.eventsOf("estimate").map(({ data }) => data as unknown as EventData<"estimate">);
    const told = estimates.map(({ stageId = "", nextStages }) => [stageId, ...nextStages.map((next) => next.stageId)]);
    expect(told).toContainEqual(["go"]);
    expect(told.filter((stages) => new Set(stages).size < stages.length)).toEqual([]);
    const [whole] = estimates;
    const seconds = whole!.nextStages.map((next) => next.seconds);
    expect(whole!.secondsRemaining).toBeCloseTo(Math.max(...seconds), 2);
  });
});

describe("what the battery loses", () => {
  it("is shared by the stages that run side by side, and adds up to what was lost", async () => {
    const bench = await ExecutorBench.with(DISJOINT);
    bench.robot.drainPerSecond = 0.001;
    const full = bench.robot.battery;
    await bench.until(DISJOINT, (state) => state.status === "completed", 60);
    const [read, go] = bench.eventsOf("stage.completed").map(({ data }) => Number(data["batteryUsed"]));
    // Two seconds of scanning beside the drive of four: one for each, and two more for the drive.
    expect(read).toBeCloseTo(0.001, 3);
    expect(go! + read!).toBeCloseTo(0.004, 3);
    expect(bench.state(DISJOINT).batteryUsed).toBeLessThanOrEqual(full - bench.robot.battery + 1e-9);
  });
});

describe("a branch that fails", () => {
  it("pauses the drive beside it until it is tried again, and both then end", async () => {
    const bench = await ExecutorBench.with(DISJOINT);
    bench.robot.misreads = 1;
    await bench.until(DISJOINT, ({ stages }) => stages[1]?.status === "failed");
    await bench.pass(0.5);
    expect(bench.robot.goal).toBeUndefined();
    await bench.until(DISJOINT, (state) => state.status === "completed", 60);
    expect(bench.robot.misreads).toBeLessThan(0);
    expect(orderOf(bench)).toEqual(["+go", "+read", "+read", "+go", "-read", "-go"]);
    expect(bench.eventsOf("stage.verified").map(({ stageId, data }) => [stageId, data["answer"]])).toEqual([
      ["go", "not-done"],
    ]);
  });

  it("lets a pick beside it finish", async () => {
    const contract = contractOf({ ...pick, validation: [] }, scan("read", { after: [] }));
    const bench = await run(contract, ({ robot }) => {
      robot.misreads = 1;
    });
    expect(bench.robot.movements.filter((movement) => movement.startsWith("pick"))).toHaveLength(1);
    expect(orderOf(bench)).toEqual(["+pick", "+read", "-pick", "+read", "-read"]);
  });

  it("does not drive beside a pick, although another way to do it is to drive", async () => {
    const contract = contractOf(
      scan("read", { after: [], alternatives: [{ action: "navigate", inputs: { to: "rack" } }] }),
      { ...pick, validation: [], after: [] },
    );
    const bench = new ExecutorBench();
    bench.policies = { ...bench.policies, localFixes: { scan: [{ fix: "alternative" }] } };
    await bench.boot();
    bench.robot.misreads = 1;
    await bench.accept(contract);
    await bench.until(contract, (state) => state.status === "completed", 60);
    expect(orderOf(bench)).toEqual(["+read", "+pick", "-pick", "+read", "-read"]);
  });

  it("that needs a human keeps all branches waiting", async () => {
    const bench = await ExecutorBench.with(DISJOINT);
    bench.robot.misreads = 100;
    await bench.until(DISJOINT, (state) => state.holds.length > 0, 60);
    await bench.pass(30);
    expect(bench.robot.goal).toBeUndefined();
    bench.robot.misreads = 0;
    await bench.order("resume", DISJOINT);
    await bench.until(DISJOINT, (state) => state.status === "completed", 60);
    expect(bench.state(DISJOINT).status).toBe("completed");
  });
});

describe("a crash beside other stages", () => {
  it.each([
    ["different tools", DISJOINT, 0],
    ["the same tool", SAME_TOOL, 0],
    ["a join", JOIN, 0],
    ["a failing branch", DISJOINT, 1],
  ] as const)("changes nothing about the outcome: %s", async (_what, contract, misreads) => {
    const prepare = (bench: ExecutorBench): void => {
      bench.robot.misreads = misreads;
    };
    const calm = await run(contract, prepare);
    const picks = calm.robot.movements.filter((movement) => movement.startsWith("pick"));
    const accepted = (await ExecutorBench.with(contract)).commits;
    for (let point = 1; point <= calm.commits - accepted; point++) {
      const bench = await run(contract, (fresh) => {
        prepare(fresh);
        fresh.commitsUntilCrash = point;
      });
      const completed = bench.eventsOf("stage.completed").map(({ stageId }) => stageId);
      expect(completed).toHaveLength(contract.stages.length);
      expect({ point, completed: new Set(completed) }).toEqual({
        point,
        completed: new Set(contract.stages.map(({ stageId }) => stageId)),
      });
      expect(bench.robot.movements.filter((movement) => movement.startsWith("pick"))).toEqual(picks);
    }
  });
});
