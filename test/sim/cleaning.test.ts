import { describe, expect, it } from "vitest";
import type { ContractState } from "#contract/state";
import { Scenario } from "#sim/scenario";
import { scenario, Trial } from "./support.ts";

const CLEANER = "cleaner-01";
const STAND_BY = "cleaner-02";

/** Walls around the robot that its map does not show. */
const WALLED_IN = obstacles({ wall: [[0.1, 2], [2, 2], [2, 0.1]] }); // prettier-ignore
/** Covers a good tenth of the room. */
const PALLETS = obstacles({ polygon: [[2.2, 1.5], [3.8, 1.5], [3.8, 3], [2.2, 3]] }); // prettier-ignore

describe("a cleaner", () => {
  it("cleans a room and says how much of it, as the world saw it", async () => {
    await using trial = await Trial.start(scenario("clean-room"));
    await untilStatus(trial, "completed", 400);
    const { coverage } = stateOf(trial)!.stages[0]!;
    const truth = trial.site.world.metrics(CLEANER).coverage!;
    expect(coverage!.share).toBeGreaterThanOrEqual(0.95);
    expect(Math.abs(coverage!.share - truth)).toBeLessThan(0.03);
  });

  it.each([
    ["stuck", WALLED_IN, "blocked", "online"],
    ["stuck", WALLED_IN, "blocked", "offline"],
    ["ending with too little covered", PALLETS, "coverage_short", "online"],
  ] as const)("%s, is held and an operator told, and nobody else begins (%#)", async (_name, seen, code, link) => {
    const network = link === "offline" ? [partition(5, 595)] : [];
    await using trial = await Trial.start(scenario("clean-room", { obstacles: seen, network }));
    const { holds, stages } = await untilStatus(trial, "held", 590);
    expect(holds).toMatchObject([{ by: "policy" }]);
    expect(stages[0]!.failure).toBe(code);
    expect(isTold(trial)).toBe(true);
    expect(link === "offline" ? await queued(trial) : []).toEqual([]);
    await trial.until("the cloud hears the robot", () => trial.mode(CLEANER) === "live", 700);
    await trial.advance(60);
    expect(await queued(trial)).toMatchObject([{ code }]);
    expect(stateOf(trial)!.status).toBe("held");
    expect(trial.agent(STAND_BY).state().contracts).toEqual({});
  });

  it("goes on when an operator resumes it, with what it had covered", async () => {
    await using trial = await Trial.start(scenario("clean-room", { obstacles: PALLETS }));
    const held = await untilStatus(trial, "held", 590);
    await trial.value(trial.cloud.command(held.contractId, "resume"));
    await trial.until("another attempt", () => stateOf(trial)!.stages[0]!.attempts === 2, 20);
    const { coverage } = held.stages[0]!;
    expect(stateOf(trial)!.stages[0]!.coverage!.share).toBeGreaterThanOrEqual(coverage!.share);
  });

  it("killed in the middle, goes on with what it had covered: no more than ten seconds are cleaned twice", async () => {
    await using calm = await Trial.start(scenario("clean-room"));
    await untilStatus(calm, "completed", 400);
    const faults = [Scenario.shape.faults.parse([{ do: "kill-agent", device: CLEANER, at: "60s" }])[0]!];
    await using trial = await Trial.start(scenario("clean-room", { faults }));
    await trial.advance(59);
    const before = stateOf(trial)!.stages[0]!.coverage!.share;
    expect(before).toBeGreaterThan(0.2);
    await trial.advance(8);
    expect(stateOf(trial)!.stages[0]!.coverage!.share).toBeGreaterThanOrEqual(before);
    await untilStatus(trial, "completed", 400);
    expect(stateOf(trial)!.stages[0]!.attempts).toBe(2);
    // Ten seconds at full speed, as a share of the twenty square metres, and turning round at another place than without the kill.
    const [twice, usual] = [trial, calm].map((each) => each.site.world.metrics(CLEANER).coverageOverlap!);
    expect(twice! - usual!).toBeLessThan((10 * 0.8 * 0.6) / 20);
  });

  it("charges when the battery cannot finish, and goes on where it was", async () => {
    const loaded = scenario("clean-room");
    const robots = loaded.scenario.robots.map((robot) => ({ ...robot, battery: 0.157 }));
    const sites = Scenario.shape.sites.parse([{ id: "dock", kind: "charger", pose: [6.5, 2.5, 0], reach: 1 }]);
    await using trial = await Trial.start({ ...loaded, scenario: { ...loaded.scenario, robots, sites } });
    const held = await untilStatus(trial, "held", 300);
    expect(["battery_low", "battery_short"]).toContain(held.stages[0]!.failure);
    const { share } = held.stages[0]!.coverage!;
    await untilStatus(trial, "completed", 3000);
    expect(share).toBeGreaterThan(0);
    expect(stateOf(trial)!.stages[0]!.coverage!.share).toBeGreaterThanOrEqual(0.95);
  });
});

function obstacles(obstacle: object): Scenario["obstacles"] {
  return Scenario.shape.obstacles.parse([obstacle]);
}

function partition(at: number, seconds: number): Scenario["network"][number] {
  return Scenario.shape.network.parse([{ at: `${at}s`, for: `${seconds}s`, partition: CLEANER }])[0]!;
}

function stateOf(trial: Trial): ContractState | undefined {
  return Object.values(trial.agent(CLEANER).state().contracts)[0];
}

async function untilStatus(trial: Trial, status: ContractState["status"], seconds: number): Promise<ContractState> {
  const isSo = (): boolean =>
    trial.site.agents.get(CLEANER)?.agent() !== undefined && stateOf(trial)?.status === status;
  await trial.until(`the contract is ${status}`, isSo, seconds);
  return stateOf(trial)!;
}

/** The device itself tells the people around it. */
function isTold(trial: Trial): boolean {
  const events = trial.site.journals.get(CLEANER)!;
  return events.some(({ type, data }) => type === "notice" && data["kind"] === "needs-human");
}

/** The supervisor's queue of the cloud. */
async function queued(trial: Trial): Promise<readonly object[]> {
  const answer = await trial.value(trial.cloud.listExceptions({ status: "open", limit: 10 }));
  return answer.rows;
}
