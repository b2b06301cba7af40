import { describe, expect, it } from "vitest";
import type { Contract, Severity } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const base = exampleContract();

/** Held by the policy when nothing else helps, so that a pause is told from an end. */
const POLICY: Contract["failurePolicy"] = { rules: [], fallback: "escalate", replanBudget: 0, offline: "finish" };

function assuming(severity: Severity, expr = "robot.battery > 0.95"): Contract {
  return exampleContract({ assumptions: [{ id: "full", expr, severity }], failurePolicy: POLICY });
}

function judging(severities: Record<string, Severity>, more: Partial<Contract> = {}): Contract {
  return exampleContract({ failurePolicy: { ...POLICY, severities }, ...more });
}

async function run(contract: Contract, seconds = 120): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  await bench.until(contract, ({ status }) => status !== "accepted" && status !== "running", seconds);
  expect(bench.failures).toEqual([]);
  return bench;
}

describe("an assumption that does not hold (document 4, section 6.5)", () => {
  it("is logged when trivial, and work continues at full speed", async () => {
    const bench = await run(assuming("trivial"));
    expect(bench.state(base).status).toBe("completed");
    expect(bench.eventsOf("assumption.drifted")[0]?.data).toMatchObject({ assumptionId: "full", severity: "trivial" });
    expect(bench.robot.topSpeed).toBeCloseTo(1);
  });

  it("is adjusted to when minor: work continues, slower", async () => {
    const contract = { ...assuming("minor"), constraints: { ...base.constraints, maxSpeed: 1 } };
    const bench = await run(contract);
    expect(bench.state(base).status).toBe("completed");
    expect(bench.robot.topSpeed).toBeCloseTo(0.5);
  });

  it.each(["moderate", "major"] as const)("is given to the policy when %s and nothing else helps", async (severity) => {
    const bench = await run(assuming(severity));
    expect(bench.state(base).status).toBe("held");
    expect(bench.eventsOf("stage.failed")[0]?.data).toMatchObject({ code: "assumption_drifted", severity });
    expect(bench.robot.driven).toBe(0);
  });

  it("halts the work, tells a human and aborts when critical", async () => {
    const bench = await run(assuming("critical"));
    expect(bench.state(base)).toMatchObject({ status: "aborted", endReason: "assumption_drifted" });
    expect(bench.eventsOf("exception")[0]?.data).toMatchObject({ code: "assumption_drifted", severity: "URGENT" });
    expect(bench.robot.driven).toBe(0);
  });

  it("is also noticed when it ceases to hold during a stage", async () => {
    const contract = assuming("critical", "robot.pose.x < 2");
    const bench = await run(contract);
    expect(bench.state(base).status).toBe("aborted");
    expect(bench.robot.movements).toEqual([]);
  });
});

describe("an outcome that is not what was asked for", () => {
  const wrongOutput = (severity: Severity): Contract => {
    const [drive, ...others] = base.stages;
    const validation = [{ expr: "output.error < 0", message: "impossible" }];
    return judging({ validation_failed: severity }, { stages: [{ ...drive!, validation }, ...others] });
  };

  it.each(["trivial", "minor"] as const)("is noted and worked on with when %s", async (severity) => {
    const bench = await run(wrongOutput(severity));
    expect(bench.state(base).status).toBe("completed");
    expect(bench.eventsOf("notice").filter(({ data }) => data["kind"] === "deviation")).toMatchObject([
      { stageId: "go-to-rack", data: { code: "validation_failed", severity } },
    ]);
  });

  it("halts the work when critical", async () => {
    const bench = await run(wrongOutput("critical"));
    expect(bench.state(base).status).toBe("aborted");
  });
});

describe("a constraint that does not hold", () => {
  const late = (severities: Record<string, Severity>): Contract =>
    judging(severities, {
      constraints: { ...base.constraints, maxSpeed: 1, window: { maxDurationSeconds: 8 } },
    });

  it("stops the work as the device's table says", async () => {
    const bench = await run(late({}));
    expect(bench.state(base).status).toBe("held");
  });

  it.each(["trivial", "minor"] as const)("is journaled once when it is %s to the contract", async (severity) => {
    const bench = await run(late({ duration_exceeded: severity }));
    expect(bench.state(base).status).toBe("completed");
    expect(bench.eventsOf("constraint.violated").map(({ data }) => [data["constraint"], data["severity"]])).toEqual([
      ["duration_exceeded", severity],
    ]);
  });
});
