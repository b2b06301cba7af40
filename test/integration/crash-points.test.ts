import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointOf, type Checkpoint } from "#agent/core/checkpoint";
import { planOf } from "#agent/core/plan";
import { DEFAULT_POLICIES } from "#agent/core/policies";
import { ExecutorBench } from "#agent/execution/executor-fixture";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { DeviceState } from "#contract/state";

const base = exampleContract();
const [toRack, pick, toStation, place] = base.stages as [Stage, Stage, Stage, Stage];
const scan = { toolsRequired: ["scanner"], action: "scan", validation: [], timeoutSeconds: 60 };

/**
 * All kinds of stages, and all that can become of one: the way to the rack needs an alternative, a label that is not there
 * is left out by a new plan, the first pick slips, a wait is long enough to be saved in its middle, and the station cannot
 * be reached, so that a new plan leads to another one.
 */
const CONTRACT: Contract = exampleContract({
  stages: [
    { ...toRack, alternatives: [{ inputs: { to: [4, 0.5, 0] } }] },
    { ...scan, stageId: "look", goal: "See whether it is marked", inputs: { expect: "CODE-2" }, optional: true },
    { ...scan, stageId: "check", goal: "Be at the right shelf", inputs: { expect: "CODE-1" } },
    pick,
    { ...place, stageId: "rest", action: "wait", inputs: { seconds: 40 }, toolsRequired: [], validation: [] },
    toStation,
    place,
  ],
  scope: { actions: ["navigate", "scan", "pick", "wait", "place"].map((action) => ({ action })) },
  spatial: {
    ...base.spatial,
    landmarks: [...base.spatial.landmarks, { id: "station-2", kind: "station", pose: [-4, -3, 0] }],
  },
  failurePolicy: { rules: [], fallback: "abort", replanBudget: 5, offline: "finish" },
});

const POLICIES = {
  ...DEFAULT_POLICIES,
  localFixes: {
    navigate: [{ fix: "alternative" as const }],
    pick: [{ fix: "retry" as const, attempts: 2, baseSeconds: 1 }],
    scan: [{ fix: "retry" as const, attempts: 1 }],
  },
};

let folder = "";
let benches = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-crash-points-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A robot in that situation, which has just accepted the contract; its journal is a file. */
async function startBench(): Promise<ExecutorBench> {
  const bench = new ExecutorBench(join(folder, `core-${++benches}.db`));
  bench.policies = POLICIES;
  bench.robot.slips = 1;
  const closed = new Set(CONTRACT.spatial.landmarks.slice(0, 2).map(({ pose }) => String(pose.slice(0, 2))));
  bench.robot.isClosed = ({ x, y }) => closed.has(String([x, y]));
  await bench.boot();
  await bench.accept(CONTRACT);
  return bench;
}

async function runToEnd(bench: ExecutorBench): Promise<void> {
  await bench.until(CONTRACT, ({ status }) => status === "completed", 900);
}

/** What must be the same whenever the agent died. */
async function outcomeOf(bench: ExecutorBench): Promise<object> {
  const state = bench.state(CONTRACT);
  const stored = await bench.stored();
  return {
    failures: bench.failures,
    status: state.status,
    stages: state.stages.map(({ stageId, status }) => `${stageId} ${status}`),
    load: state.load,
    effects: bench.robot.movements.filter((movement) => movement !== "scan"),
    movements: bench.eventsOf("movement").map(({ data }) => data["kind"]),
    completed: bench.eventsOf("stage.completed").map(({ stageId }) => stageId),
    at: [Math.round(bench.robot.pose.x), Math.round(bench.robot.pose.y)],
    // What was durable once is in the file at the end, and nothing is missing in between.
    lost: bench.events.filter(({ id }) => !stored.some((event) => event.id === id)).map(({ type }) => type),
    gaps: stored.filter(({ seq }, at) => seq !== at + 1).map(({ type }) => type),
  };
}

const EXPECTED = {
  failures: [],
  status: "completed",
  stages: ["go-to-rack", "look", "check", "pick", "rest", "go-to-station", "place"].map(
    (stageId) => `${stageId} ${stageId === "look" ? "skipped" : "completed"}`,
  ),
  load: {},
  effects: ["pick 1 SKU-7890", "place 1 SKU-7890"],
  movements: ["PICK", "PUT"],
  completed: ["go-to-rack", "check", "pick", "rest", "go-to-station", "place"],
  at: [-4, -3],
  lost: [],
  gaps: [],
};

function checkpointIn(device: DeviceState): Checkpoint {
  const state = device.contracts[CONTRACT.contractId]!;
  return checkpointOf(planOf(CONTRACT, state), state);
}

/** Lets the agent die at one point and carries on to the end; everything is compared with a life without a crash. */
async function proveCrash(point: string, kill: (bench: ExecutorBench) => void): Promise<void> {
  const bench = await startBench();
  kill(bench);
  await runToEnd(bench);
  const [restart] = bench.restarts;
  const stagesAsked = [...new Set(bench.inquiries.map((key) => key.split("/")[1]))];
  expect({
    point,
    crashes: bench.crashes,
    checkpoint: restart && checkpointIn(restart.after),
    isOneAskedAtMost: stagesAsked.length <= 1,
    ...(await outcomeOf(bench)),
  }).toEqual({
    point,
    crashes: 1,
    checkpoint: restart && checkpointIn(restart.before),
    isOneAskedAtMost: true,
    ...EXPECTED,
  });
}

describe("an agent that dies", () => {
  const points = { writes: 0, answers: 0 };
  let calm: ExecutorBench;
  beforeAll(async () => {
    calm = await startBench();
    const { commits, answers } = calm;
    await runToEnd(calm);
    points.writes = calm.commits - commits;
    points.answers = calm.answers - answers;
    console.log(
      `crash points: ${points.writes} writes, before and after each, and ${points.answers} answers of devices`,
    );
  });

  it("has gone through everything that can become of a stage", async () => {
    expect(await outcomeOf(calm)).toEqual(EXPECTED);
    expect(calm.eventsOf("fix.attempted").map(({ stageId, data }) => [stageId, data["fix"]])).toEqual([
      ["go-to-rack", "alternative"],
      ["look", "retry"],
      ["pick", "retry"],
    ]);
    expect(calm.eventsOf("replan.adopted")).toHaveLength(2);
    expect(calm.eventsOf("stage.progress").map(({ data }) => data["checkpoint"])).toContainEqual({ waitedMs: 30_000 });
  });

  it.each(["before", "after"] as const)("right %s any of its writes ends the work all the same", async (side) => {
    expect(points.writes).toBeGreaterThan(40);
    for (let write = 1; write <= points.writes; write++) {
      await proveCrash(`${side} write ${write}`, (bench) => {
        bench.crashSide = side;
        bench.commitsUntilCrash = write;
      });
    }
  });

  it("when a device has answered and the journal does not know yet ends the work all the same", async () => {
    expect(points.answers).toBeGreaterThan(10);
    for (let answer = 1; answer <= points.answers; answer++) {
      await proveCrash(`after answer ${answer}`, (bench) => {
        bench.answersUntilCrash = answer;
      });
    }
  });
});
