import { expect } from "vitest";
import { DEFAULT_POLICIES, type Policies } from "#agent/core/policies";
import type { ExecutorBench } from "#agent/execution/executor-fixture";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import type { ContractState } from "#contract/state";
import type { ContractStatus } from "#contract/status";

/** A contract, the robot and the world that it meets, and what comes of it: the lives in which an agent is killed. */
export interface Life {
  readonly name: string;
  readonly contract: Contract;
  readonly policies?: Partial<Policies>;
  readonly end: ContractStatus;
  /** What the robot and the world are like. */
  readonly prepare?: (bench: ExecutorBench) => void;
  /** What happens in the world meanwhile. */
  readonly during?: (bench: ExecutorBench, state: ContractState) => void;
  /** What a life without a crash has gone through. */
  readonly check: (bench: ExecutorBench) => void;
  readonly expected: object;
}

const base = exampleContract();
const [toRack, pick, toStation, place] = base.stages as [Stage, Stage, Stage, Stage];
const scan = { toolsRequired: ["scanner"], action: "scan", validation: [], timeoutSeconds: 60 };
const actions = ["navigate", "scan", "pick", "wait", "place"].map((action) => ({ action }));

/** What every life leaves behind that ends well. */
const WELL = { failures: [], load: {}, lost: [], gaps: [] };
const CARRIED = { effects: ["pick 1 SKU-7890", "place 1 SKU-7890"], movements: ["PICK", "PUT"] };

/**
 * All kinds of stages, and all that can become of one: the way to the rack needs an alternative, a label that is not there
 * is left out by a new plan, the first pick slips, a wait is long enough to be saved in its middle, and the station cannot
 * be reached, so that a new plan leads to another one.
 */
export const EVERY_KIND: Life = {
  name: "every kind of stage",
  contract: exampleContract({
    stages: [
      { ...toRack, alternatives: [{ inputs: { to: [4, 0.5, 0] } }] },
      { ...scan, stageId: "look", goal: "See whether it is marked", inputs: { expect: "CODE-2" }, optional: true },
      { ...scan, stageId: "check", goal: "Be at the right shelf", inputs: { expect: "CODE-1" } },
      pick,
      { ...place, stageId: "rest", action: "wait", inputs: { seconds: 40 }, toolsRequired: [], validation: [] },
      toStation,
      place,
    ],
    scope: { actions },
    spatial: {
      ...base.spatial,
      landmarks: [...base.spatial.landmarks, { id: "station-2", kind: "station", pose: [-4, -3, 0] }],
    },
    failurePolicy: { rules: [], fallback: "abort", replanBudget: 5, offline: "finish" },
  }),
  policies: {
    localFixes: {
      ...DEFAULT_POLICIES.localFixes,
      navigate: [{ fix: "alternative" as const }],
      pick: [{ fix: "retry" as const, attempts: 2, baseSeconds: 1 }],
      scan: [{ fix: "retry" as const, attempts: 1 }],
    },
  },
  end: "completed",
  prepare: ({ robot }) => {
    robot.slips = 1;
    const closed = new Set(base.spatial.landmarks.slice(0, 2).map(({ pose }) => String(pose.slice(0, 2))));
    robot.isClosed = ({ x, y }) => closed.has(String([x, y]));
  },
  check: (bench) => {
    expect(bench.eventsOf("fix.attempted").map(({ stageId, data }) => [stageId, data["fix"]])).toEqual([
      ["go-to-rack", "alternative"],
      ["look", "retry"],
      ["pick", "retry"],
    ]);
    expect(bench.eventsOf("replan.adopted")).toHaveLength(2);
    expect(bench.eventsOf("stage.progress").map(({ data }) => data["checkpoint"])).toContainEqual({ waitedMs: 30_000 });
  },
  expected: {
    ...WELL,
    ...CARRIED,
    status: "completed",
    stages: ["go-to-rack", "look", "check", "pick", "rest", "go-to-station", "place"].map(
      (stageId) => `${stageId} ${stageId === "look" ? "skipped" : "completed"}`,
    ),
    completed: ["check", "go-to-rack", "go-to-station", "pick", "place", "rest"],
    at: [-4, -3],
  },
};

/**
 * Branches: a scan beside a drive, a second drive that waits for the base, a scan that fails and is tried again while the
 * others pause, and a pick that joins them all.
 */
export const BRANCHES: Life = {
  name: "branches side by side",
  contract: exampleContract({
    stages: [
      { ...toStation, stageId: "go-first", after: [] },
      { ...scan, stageId: "read", goal: "Read beside the drive", inputs: {}, after: [] },
      { ...toRack, stageId: "go-next", after: [] },
      { ...pick, after: ["go-first", "read", "go-next"] },
      { ...toStation, stageId: "go-back", after: ["pick"] },
      { ...scan, stageId: "read-again", goal: "Read on the way back", inputs: {}, after: ["pick"] },
      { ...place, after: ["go-back", "read-again"] },
    ],
    scope: { actions },
    failurePolicy: {
      rules: [{ when: "true", strategy: "retry", retry: { attempts: 3, backoffSeconds: 2 } }],
      fallback: "escalate",
      replanBudget: 0,
      offline: "finish",
    },
  }),
  policies: { localFixes: {} },
  end: "completed",
  prepare: ({ robot }) => {
    robot.misreads = 1;
  },
  check: (bench) => {
    const failed = bench.eventsOf("stage.failed").map(({ stageId }) => stageId);
    expect(failed).toEqual(["read"]);
    const paused = bench.eventsOf("stage.verified").map(({ stageId, data }) => [stageId, data["answer"]]);
    expect(paused).toEqual([["go-first", "not-done"]]);
  },
  expected: {
    ...WELL,
    ...CARRIED,
    status: "completed",
    stages: ["go-first", "read", "go-next", "pick", "go-back", "read-again", "place"].map(
      (stageId) => `${stageId} completed`,
    ),
    completed: ["go-back", "go-first", "go-next", "pick", "place", "read", "read-again"],
    at: [-4, 3],
  },
};

/** The station cannot be reached: the contract is aborted, and a plan of its own puts the load back and leaves the aisle. */
export const ABORTED: Life = {
  name: "an abort with a load",
  contract: exampleContract({
    spatial: {
      ...base.spatial,
      landmarks: [...base.spatial.landmarks, { id: "home", kind: "home", pose: [0, -4, 0] }],
      zones: [
        {
          id: "aisle",
          kind: "work",
          polygon: [
            [2, -2],
            [6, -2],
            [6, 2],
            [2, 2],
          ],
        },
      ],
    },
    failurePolicy: { rules: [], fallback: "abort", replanBudget: 0, offline: "finish" },
    assumptions: [],
  }),
  policies: { localFixes: {} },
  end: "aborted",
  prepare: ({ robot }) => {
    const [, station] = base.spatial.landmarks;
    robot.isClosed = ({ x, y }) => x === station!.pose[0] && y === station!.pose[1];
  },
  check: (bench) => {
    const texts = bench.eventsOf("notice").map(({ data }) => data["text"]);
    expect(texts).toEqual(expect.arrayContaining(["wind-down started", "wind-down completed"]));
  },
  expected: {
    ...WELL,
    ...CARRIED,
    status: "aborted",
    stages: ["go-to-rack completed", "pick completed", "go-to-station failed", "place pending"],
    completed: ["go-to-rack", "pick"],
    at: [0, -4],
  },
};
