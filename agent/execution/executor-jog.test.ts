import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import type { JogMove, JogResult } from "../core/jog.ts";
import { ExecutorBench } from "./executor-fixture.ts";

const contract = exampleContract();
const AHEAD: JogMove = { x: 0.4, y: 0, yaw: 0 };

/** Asks for a jog, and lets time pass until it has an answer. */
async function jog(bench: ExecutorBench, move = AHEAD, limitSeconds = 40): Promise<JogResult | undefined> {
  let result: JogResult | undefined;
  void bench.executor.jog(move).then((answer) => (result = answer));
  for (let passed = 0; passed < limitSeconds && !result; passed += 0.5) await bench.pass(0.5);
  return result;
}

function told(bench: ExecutorBench): string[] {
  return bench.events.flatMap(({ type, data: { workPlan, text }, contractId }) => {
    if (workPlan === undefined) return [];
    const words = typeof text === "string" ? text : type;
    return [contractId === undefined ? words : `${words} of a contract`];
  });
}

/** A robot that has been on for a moment and has nothing to do. */
async function idle(): Promise<ExecutorBench> {
  const bench = await ExecutorBench.start();
  await bench.pass(2);
  return bench;
}

async function held(): Promise<ExecutorBench> {
  const bench = await ExecutorBench.with(contract);
  await bench.untilStage(contract, "go-to-rack");
  await bench.order("hold", contract);
  await bench.pass(1);
  return bench;
}

describe("a technician's jog", () => {
  it("moves a robot that has no contract, slowly, journaled, in words of no contract", async () => {
    const bench = await idle();
    expect(await jog(bench)).toMatchObject({ ok: true });
    expect(bench.robot.pose.x).toBeCloseTo(0.4, 1);
    expect(bench.robot.topSpeed).toBeLessThanOrEqual(0.2);
    expect(told(bench)).toEqual([
      "jog by 0.40 m, 0.00 m, 0.00 rad started",
      "stage.started",
      "stage.attempt",
      "stage.completed",
      "jog by 0.40 m, 0.00 m, 0.00 rad completed",
    ]);
    expect(bench.journal.state().contracts).toEqual({});
    expect(bench.failures).toEqual([]);
  });

  it("can follow another, as often as it takes, and every intent is written", async () => {
    const bench = await idle();
    for (let count = 0; count < 8; count++) {
      expect(await jog(bench, { x: count % 2 === 0 ? 0.3 : -0.3, y: 0, yaw: 0 })).toMatchObject({ ok: true });
    }
    expect(bench.eventsOf("stage.attempt")).toHaveLength(8);
  });

  it("is refused while a contract is at work, and changes nothing about it", async () => {
    const bench = await ExecutorBench.with(contract);
    await bench.untilStage(contract, "go-to-rack");
    expect(await jog(bench)).toMatchObject({ ok: false, reason: "contract_active" });
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });

  it("moves a robot whose contract is held, which then goes on from where it stands", async () => {
    const bench = await held();
    const { x } = bench.robot.pose;
    expect(await jog(bench, { x: 0, y: 0.4, yaw: 0 })).toMatchObject({ ok: true });
    expect(bench.robot.pose.y).toBeCloseTo(0.4, 1);
    expect(bench.robot.pose.x).toBeCloseTo(x, 1);
    expect(bench.state(contract).status).toBe("held");
    await bench.order("resume", contract);
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.robot.movements).toEqual(["pick 1 SKU-7890", "place 1 SKU-7890"]);
  });

  it("ends when the contract goes on, and never drives beside it", async () => {
    const bench = await held();
    const result = jog(bench, { x: 0, y: -0.5, yaw: 0 });
    await bench.pass(0.5);
    await bench.order("resume", contract);
    expect(await result).toMatchObject({ ok: false, reason: "not_done" });
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
    expect(bench.failures).toEqual([]);
  });

  it("stops for the emergency stop", async () => {
    const bench = await idle();
    const result = jog(bench, AHEAD, 5);
    await bench.pass(1);
    bench.safety.pressEstop("pressed at the robot");
    const { x } = bench.robot.pose;
    expect(bench.robot.goal).toBeUndefined();
    await bench.pass(3);
    expect(bench.robot.pose.x).toBe(x);
    bench.safety.releaseEstop();
    await result;
  });

  it("is given up when something stands in the way", async () => {
    const bench = await idle();
    bench.robot.way = "blocked";
    expect(await jog(bench)).toEqual({ ok: false, reason: "not_done", detail: "the jog is aborted: blocked" });
    expect(bench.robot.goal).toBeUndefined();
  });

  it("is one at a time", async () => {
    const bench = await idle();
    const first = jog(bench);
    await bench.pass(0.5);
    expect(await bench.executor.jog(AHEAD)).toMatchObject({ ok: false, reason: "busy" });
    expect(await first).toMatchObject({ ok: true });
  });

  it("does not drive on after a restart", async () => {
    const bench = await idle();
    void bench.executor.jog(AHEAD);
    await bench.pass(1);
    await bench.crash();
    const { x } = bench.robot.pose;
    await bench.pass(30);
    expect(bench.robot.pose.x).toBe(x);
    expect(await jog(bench, { x: 0.1, y: 0, yaw: 0 })).toMatchObject({ ok: true });
  });

  it("gives the robot to a contract that arrives meanwhile", async () => {
    const bench = await idle();
    const result = jog(bench, { x: -0.5, y: 0, yaw: 0 });
    await bench.pass(0.5);
    await bench.accept(contract);
    expect(await result).toMatchObject({ ok: false, reason: "not_done" });
    await bench.until(contract, ({ status }) => status === "completed");
    expect(bench.state(contract).status).toBe("completed");
  });
});
