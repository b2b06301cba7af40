import { describe, expect, it } from "vitest";
import type { Contract, FailureRule } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { ContractState } from "#contract/state";
import { ExecutorBench } from "./executor-fixture.ts";

const base = exampleContract();

/** Only the rules count: nothing is fixed or planned anew. */
function underRules(rules: FailureRule[], more: Partial<Contract> = {}): Contract {
  return exampleContract({
    failurePolicy: { rules, fallback: "escalate", replanBudget: 0, offline: "finish" },
    ...more,
  });
}

interface Scenario {
  readonly name: string;
  readonly contract: Contract;
  /** What happens while the robot drives to the rack. */
  readonly happens: (bench: ExecutorBench, contract: Contract) => unknown;
  /** Code of the first failure; none when the contract is to be completed. */
  readonly code?: string;
}

const window = (limits: Contract["constraints"]["window"]): Partial<Contract> => ({
  constraints: { ...base.constraints, window: limits },
});
const revised = (contract: Contract, change: Partial<Contract>): Contract => ({
  ...contract,
  ...change,
  revision: 2,
  replaces: { revision: 1, localRevision: 0, journalSeq: 0 },
});
const atRack = {
  id: "at-rack",
  kind: "work" as const,
  polygon: [
    [3, -1],
    [5, -1],
    [5, 1],
    [3, 1],
  ] as [number, number][],
};
const zoned = underRules([], { spatial: { ...base.spatial, zones: [atRack] } });
const crawl = ({ robot }: ExecutorBench): void => {
  robot.maxSpeed = 0.05;
};
const HOUR_MS = 3_600_000;

const DURING_A_DRIVE: readonly Scenario[] = [
  { name: "nothing", contract: underRules([]), happens: () => undefined },
  {
    name: "the window's end passes",
    contract: underRules([], window({ notAfter: "2026-01-05T08:00:40.000Z" })),
    happens: crawl,
    code: "window_passed",
  },
  {
    name: "the time that the contract may take is spent",
    contract: underRules([], window({ maxDurationSeconds: 40 })),
    happens: crawl,
    code: "duration_exceeded",
  },
  {
    name: "the battery falls below the floor",
    contract: underRules([]),
    happens: ({ robot }) => (robot.battery = 0.19),
    code: "battery_low",
  },
  {
    name: "the battery will not last until the goal",
    contract: underRules([]),
    happens: ({ robot }) => {
      robot.battery = 0.2001;
    },
    code: "battery_short",
  },
  {
    name: "the wall clock leaps an hour ahead",
    contract: underRules([]),
    happens: ({ clock }) => clock.stepWall(HOUR_MS),
  },
  {
    name: "the wall clock leaps an hour back",
    contract: underRules([]),
    happens: ({ clock }) => clock.stepWall(-HOUR_MS),
  },
  {
    name: "the wall clock falls back to 1970 and is not synced any more",
    contract: underRules([], window({ notAfter: "2026-01-05T08:10:00.000Z" })),
    happens: ({ clock }) => clock.stepWall(-clock.wallMs(), "unsynced"),
  },
  {
    name: "a new revision forbids the zone of the goal",
    contract: zoned,
    happens: (bench, contract) =>
      bench.accept(revised(contract, { constraints: { ...base.constraints, zones: { forbidden: ["at-rack"] } } })),
    code: "zone_forbidden",
  },
  {
    name: "a new revision takes driving out of scope",
    contract: underRules([]),
    happens: (bench, contract) => bench.accept(revised(contract, { scope: { actions: [{ action: "pick" }] } })),
    code: "out_of_scope",
  },
];

describe("while a robot drives", () => {
  it.each(DURING_A_DRIVE)("$name", async ({ contract, happens, code }) => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.pass(1);
    await happens(bench, contract);
    await bench.until(contract, ({ status }) => status === "held" || status === "completed", 120);
    expect(bench.failures).toEqual([]);
    expect(bench.eventsOf("stage.failed").at(0)?.data["code"]).toBe(code);
    expect(bench.state(contract).status).toBe(code === undefined ? "completed" : "held");
    expect(bench.robot.goal).toBeUndefined();
  });

  it("acts before the battery has reached the floor", async () => {
    const contract = underRules([]);
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.battery = 0.27;
    bench.robot.drainPerSecond = 0.01;
    bench.robot.maxSpeed = 0.4;
    await bench.until(contract, ({ status }) => status === "held", 60);
    expect(bench.eventsOf("constraint.violated")[0]?.data).toMatchObject({
      constraint: "battery_short",
      becomes: "battery_low",
    });
    expect(bench.robot.battery).toBeGreaterThan(0.2);
  });
});

describe("before a stage is begun", () => {
  it.each<[what: string, contract: Contract, code: string]>([
    [
      "it is known not to fit into the window",
      underRules([], window({ notAfter: "2026-01-05T08:00:03.000Z" })),
      "time_short",
    ],
    [
      "it is known not to fit into what the contract may take",
      underRules([], window({ maxDurationSeconds: 3 })),
      "time_short",
    ],
  ])("%s, and the robot does not set out", async (_what, contract, code) => {
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, ({ status }) => status === "held", 60);
    expect(bench.eventsOf("stage.failed")[0]?.data["code"]).toBe(code);
    expect(bench.robot.driven).toBe(0);
  });

  it("waits without the cloud for a lease that it fits into", async () => {
    const contract = underRules([]);
    const bench = await ExecutorBench.with(contract);
    bench.link.isOnline = false;
    bench.lease.remainingMs = 5000;
    await bench.pass(10);
    expect(bench.robot.driven).toBe(0);
    expect(bench.state(contract).status).toBe("running");
    bench.lease.remainingMs = 300_000;
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });
});

/** A contract whose second stage, the pick, comes to nothing as often as the hand slips. */
async function slipping(
  contract: Contract,
  slips: number,
  isThere: (state: ContractState) => boolean,
): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  // The hand tries again by itself what it may; what counts here is what the contract says about the rest.
  bench.robot.slips = slips;
  await bench.until(contract, isThere, 600);
  expect(bench.failures).toEqual([]);
  return bench;
}

const ALWAYS = 1000;
const ended = ({ status, holds }: ContractState): boolean =>
  holds.length > 0 || !["accepted", "running"].includes(status);
const strategiesOf = (bench: ExecutorBench): unknown[] =>
  bench.eventsOf("stage.failed").flatMap(({ data }) => data["strategy"] ?? []);
const retry: FailureRule = { when: "true", strategy: "retry", retry: { attempts: 2, backoffSeconds: 4 } };

describe("a failure policy, without the cloud", () => {
  it.each<[strategy: string, contract: Contract, status: string, strategies: string[]]>([
    [
      "retries as often as it says, then goes on to the next rule",
      underRules([retry, { when: "true", strategy: "reassign" }]),
      "released",
      ["retry", "retry", "reassign"],
    ],
    ["lets go of the task and says so", underRules([{ when: "true", strategy: "reassign" }]), "released", ["reassign"]],
    ["calls a human", underRules([{ when: "true", strategy: "escalate" }]), "held", ["escalate"]],
    ["holds", underRules([{ when: "true", strategy: "hold" }]), "held", ["hold"]],
    ["aborts", underRules([{ when: "true", strategy: "abort" }]), "aborted", ["abort"]],
    [
      "takes the first rule that matches",
      underRules([
        { when: "failure.action == 'place'", strategy: "abort" },
        { when: "failure.stageId == 'pick' && !robot.loaded", strategy: "reassign" },
      ]),
      "released",
      ["reassign"],
    ],
    [
      "asks the stage's own rules first",
      underRules([{ when: "true", strategy: "abort" }], {
        stages: base.stages.map((stage) => ({ ...stage, onFailure: [{ when: "true", strategy: "escalate" }] })),
      }),
      "held",
      ["escalate"],
    ],
    ["falls back when no rule matches", underRules([{ when: "false", strategy: "abort" }]), "held", ["escalate"]],
  ])("%s", async (_what, contract, status, strategies) => {
    const bench = await ExecutorBench.with(contract);
    bench.link.isOnline = false;
    bench.robot.slips = ALWAYS;
    await bench.until(contract, ended, 600);
    expect(bench.state(contract).status).toBe(status);
    expect(strategiesOf(bench)).toEqual(strategies);
    expect(bench.robot.movements).toEqual([]);
  });

  it("waits longer before each retry, and never shorter than it says", async () => {
    const bench = await slipping(underRules([retry]), ALWAYS, ended);
    const failed = bench.eventsOf("stage.failed").filter(({ data }) => data["strategy"] === "retry");
    const waits = failed.map(({ monoMs }) => {
      const next = bench.eventsOf("stage.attempt").find((attempt) => attempt.monoMs > monoMs);
      return (next!.monoMs - monoMs) / 1000;
    });
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeGreaterThanOrEqual(4);
    expect(waits[0]).toBeLessThan(6.5);
    expect(waits[1]).toBeGreaterThanOrEqual(8);
    expect(waits[1]).toBeLessThan(12.5);
  });

  it("ends a hold when what it waits for has come true", async () => {
    const contract = underRules([{ when: "true", strategy: "hold", hold: { until: "robot.battery > 0.95" } }]);
    const bench = await slipping(contract, ALWAYS, ended);
    bench.robot.slips = 0;
    await bench.pass(30);
    expect(bench.state(contract).status).toBe("held");
    bench.robot.battery = 1;
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("does not wait for what is there already, however long the failure lasts", async () => {
    const contract = underRules([
      { when: "true", strategy: "hold", hold: { until: "robot.battery > 0.05" } },
      { when: "true", strategy: "escalate" },
    ]);
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.robot.battery = contract.constraints.battery.minimum - 0.05;
    await bench.pass(10);
    expect(bench.failures).toEqual([]);
    expect(strategiesOf(bench)).toEqual(["escalate"]);
    expect(bench.state(contract).status).toBe("held");
  });

  it("comes to its end with all that a contract may ask for, while the failure is there at once each time", async () => {
    const contract = underRules([{ when: "true", strategy: "retry", retry: { attempts: 100, backoffSeconds: 0 } }], {
      assumptions: [{ id: "never", expr: "robot.battery > 2.0", severity: "moderate" }],
    });
    contract.failurePolicy.replanBudget = 100;
    const bench = await ExecutorBench.with(contract);
    bench.link.isOnline = false;
    await bench.until(contract, ended, 600);
    expect(bench.failures).toEqual([]);
    expect(bench.state(contract)).toMatchObject({ status: "held", replans: 100 });
    const times = bench.eventsOf("stage.failed").map(({ monoMs }) => monoMs);
    expect(new Set(times).size).toBeGreaterThan(50);
  });

  it("leaves out as many stages as a contract may have", async () => {
    const stages = Array.from({ length: 200 }, (_, at) => ({
      ...base.stages[0]!,
      stageId: `look-${at}`,
      optional: true,
      toolsRequired: ["telescope"],
    }));
    const contract = underRules([], { stages });
    const bench = await ExecutorBench.with(contract);
    await bench.until(contract, ({ status }) => status === "completed", 60);
    expect(bench.failures).toEqual([]);
    expect(bench.eventsOf("stage.skipped")).toHaveLength(200);
  });

  it("ends a hold when an operator says so", async () => {
    const contract = underRules([{ when: "true", strategy: "hold" }]);
    const bench = await slipping(contract, ALWAYS, ended);
    bench.robot.slips = 0;
    await bench.order("resume", contract);
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("keeps to a hold's deadline over restarts", async () => {
    const contract = underRules([
      { when: "true", strategy: "hold", hold: { deadlineSeconds: 100 } },
      { when: "true", strategy: "reassign" },
    ]);
    const bench = await slipping(contract, ALWAYS, ended);
    for (let life = 0; life < 4; life++) {
      await bench.pass(30);
      await bench.crash();
    }
    const [held] = bench.eventsOf("contract.held");
    const [released] = bench.eventsOf("contract.released");
    expect((released!.monoMs - held!.monoMs) / 1000).toBeCloseTo(100, 0);
  });

  it("goes on to the next rule when a hold's deadline passes", async () => {
    const contract = underRules([
      { when: "true", strategy: "hold", hold: { until: "false", deadlineSeconds: 20 } },
      { when: "true", strategy: "reassign" },
    ]);
    const bench = await slipping(contract, ALWAYS, ({ status }) => status === "released");
    expect(strategiesOf(bench)).toEqual(["hold", "reassign"]);
    const [held] = bench.eventsOf("contract.held");
    const [released] = bench.eventsOf("contract.released");
    expect((released!.monoMs - held!.monoMs) / 1000).toBeCloseTo(20, 0);
  });
});
