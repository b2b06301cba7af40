import { describe, expect, it } from "vitest";
import {
  accepted,
  attempted,
  completed,
  CONTRACT,
  failed,
  held,
  journal,
  type Line,
  movement,
  resumed,
  stageStarted,
  STARTED,
} from "./example-journal.ts";
import { emptyDevice, foldEvents, stageOf } from "./reducer.ts";
import type { ContractState } from "./state.ts";

function contractAfter(...lines: Line[]): ContractState {
  return foldEvents(emptyDevice("i-1"), journal([accepted(), ...lines])).contracts[CONTRACT]!;
}

describe("holds", () => {
  it("let the contract run on only when none is left", () => {
    const holds: readonly Line[] = [STARTED, held("h1", "cloud"), held("h2", "safety")];
    expect(contractAfter(...holds).status).toBe("held");
    expect(contractAfter(...holds, resumed("h1", "cloud"))).toMatchObject({
      status: "held",
      holds: [{ holdId: "h2" }],
    });
    expect(contractAfter(...holds, resumed("h1", "cloud"), resumed("h2", "safety"))).toMatchObject({
      status: "running",
      holds: [],
    });
  });

  it("are cleared by their owner only", () => {
    expect(contractAfter(STARTED, held("h1", "safety"), resumed("h1", "cloud")).status).toBe("held");
  });

  it("count once, however often they are placed", () => {
    expect(contractAfter(STARTED, held("h1", "cloud"), held("h1", "cloud"), resumed("h1", "cloud")).status).toBe(
      "running",
    );
  });

  it("placed before the start lead back to accepted", () => {
    expect(contractAfter(held("h1", "console")).status).toBe("held");
    expect(contractAfter(held("h1", "console"), resumed("h1", "console"))).toMatchObject({
      status: "accepted",
      isStarted: false,
    });
  });

  it("end with the contract", () => {
    expect(contractAfter(held("h1", "cloud"), { type: "contract.aborted", data: { reason: "policy" } })).toMatchObject({
      status: "aborted",
      holds: [],
      endReason: "policy",
    });
  });
});

describe("stages", () => {
  it("go from started to completed with their output and times", () => {
    const contract = contractAfter(STARTED, stageStarted("go"), completed("go"));
    expect(stageOf(contract, "go")).toEqual({
      stageId: "go",
      action: "navigate",
      isOptional: false,
      status: "completed",
      attempts: 0,
      retries: 0,
      fixes: {},
      output: { done: "go" },
      startedAt: "2026-01-05T08:00:03.000Z",
      startedMonoMs: 3000,
      endedAt: "2026-01-05T08:00:04.000Z",
    });
    expect(contract.distance).toBe(2.5);
  });

  it("count attempts and forget the verdict on the one before", () => {
    const verified: Line = { type: "stage.verified", stageId: "pick", data: { n: 1, answer: "not-done" } };
    const contract = contractAfter(STARTED, stageStarted("pick"), attempted("pick", 1), verified);
    expect(stageOf(contract, "pick")).toMatchObject({ attempts: 1, lastKey: "pick-1", verified: "not-done" });
    const again = contractAfter(STARTED, stageStarted("pick"), attempted("pick", 1), verified, attempted("pick", 2));
    expect(stageOf(again, "pick")).toMatchObject({ attempts: 2, lastKey: "pick-2" });
    expect(stageOf(again, "pick")?.verified).toBeUndefined();
  });

  it("take a verdict for the attempt under way only", () => {
    const late: Line = { type: "stage.verified", stageId: "pick", data: { n: 1, answer: "done" } };
    const contract = contractAfter(STARTED, attempted("pick", 1), attempted("pick", 2), late);
    expect(stageOf(contract, "pick")?.verified).toBeUndefined();
  });

  it("may fail, be tried again, and count the retries that the policy spent", () => {
    const twice = contractAfter(STARTED, stageStarted("go"), failed("go", "retry"), stageStarted("go"), failed("go"));
    expect(stageOf(twice, "go")).toMatchObject({ status: "failed", failure: "timeout", retries: 1 });
    const done = contractAfter(STARTED, stageStarted("go"), failed("go", "retry"), stageStarted("go"), completed("go"));
    expect(stageOf(done, "go")).toMatchObject({ status: "completed", startedAt: "2026-01-05T08:00:03.000Z" });
  });

  it("that are completed stay so, and are counted once", () => {
    const contract = contractAfter(STARTED, completed("go"), failed("go"), stageStarted("go"), completed("go"));
    expect(stageOf(contract, "go")?.status).toBe("completed");
    expect(contract.distance).toBe(2.5);
  });

  it("that are skipped stay so", () => {
    const skipped: Line = { type: "stage.skipped", stageId: "look", data: { reason: "optional" } };
    expect(stageOf(contractAfter(STARTED, skipped, stageStarted("look")), "look")?.status).toBe("skipped");
  });

  it("are folded after the contract ended, too: what was done was done", () => {
    const contract = contractAfter(STARTED, { type: "contract.cancelled", data: { reason: "cloud" } }, completed("go"));
    expect(contract.status).toBe("cancelled");
    expect(stageOf(contract, "go")?.status).toBe("completed");
  });
});

describe("plans", () => {
  const NEW = [
    { stageId: "detour", action: "navigate" },
    { stageId: "pick", action: "pick" },
  ];

  it("of a higher revision replace what was not begun", () => {
    const contract = contractAfter(STARTED, completed("go"), { ...accepted(NEW), revision: 2 });
    expect(contract).toMatchObject({ revision: 2, localRevision: 0, status: "running" });
    expect(contract.stages.map(({ stageId, status }) => [stageId, status])).toEqual([
      ["go", "completed"],
      ["detour", "pending"],
      ["pick", "pending"],
    ]);
  });

  it("keep a started stage, also where they name it", () => {
    const contract = contractAfter(STARTED, attempted("pick", 1), { ...accepted(NEW), revision: 2 });
    expect(contract.stages.map(({ stageId, status, attempts }) => [stageId, status, attempts])).toEqual([
      ["detour", "pending", 0],
      ["pick", "started", 1],
    ]);
  });

  it("count the attempts of a failed stage on", () => {
    const contract = contractAfter(STARTED, attempted("pick", 1), failed("pick", "retry"), {
      type: "replan.adopted",
      data: { by: "device", localRevision: 1, stages: NEW },
    });
    expect(stageOf(contract, "pick")).toMatchObject({ status: "pending", attempts: 1, retries: 0 });
    expect(contract).toMatchObject({ revision: 1, localRevision: 1, replans: 1 });
  });

  it("of the same or a lower revision, of another task, or for an ended contract change nothing", () => {
    const before = contractAfter(STARTED);
    const same = contractAfter(STARTED, accepted(NEW));
    const foreign = contractAfter(STARTED, { ...accepted(NEW, { taskId: "task-2" }), revision: 2 });
    for (const after of [same, foreign]) expect({ ...after, lastSeq: before.lastSeq }).toEqual(before);
    const ended = contractAfter(
      STARTED,
      { type: "contract.failed", data: { reason: "x" } },
      { ...accepted(NEW), revision: 2 },
    );
    expect(ended).toMatchObject({ status: "failed", revision: 1 });
  });
});

describe("movements", () => {
  it("load by PICK and unload by PUT", () => {
    expect(contractAfter(movement("PICK", "A", 2), movement("PICK", "B", 1), movement("PUT", "A", 1)).load).toEqual({
      A: 1,
      B: 1,
    });
  });

  it("leave nothing behind when they cancel out, not even dust of rounding", () => {
    const load = [0.1, 0.2].map((qty) => movement("PICK", "A", qty));
    expect(contractAfter(...load, movement("PUT", "A", 0.3)).load).toEqual({});
  });

  it("of other kinds move nothing on board", () => {
    expect(contractAfter(movement("ADJUST", "A", 5)).load).toEqual({});
  });

  it("take any text as sku", () => {
    const load = contractAfter(movement("PICK", "__proto__", 1), movement("PICK", "__proto__", 1)).load;
    expect(Object.entries(load)).toEqual([["__proto__", 2]]);
  });
});
