import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointOf, type Checkpoint } from "#agent/core/checkpoint";
import { planOf } from "#agent/core/plan";
import { ExecutorBench } from "#agent/execution/executor-fixture";
import { ACTIONS } from "#contract/actions";
import type { Contract } from "#contract/contract";
import type { DeviceState } from "#contract/state";
import { ABORTED, BRANCHES, EVERY_KIND, type Life } from "./crash-lives.ts";

let folder = "";
let benches = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-crash-points-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A robot in that situation, which has just accepted the contract; its journal is a file. */
async function startBench({ contract, policies, prepare }: Life): Promise<ExecutorBench> {
  const bench = new ExecutorBench(join(folder, `core-${++benches}.db`));
  bench.policies = { ...bench.policies, ...policies };
  prepare?.(bench);
  await bench.boot();
  await bench.accept(contract);
  return bench;
}

async function runToEnd(bench: ExecutorBench, { contract, end, during }: Life): Promise<void> {
  await bench.until(contract, (state) => (during?.(bench, state), state.status === end), 900);
}

/** What must be the same whenever the agent died. */
async function outcomeOf(bench: ExecutorBench, contract: Contract): Promise<object> {
  const state = bench.state(contract);
  const completed = bench.eventsOf("stage.completed").filter(({ contractId }) => contractId !== undefined);
  return {
    failures: bench.failures,
    status: state.status,
    stages: state.stages.map(({ stageId, status }) => `${stageId} ${status}`),
    load: state.load,
    effects: bench.robot.movements.filter((movement) => movement !== "scan"),
    movements: bench.eventsOf("movement").map(({ data }) => data["kind"]),
    completed: sorted(completed.map(({ stageId }) => String(stageId))),
    at: [Math.round(bench.robot.pose.x), Math.round(bench.robot.pose.y)],
    ...(await historyOf(bench)),
  };
}

function sorted(names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => a.localeCompare(b));
}

/** What was durable once is in the file at the end, and nothing is missing in between. */
async function historyOf(bench: ExecutorBench): Promise<{ lost: string[]; gaps: string[] }> {
  const stored = await bench.stored();
  return {
    lost: bench.events.filter(({ id }) => !stored.some((event) => event.id === id)).map(({ type }) => type),
    gaps: stored.filter(({ seq }, at) => seq !== at + 1).map(({ type }) => type),
  };
}

function checkpointIn(device: DeviceState, contract: Contract): Checkpoint {
  const state = device.contracts[contract.contractId]!;
  return checkpointOf(planOf(contract, state), state);
}

/** Lets the agent die at one point and carries on to the end. */
async function liveWithCrash(life: Life, kill: (bench: ExecutorBench) => void): Promise<ExecutorBench> {
  const bench = await startBench(life);
  kill(bench);
  await runToEnd(bench, life);
  // What the hand had begun when the agent died may end after the contract.
  await bench.pass(10);
  return bench;
}

/** Where an agent may die: at its n-th write, or when its n-th answer or call has been made and nobody has written it down. */
const POINTS = [
  [
    "before a write",
    (bench: ExecutorBench, n: number) => Object.assign(bench, { crashSide: "before", commitsUntilCrash: n }),
  ],
  [
    "after a write",
    (bench: ExecutorBench, n: number) => Object.assign(bench, { crashSide: "after", commitsUntilCrash: n }),
  ],
  ["after an answer of a device", (bench: ExecutorBench, n: number) => Object.assign(bench, { answersUntilCrash: n })],
  ["after a call of the base", (bench: ExecutorBench, n: number) => Object.assign(bench, { baseCallsUntilCrash: n })],
] as const;

type Counted = Readonly<Record<(typeof POINTS)[number][0], number>>;

const counts = ({ commits, answers, baseCalls }: ExecutorBench): readonly [number, number, number] => [
  commits,
  answers,
  baseCalls,
];

/** A life without a crash, and how many points there are in it at which there could have been one. */
async function liveCalmly(life: Life): Promise<{ bench: ExecutorBench; points: Counted }> {
  const bench = await startBench(life);
  const before = counts(bench);
  await runToEnd(bench, life);
  const [writes, answers, calls] = counts(bench).map((count, at) => count - before[at]!);
  console.log(
    `crash points, ${life.name}: ${writes} writes, before and after each, ${answers} answers of devices, ${calls} calls of the base`,
  );
  const points = {
    "before a write": writes!,
    "after a write": writes!,
    "after an answer of a device": answers!,
    "after a call of the base": calls!,
  };
  return { bench, points };
}

describe.each([EVERY_KIND, BRANCHES])("an agent that dies while it does $name", (life) => {
  const { contract, expected } = life;
  let calm: Awaited<ReturnType<typeof liveCalmly>>;
  beforeAll(async () => {
    calm = await liveCalmly(life);
  });

  it("has gone through everything that can become of a stage", async () => {
    expect(await outcomeOf(calm.bench, contract)).toEqual(expected);
    life.check(calm.bench);
  });

  it.each(POINTS)("right %s ends the work all the same", async (name, kill) => {
    expect(calm.points[name]).toBeGreaterThan(5);
    for (let point = 1; point <= calm.points[name]; point++) {
      const bench = await liveWithCrash(life, (fresh) => void kill(fresh, point));
      const [restart] = bench.restarts;
      const before = restart && checkpointIn(restart.before, contract);
      const stagesAsked = [...new Set(bench.inquiries.map((key) => key.split("/")[1]))];
      expect({
        point: `${name} ${point}`,
        crashes: bench.crashes,
        checkpoint: restart && checkpointIn(restart.after, contract),
        isOneAskedAtMost: stagesAsked.length <= 1,
        ...(await outcomeOf(bench, contract)),
      }).toEqual({ point: `${name} ${point}`, crashes: 1, checkpoint: before, isOneAskedAtMost: true, ...expected });
    }
  });
});

describe("an agent that dies while a plan of its own puts a load down before an abort", () => {
  let calm: Awaited<ReturnType<typeof liveCalmly>>;
  beforeAll(async () => {
    calm = await liveCalmly(ABORTED);
  });

  it("has put the load down", async () => {
    expect(await outcomeOf(calm.bench, ABORTED.contract)).toEqual(ABORTED.expected);
    ABORTED.check(calm.bench);
  });

  it.each(POINTS)("right %s knows where its load is, and resumes nothing", async (name, kill) => {
    expect(calm.points[name]).toBeGreaterThan(3);
    for (let point = 1; point <= calm.points[name]; point++) {
      const bench = await liveWithCrash(ABORTED, (fresh) => void kill(fresh, point));
      const { status, load } = bench.state(ABORTED.contract);
      const effects = bench.robot.movements;
      const codes = bench.eventsOf("exception").map(({ data }) => data["code"]);
      const isOnBoard = bench.robot.held !== undefined;
      expect({
        point: `${name} ${point}`,
        crashes: bench.crashes,
        failures: bench.failures,
        status,
        load: Object.keys(load),
        isRepeated: new Set(effects).size < effects.length,
        movements: bench.eventsOf("movement").map(({ data }) => data["kind"]),
        isHumanTold: codes.includes("load_on_board"),
        ...(await historyOf(bench)),
      }).toEqual({
        point: `${name} ${point}`,
        crashes: 1,
        failures: [],
        status: "aborted",
        load: isOnBoard ? ["SKU-7890"] : [],
        isRepeated: false,
        movements: isOnBoard ? ["PICK"] : ["PICK", "PUT"],
        isHumanTold: isOnBoard,
        lost: [],
        gaps: [],
      });
    }
  });
});

it("covers every kind of stage that a contract may have but cleaning, which another robot does", () => {
  const kinds = new Set(EVERY_KIND.contract.stages.map(({ action }) => action));
  // An agent that dies in the middle of a zone is in test/sim/cleaning.test.ts.
  expect(sorted([...kinds, "clean"])).toEqual(sorted(Object.keys(ACTIONS)));
});
