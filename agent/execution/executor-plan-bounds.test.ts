import { describe, expect, it } from "vitest";
import type { Contract } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { ExecutorBench } from "./executor-fixture.ts";

const base = exampleContract();
const home = { id: "home", kind: "home", pose: [-8, 0, 0] as [number, number, number] };
const spatial = {
  ...base.spatial,
  landmarks: [...base.spatial.landmarks, home],
  zones: [
    {
      id: "aisle",
      kind: "work" as const,
      polygon: [
        [2, -2],
        [6, -2],
        [6, 2],
        [2, 2],
      ] as [number, number][],
    },
  ],
};
const RETURNING: Contract = exampleContract({
  spatial,
  failurePolicy: { ...base.failurePolicy, offline: "return-home" },
});
/** What the journal says of plans: notices and stages that belong to no contract. */
function plansOf(bench: ExecutorBench): string[] {
  return bench.events.flatMap(({ type, contractId, stageId, data }) => {
    if (type === "notice" && data["kind"] === "work-plan") return [String(data["text"])];
    return contractId === undefined && type.startsWith("stage.") && type !== "stage.progress"
      ? [`${type} ${stageId}`]
      : [];
  });
}

describe("a contract whose lease has ended", () => {
  const ending = exampleContract({ spatial, lease: { durationSeconds: 600, windDownSeconds: 40 } });

  /** In the aisle at the rack, with the load, when the lease ends. */
  async function endInAisle(contract = ending): Promise<ExecutorBench> {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-station");
    bench.lease.endsAtMs = bench.clock.nowMs();
    return bench;
  }

  it("has its robot leave the aisle before it is given up, within the time to wind down", async () => {
    const bench = await endInAisle();
    const endedMs = bench.clock.nowMs();
    await bench.pass(1);
    expect(bench.state(ending).holds).toMatchObject([{ holdId: "lease-ended", by: "constraint" }]);
    await bench.until(ending, ({ status }) => status === "expired", 60);
    expect(plansOf(bench).at(-1)).toBe("stand-aside completed");
    expect(Math.hypot(bench.robot.pose.x - 4, bench.robot.pose.y)).toBeGreaterThan(2);
    expect(bench.clock.nowMs() - endedMs).toBeLessThanOrEqual(40_000);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.eventsOf("contract.expired")[0]?.data).toMatchObject({ loadOnBoard: true });
  });

  it("has it stand before the time to wind down is over, wherever it is by then", async () => {
    const bench = await endInAisle();
    bench.robot.maxSpeed = 0.05;
    const endedMs = bench.clock.nowMs();
    await bench.until(ending, ({ status }) => status === "expired", 60);
    expect(bench.clock.nowMs() - endedMs).toBeLessThanOrEqual(40_000);
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(30);
    expect(bench.robot.goal).toBeUndefined();
  });

  it("goes on when the lease is renewed on the way out", async () => {
    const bench = await endInAisle();
    await bench.pass(3);
    delete bench.lease.endsAtMs;
    await bench.until(ending, ({ status }) => status === "completed");
    expect(bench.state(ending).status).toBe("completed");
    expect(plansOf(bench)).toContain("stand-aside cancelled: its contract goes on or has ended");
  });

  it("stands where it is for an order to stop", async () => {
    const bench = await endInAisle();
    await bench.order("hold", ending);
    await bench.until(ending, ({ status }) => status === "expired", 60);
    expect(plansOf(bench)).toEqual([]);
  });

  it("ends where it stands after a restart, which gains it no time", async () => {
    const bench = await endInAisle();
    await bench.pass(3);
    await bench.crash();
    await bench.pass(2);
    expect(bench.state(ending).status).toBe("expired");
    expect(bench.robot.goal).toBeUndefined();
  });
});

describe("a plan of a contract that sets zones", () => {
  const yard = {
    id: "yard",
    kind: "work" as const,
    polygon: [
      [-9, -1],
      [-7, -1],
      [-7, 1],
      [-9, 1],
    ] as [number, number][],
  };
  const CORRIDOR: [number, number][] = [
    [-2, 8],
    [2, 8],
    [2, 9],
    [-2, 9],
  ];
  const zoned = (zones: Contract["constraints"]["zones"], kind = "staging"): Contract =>
    exampleContract({
      ...RETURNING,
      spatial: {
        ...spatial,
        landmarks: [...spatial.landmarks, { id: "spare", kind, pose: [0, -8, 0] }],
        zones: [...spatial.zones, yard, { ...yard, id: "corridor", polygon: CORRIDOR }],
      },
      constraints: { ...RETURNING.constraints, zones },
    });

  async function goHome(contract: Contract): Promise<ExecutorBench> {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    bench.link.isOnline = false;
    bench.robot.way = "blocked";
    await bench.until(contract, ({ status }) => status === "held", 30);
    bench.robot.way = "free";
    return bench;
  }

  it("goes to no place where the contract forbids to be, but to the next one of its kind", async () => {
    const bench = await goHome(zoned({ forbidden: ["yard"] }));
    await bench.pass(40);
    expect(plansOf(bench)).toContain("return-home completed");
    expect([Math.round(bench.robot.pose.x), Math.round(bench.robot.pose.y)]).toEqual([0, -8]);
  });

  it("stays where it is when there is no such place", async () => {
    const bench = await goHome(zoned({ forbidden: ["yard"] }, "other"));
    await bench.pass(40);
    expect(plansOf(bench)).toEqual([]);
  });

  it("stops when it enters a forbidden zone", async () => {
    const contract = zoned({ forbidden: ["corridor"] });
    const bench = await goHome(contract);
    await bench.pass(3);
    bench.robot.zones = ["corridor"];
    await bench.pass(5);
    expect(bench.robot.goal).toBeUndefined();
    expect(plansOf(bench)).toContain("return-home aborted: zone_forbidden");
  });
});
