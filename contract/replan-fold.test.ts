import { describe, expect, it } from "vitest";
import {
  accepted,
  attempted,
  completed,
  CONTRACT,
  failed,
  fixed,
  journal,
  type Line,
  replanAdopted,
  replanRefused,
  replanRequested,
  STAGES,
  stageStarted,
  STARTED,
} from "./example-journal.ts";
import { emptyDevice, foldEvents, stageOf } from "./reducer.ts";
import type { ContractState, StageState } from "./state.ts";

function contractAfter(...lines: Line[]): ContractState {
  return foldEvents(emptyDevice("i-1"), journal([accepted(), STARTED, ...lines])).contracts[CONTRACT]!;
}

function stageAfter(stageId: string, ...lines: Line[]): StageState {
  return stageOf(contractAfter(...lines), stageId)!;
}

describe("a request for new remaining stages", () => {
  it("counts against the budget and stays open with its cause", () => {
    const contract = contractAfter(replanRequested("pick", "r1"));
    expect(contract).toMatchObject({ replans: 1, replan: { requestId: "r1", stageId: "pick", code: "no_route" } });
  });

  it.each<[string, Line]>([
    ["a revision of the device", replanAdopted(STAGES)],
    ["a revision of the cloud", { ...accepted(), revision: 2 }],
    ["the device's word that it has no way", replanRefused("device", "r1")],
    ["the end of the contract", { type: "contract.cancelled", data: { reason: "cancelled" } }],
  ])("ends with %s, and was counted once", (_name, line) => {
    const contract = contractAfter(replanRequested("pick", "r1"), line);
    expect(contract.replan).toBeUndefined();
    expect(contract.replans).toBe(1);
  });

  it("stays open when the cloud has no plan, so that the device looks for one", () => {
    const contract = contractAfter(replanRequested("pick", "r1"), replanRefused("cloud", "r1"));
    expect(contract.replan).toMatchObject({ requestId: "r1", refusal: "unsupported" });
  });

  it("is not touched by a refusal of something else", () => {
    const open = contractAfter(replanRequested("pick", "r1"));
    const stale: Line = { type: "replan.refused", data: { reason: "stale" } };
    for (const line of [stale, replanRefused("device", "r0")]) {
      expect(contractAfter(replanRequested("pick", "r1"), line).replan).toEqual(open.replan);
    }
  });

  it("has no time on the clock of a new boot", () => {
    const boot: Line = { type: "boot", data: { start: "cold", bootId: "b", software: "1", incarnation: "i-1" } };
    expect(contractAfter(replanRequested("pick", "r1"), boot).replan).not.toHaveProperty("monoMs");
  });
});

describe("a local fix", () => {
  it("is counted by its name and says how the stage is done from now on", () => {
    const changes = { action: "scan", inputs: { expect: "x" }, alternative: 0 };
    const stage = stageAfter("go", failed("go"), fixed("go", "retry", 1), fixed("go", "alternative", 1, changes));
    expect(stage).toMatchObject({ fixes: { retry: 1, alternative: 1 }, action: "scan", changes });
  });

  it("keeps what an earlier one has changed unless it changes the same thing", () => {
    const lines = [
      fixed("go", "slower", 1, { speedShare: 0.5 }),
      fixed("go", "other-approach", 1, { goalShift: [0.1, 0] }),
    ];
    expect(stageAfter("go", ...lines).changes).toEqual({ speedShare: 0.5, goalShift: [0.1, 0] });
  });

  it("of a stage that is over changes nothing", () => {
    const done = [stageStarted("go"), attempted("go", 1), completed("go")];
    expect(stageAfter("go", ...done, fixed("go", "slower", 1, { speedShare: 0.5 }))).toEqual(stageAfter("go", ...done));
  });
});

describe("a revision", () => {
  it("gives a stage its fixes back, its attempts not, and says how it is done", () => {
    const changes = { inputs: { to: "rack-2" }, after: [] };
    const again = { stageId: "go", action: "navigate", changes };
    const before = [stageStarted("go"), attempted("go", 1), failed("go"), fixed("go", "retry", 1)];
    const stage = stageAfter("go", ...before, replanRequested("go", "r1"), replanAdopted([again]));
    expect(stage).toMatchObject({ status: "pending", attempts: 1, fixes: {}, changes });
  });

  it("does not plan again what had its effect, although its outcome was wrong", () => {
    const happened: Line = { type: "stage.verified", stageId: "pick", data: { n: 1, answer: "done" } };
    const lines = [stageStarted("pick"), attempted("pick", 1), happened, failed("pick"), replanAdopted(STAGES)];
    expect(stageAfter("pick", ...lines)).toMatchObject({ status: "failed", verified: "done", attempts: 1 });
  });

  it("keeps what was left out, as history", () => {
    const skipped: Line = { type: "stage.skipped", stageId: "look", data: { reason: "no need" } };
    expect(stageAfter("look", skipped, replanAdopted(STAGES.slice(0, 2))).status).toBe("skipped");
  });
});
