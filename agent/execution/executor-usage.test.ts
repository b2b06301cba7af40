import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { ExecutorBench, RETRY_THEN_REASSIGN } from "./executor-fixture.ts";

const contract = exampleContract({ failurePolicy: RETRY_THEN_REASSIGN });
const DRAIN_PER_SECOND = 0.001;

/** What the drive to the rack, 4 m away, is said to have taken. */
function usageOf(bench: ExecutorBench): Record<string, unknown> {
  const [first] = bench.eventsOf("stage.completed");
  expect(first?.stageId).toBe("go-to-rack");
  return first!.data;
}

describe("a completed stage", () => {
  it("says what it took, in metres and in energy, and what drove its tools", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.robot.drainPerSecond = DRAIN_PER_SECOND;
    await bench.until(contract, ({ stages }) => stages[0]?.status === "completed", 60);
    const data = usageOf(bench) as { distance: number; batteryUsed: number; energyWh: number };
    expect(data).toMatchObject({ attempts: 1, toolVersions: { base: "simulated, holdfast/test" } });
    expect(data.distance).toBeCloseTo(4, 0);
    expect(data.batteryUsed).toBeGreaterThan(0.003);
    expect(data.energyWh).toBeCloseTo(data.batteryUsed * 960);
  });

  it.each<
    [
      what: string,
      disturb: (bench: ExecutorBench) => Promise<unknown>,
      recover: (bench: ExecutorBench) => Promise<unknown>,
    ]
  >([
    ["a hold", (bench) => bench.order("hold", contract), (bench) => bench.order("resume", contract)],
    [
      "a failure",
      async ({ robot }) => {
        robot.battery = 0.1;
      },
      async ({ robot }) => {
        robot.battery = 0.9;
      },
    ],
  ])("counts the way of all its attempts, also those that ended with %s", async (_what, disturb, recover) => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    await bench.pass(2);
    await disturb(bench);
    await bench.pass(1);
    await recover(bench);
    await bench.until(contract, ({ stages }) => stages[0]?.status === "completed", 60);
    const data = usageOf(bench);
    expect(data["attempts"]).toBe(2);
    expect(data["distance"]).toBeCloseTo(4, 0);
  });

  it("counts also what an attempt took that a crash ended, up to its last word", async () => {
    const bench = await ExecutorBench.with(contract);
    bench.robot.maxSpeed = 0.5;
    await bench.untilStage(contract, "go-to-rack");
    await bench.until(contract, ({ stages }) => (stages[0]?.used?.distance ?? 0) > 1);
    const told = bench.state(contract).stages[0]!.used!.distance;
    await bench.crash();
    const left = 4 - bench.robot.pose.x;
    await bench.until(contract, ({ stages }) => stages[0]?.status === "completed", 60);
    expect(usageOf(bench)["distance"]).toBeCloseTo(told + left, 0);
  });
});
