import { describe, expect, it } from "vitest";
import type { Contract, Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { reviseLocally, type LocalRevision } from "./local-revision.ts";
import { planOf } from "./plan.ts";
import { AT_RACK, DRIVING, PICKED, PICKING, stateAfter, STARTED, type Told } from "./situation-fixture.ts";

const base = exampleContract();

function contractWith(stages: readonly Partial<Stage>[], landmarks = base.spatial.landmarks): Contract {
  const merged = base.stages.map((stage, at) => ({ ...stage, ...stages[at] }));
  return { ...base, stages: merged, spatial: { ...base.spatial, landmarks } };
}

function revise(
  contract: Contract,
  told: readonly Told[],
  stageId: string,
  code = "no_route",
): LocalRevision | undefined {
  const state = stateAfter(contract, told);
  return reviseLocally(planOf(contract, state), state, { stageId, code });
}

const failed = (stageId: string): Told => [
  "stage.failed",
  stageId,
  { code: "no_route", severity: "moderate", detail: "", attempt: 1 },
];
const SECOND_STATION = [
  ...base.spatial.landmarks,
  { id: "station-2", kind: "station", pose: [4, 3, 0] as [number, number, number] },
];

describe("a revision of the device's own", () => {
  it("does first what does not depend on the failed stage", () => {
    const contract = contractWith([{}, { after: [] }, { after: ["go-to-rack"] }, { after: ["go-to-station", "pick"] }]);
    const revision = revise(contract, [...DRIVING, failed("go-to-rack")], "go-to-rack");
    expect(revision?.stages.map(({ stageId }) => stageId)).toEqual(["pick", "go-to-rack", "go-to-station", "place"]);
    expect(revision?.skipped).toEqual([]);
  });

  it("keeps to the order where every stage waits for the one before it", () => {
    expect(revise(base, [...DRIVING, failed("go-to-rack")], "go-to-rack")).toBeUndefined();
  });

  it("is found at once also where the ways through the stages are many", () => {
    // 2^60 ways from the last layer to the first: nobody can walk them all.
    const layer = (at: number): Stage[] =>
      ["a", "b"].map((side) => ({
        ...base.stages[0]!,
        stageId: `${side}${at}`,
        after: at === 0 ? [] : [`a${at - 1}`, `b${at - 1}`],
      }));
    const contract = exampleContract({ stages: Array.from({ length: 60 }, (_, at) => layer(at)).flat() });
    const revision = revise(contract, [["contract.started"], failed("a0")], "a0");
    expect(revision?.stages.map(({ stageId }) => stageId).slice(0, 4)).toEqual(["b0", "a0", "a1", "b1"]);
    expect(revise(contract, [["contract.started"], failed("b59")], "b59")).toBeUndefined();
  });

  it("takes the next alternative of the stage", () => {
    const contract = contractWith([{ alternatives: [{ inputs: { to: [4, 0.2, 0] } }] }]);
    const told = [...DRIVING, failed("go-to-rack")];
    expect(revise(contract, told, "go-to-rack")?.stages[0]).toEqual({
      stageId: "go-to-rack",
      action: "navigate",
      changes: { action: "navigate", inputs: { to: [4, 0.2, 0] }, alternative: 0 },
    });
    const fixed: Told = ["fix.attempted", "go-to-rack", { fix: "alternative", n: 1, changes: { alternative: 0 } }];
    expect(revise(contract, [...told, fixed], "go-to-rack")).toBeUndefined();
  });

  it("leaves out a stage that is optional", () => {
    const contract = contractWith([{ optional: true }]);
    const revision = revise(contract, [...DRIVING, failed("go-to-rack")], "go-to-rack");
    expect(revision).toMatchObject({ skipped: ["go-to-rack"] });
    expect(revision?.stages.map(({ stageId }) => stageId)).toEqual(["pick", "go-to-station", "place"]);
  });

  it("leaves out other optional stages when there is too little of something", () => {
    const contract = contractWith([{}, {}, {}, { optional: true }]);
    expect(revise(contract, [...DRIVING, failed("go-to-rack")], "go-to-rack", "energy_short")?.skipped).toEqual([
      "place",
    ]);
  });

  it("goes to another landmark of the same kind, and sets down there", () => {
    const contract = contractWith([], SECOND_STATION);
    const told: Told[] = [
      ...PICKED,
      ["stage.started", "go-to-station", { action: "navigate" }],
      failed("go-to-station"),
    ];
    const revision = revise(contract, told, "go-to-station");
    expect(revision?.stages).toMatchObject([
      { stageId: "go-to-station", changes: { inputs: { to: "station-2" } } },
      { stageId: "place", changes: { inputs: { to: "station-2" } } },
    ]);
  });

  it("does not take goods from another rack than the one they are in", () => {
    const landmarks = [
      ...base.spatial.landmarks,
      { id: "rack-2", kind: "rack", pose: [4, 3, 0] as [number, number, number] },
    ];
    expect(revise(contractWith([], landmarks), [...DRIVING, failed("go-to-rack")], "go-to-rack")).toBeUndefined();
  });

  it.each(["load_lost", "pose_implausible", "battery_low", "window_passed"])("is none against %s", (code) => {
    const contract = contractWith([{ optional: true }]);
    expect(revise(contract, [...STARTED, failed("go-to-rack")], "go-to-rack", code)).toBeUndefined();
  });

  it("does not plan again what had its effect", () => {
    const contract = contractWith([{}, { optional: true }]);
    const told: Told[] = [...PICKING, ["stage.verified", "pick", { n: 1, answer: "done" }], failed("pick")];
    expect(revise(contract, told, "pick")).toBeUndefined();
    expect(revise(contract, [...AT_RACK, failed("pick")], "pick")?.skipped).toEqual(["pick"]);
  });
});

describe("the plan in force", () => {
  it("is the contract until something has changed", () => {
    expect(planOf(base, stateAfter(base, DRIVING))).toBe(base);
  });

  it("has the stages in their new order, each still waiting for what the contract says", () => {
    const stages = ["pick", "go-to-rack"].map((stageId) => ({
      stageId,
      action: stageId === "pick" ? "pick" : "navigate",
    }));
    const state = stateAfter(base, [
      ...STARTED,
      ["replan.adopted", undefined, { by: "device", localRevision: 1, stages }],
    ]);
    const plan = planOf(base, state);
    expect(plan.stages.find(({ stageId }) => stageId === "pick")?.after).toEqual(["go-to-rack"]);
    expect(plan.stages.findIndex(({ stageId }) => stageId === "pick")).toBeLessThan(
      plan.stages.findIndex(({ stageId }) => stageId === "go-to-rack"),
    );
  });

  it("asks an alternative for its own tools, and another alternative for the contract's action", () => {
    const contract = contractWith([
      { alternatives: [{ action: "wait", inputs: { seconds: 1 } }, { inputs: { to: "station" } }] },
    ]);
    const changes = { action: "wait", inputs: { seconds: 1 }, alternative: 0 };
    const state = stateAfter(contract, [
      ...DRIVING,
      ["fix.attempted", "go-to-rack", { fix: "alternative", n: 1, changes }],
    ]);
    const [stage] = planOf(contract, state).stages;
    expect(stage).toMatchObject({ action: "wait", inputs: { seconds: 1 }, toolsRequired: [] });
    expect(stage?.alternatives?.[1]).toEqual({ action: "navigate", inputs: { to: "station" } });
  });
});
