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
const ABORTING: Contract = exampleContract({
  spatial,
  failurePolicy: { rules: [], fallback: "abort", replanBudget: 0, offline: "finish" },
  assumptions: [],
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

async function driveOffline(): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(RETURNING);
  await bench.untilStage(RETURNING, "go-to-rack");
  bench.robot.way = "blocked";
  bench.link.isOnline = false;
  await bench.until(RETURNING, ({ status }) => status === "held", 30);
  bench.robot.way = "free";
  return bench;
}

describe("a contract that wants its robot home without the cloud", () => {
  it("drives it there by a plan of its own, in the words of a contract's stages but of none", async () => {
    const bench = await driveOffline();
    await bench.pass(30);
    expect(bench.robot.pose.x).toBeCloseTo(-8, 0);
    expect(plansOf(bench)).toEqual([
      "return-home started",
      "stage.started drive-home",
      "stage.attempt drive-home",
      "stage.completed drive-home",
      "return-home completed",
    ]);
    expect(bench.state(RETURNING).status).toBe("held");
    expect(Object.keys(bench.journal.state().contracts)).toEqual([RETURNING.contractId]);
  });

  it("goes on when the link is back, also on the way home", async () => {
    const bench = await driveOffline();
    await bench.pass(3);
    expect(bench.robot.goal?.pose.x).toBe(-8);
    bench.link.isOnline = true;
    await bench.until(RETURNING, ({ status }) => status === "completed");
    expect(plansOf(bench)).toContain("return-home cancelled: its contract goes on or has ended");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
    expect(bench.failures).toEqual([]);
  });

  it("stops on the way home for an order, and for the robot's own health", async () => {
    const bench = await driveOffline();
    await bench.pass(2);
    bench.safety.pressEstop("pressed");
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(5);
    bench.safety.releaseEstop();
    await bench.pass(5);
    expect(bench.robot.goal?.pose.x).toBe(-8);
    await bench.order("hold", RETURNING);
    await bench.pass(30);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.robot.pose.x).toBeGreaterThan(-7);
  });

  it("does not drive on after a restart", async () => {
    const bench = await driveOffline();
    await bench.pass(2);
    await bench.crash();
    await bench.pass(60);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.state(RETURNING)).toMatchObject({ status: "held", holds: [{ holdId: "offline" }] });
    bench.link.isOnline = true;
    await bench.until(RETURNING, ({ status }) => status === "completed");
    expect(bench.state(RETURNING).status).toBe("completed");
  });
});

/** Holds the load, has left the rack, and can't get on. */
async function failWithLoad(contract: Contract): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  await bench.untilStage(contract, "go-to-station");
  bench.robot.way = "no-route";
  await bench.until(contract, ({ status }) => status === "held" || status === "aborted", 300);
  bench.robot.way = "free";
  return bench;
}

describe("a contract that holds until its battery is full", () => {
  const charger = { id: "dock", kind: "charger", pose: [0, -6, 0] as [number, number, number] };
  const waiting = exampleContract({
    spatial: { ...base.spatial, landmarks: [...base.spatial.landmarks, charger] },
    failurePolicy: {
      rules: [{ when: "true", strategy: "hold", hold: { until: "robot.battery > 0.8" } }],
      fallback: "abort",
      replanBudget: 0,
      offline: "finish",
    },
  });

  it("has its robot drive to a charger meanwhile, and goes on from there", async () => {
    const bench = await ExecutorBench.with(waiting);
    await bench.untilStage(waiting, "go-to-rack");
    bench.robot.battery = 0.19;
    await bench.pass(30);
    expect(bench.robot.pose.y).toBeCloseTo(-6, 0);
    expect(plansOf(bench)).toContain("recharge completed");
    bench.robot.battery = 0.9;
    await bench.until(waiting, ({ status }) => status === "completed");
    expect(bench.state(waiting).status).toBe("completed");
    expect(bench.failures).toEqual([]);
  });
});

describe("a contract that is aborted", () => {
  it("first puts the load down where that is allowed, leaves the aisle, and then ends without it", async () => {
    const bench = await failWithLoad(ABORTING);
    expect(bench.state(ABORTING).status).toBe("held");
    await bench.until(ABORTING, ({ status }) => status === "aborted", 120);
    expect(bench.state(ABORTING)).toMatchObject({ status: "aborted", load: {} });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
    expect(
      bench.eventsOf("movement").map(({ contractId, data }) => [contractId, data["kind"], data["to_location"]]),
    ).toEqual([
      [ABORTING.contractId, "PICK", undefined],
      [ABORTING.contractId, "PUT", "rack.shelf-3"],
    ]);
    expect(bench.eventsOf("contract.aborted")[0]?.data).toMatchObject({ reason: "no_route", loadOnBoard: false });
    expect(Math.hypot(bench.robot.pose.x - 4, bench.robot.pose.y)).toBeGreaterThan(2);
    expect(bench.failures).toEqual([]);
  });

  it("ends with its load on board, and a human told, when it cannot be put down", async () => {
    const bench = await failWithLoad(ABORTING);
    bench.robot.way = "no-route";
    await bench.until(ABORTING, ({ status }) => status === "aborted", 900);
    expect(bench.eventsOf("contract.aborted")[0]?.data).toMatchObject({ loadOnBoard: true });
    expect(bench.eventsOf("exception").map(({ data }) => data["code"])).toContain("load_on_board");
  });

  it("leaves the aisle with its load when the hand cannot put it down, and tells a human once", async () => {
    const bench = await failWithLoad(ABORTING);
    bench.robot.slips = 1000;
    await bench.until(ABORTING, ({ status }) => status === "aborted", 300);
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(Math.hypot(bench.robot.pose.x - 4, bench.robot.pose.y)).toBeGreaterThan(2);
    expect(bench.eventsOf("exception").map(({ data }) => data["code"])).toEqual(["load_on_board"]);
  });

  it("is not resumed: its end stays its end", async () => {
    const bench = await failWithLoad(ABORTING);
    await bench.order("resume", ABORTING);
    await bench.until(ABORTING, ({ status }) => status === "aborted", 120);
    expect(bench.state(ABORTING).status).toBe("aborted");
  });

  it("ends where it stands after a restart, and learns what its hand had begun to put down", async () => {
    const bench = await failWithLoad(ABORTING);
    await bench.until(ABORTING, () => bench.journal.state().planEffect !== undefined, 30);
    await bench.pass(1);
    await bench.crash();
    await bench.until(ABORTING, ({ status }) => status === "aborted", 30);
    expect(bench.state(ABORTING)).toMatchObject({ status: "aborted", load: {} });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
    expect(bench.eventsOf("movement").map(({ data }) => data["kind"])).toEqual(["PICK", "PUT"]);
    expect(plansOf(bench).slice(-3)).toEqual([
      "wind-down cancelled: the agent was restarted",
      "stage.verified put-down",
      "stage.completed put-down",
    ]);
    expect(bench.robot.goal).toBeUndefined();
    expect(bench.journal.state().planEffect).toBeUndefined();
  });

  it("keeps its load in the books when the agent died before its hand had begun, and does not try again", async () => {
    const bench = await failWithLoad(ABORTING);
    bench.robot.slips = 1;
    await bench.until(ABORTING, () => bench.journal.state().planEffect !== undefined, 30);
    await bench.pass(1);
    await bench.crash();
    await bench.until(ABORTING, ({ status }) => status === "aborted", 30);
    expect(bench.state(ABORTING)).toMatchObject({ status: "aborted", load: { "SKU-7890": 1 } });
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890"]);
    expect(bench.eventsOf("exception").map(({ data }) => data["code"])).toEqual(["load_on_board"]);
  });

  it("is known to be unknown when the hand has forgotten what it had begun to put down", async () => {
    const bench = await failWithLoad(ABORTING);
    await bench.until(ABORTING, () => bench.journal.state().planEffect !== undefined, 30);
    await bench.pass(1);
    bench.robot.hand = "forgets";
    await bench.crash();
    await bench.until(ABORTING, ({ status }) => status === "aborted", 60);
    await bench.pass(10);
    expect(bench.eventsOf("exception").map(({ data }) => data["code"])).toContain("effect_unknown");
    expect(bench.robot.movements.filter((movement) => movement.startsWith("place"))).toHaveLength(1);
  });

  it("halts at once when it is critical", async () => {
    const critical = {
      ...ABORTING,
      failurePolicy: { ...ABORTING.failurePolicy, severities: { no_route: "critical" as const } },
    };
    const bench = await failWithLoad(critical);
    expect(bench.state(critical)).toMatchObject({ status: "aborted", load: { "SKU-7890": 1 } });
    expect(plansOf(bench)).toEqual([]);
  });

  it("is over at once for an order to cancel on its way out", async () => {
    const bench = await failWithLoad(ABORTING);
    await bench.pass(1);
    await bench.order("cancel", ABORTING);
    await bench.pass(10);
    expect(bench.state(ABORTING).status).toBe("cancelled");
    expect(bench.robot.goal).toBeUndefined();
  });
});
