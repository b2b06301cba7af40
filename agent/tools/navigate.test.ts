import { describe, expect, it } from "vitest";
import type { Stage } from "#contract/contract";
import { exampleContract } from "#contract/example";
import { VirtualClock } from "#lib/virtual-clock";
import type { Permit } from "../core/permit.ts";
import type { ToolResult } from "../core/situation.ts";
import { TestRobot } from "../execution/robot-fixture.ts";
import { createNavigate } from "./navigate.ts";
import type { ToolRequest } from "./tool.ts";

const contract = exampleContract();

function bench(change: Partial<Stage> = {}): {
  clock: VirtualClock;
  robot: TestRobot;
  request: ToolRequest;
  forbid: () => void;
  act: (signal?: AbortSignal) => { result: () => ToolResult | undefined };
  verify: () => Promise<object>;
} {
  const clock = new VirtualClock();
  const robot = new TestRobot(clock);
  const control = robot.control(clock);
  const tool = createNavigate({ clock, control });
  let permit: Permit = { ok: true, maxSpeed: 1 };
  const stage = { ...contract.stages[0]!, ...change };
  const request = { key: "drive-1", stage, contract, permit: () => permit };
  return {
    clock,
    robot,
    request,
    forbid: () => {
      permit = { ok: false };
    },
    act: (signal = new AbortController().signal) => {
      let result: ToolResult | undefined;
      void tool.act(request, signal).then((ended) => {
        result = ended;
      });
      return { result: () => result };
    },
    verify: () => tool.verify(request),
  };
}

describe("navigate", () => {
  it("drives to the landmark and says how near it came", async () => {
    const { clock, robot, act } = bench();
    const drive = act();
    await clock.advance(3000);
    expect(drive.result()).toBeUndefined();
    await clock.advance(3000);
    expect(drive.result()).toMatchObject({ type: "done", output: { distance: expect.closeTo(4, 1) as number } });
    expect(robot.pose.x).toBeCloseTo(4, 1);
    expect(robot.goal).toBeUndefined();
  });

  it("drives to a pose that the stage gives", async () => {
    const { clock, robot, act } = bench({ inputs: { to: [0, 2, 1] } });
    act();
    await clock.advance(4000);
    expect(robot.pose).toMatchObject({ y: expect.closeTo(2, 1) as number, yaw: 1 });
  });

  it("sends its goal again before it lapses, so that a dead program stops the robot", async () => {
    const { clock, robot, act } = bench();
    act();
    for (let count = 0; count < 10; count++) {
      await clock.advance(200);
      const validForMs = robot.goal!.validUntilMs - clock.nowMs();
      expect(validForMs).toBeGreaterThan(700);
      expect(validForMs).toBeLessThanOrEqual(1000);
    }
  });

  it("stops within a refresh when it may no longer drive", async () => {
    const { clock, robot, act, forbid } = bench();
    const drive = act();
    await clock.advance(1000);
    forbid();
    await clock.advance(200);
    expect(drive.result()).toEqual({ type: "interrupted" });
    expect(robot.goal).toBeUndefined();
  });

  it("stops at once when it is broken off", async () => {
    const { clock, robot, act } = bench();
    const abort = new AbortController();
    const drive = act(abort.signal);
    await clock.advance(1050);
    abort.abort(new Error("withdrawn"));
    await clock.advance(0);
    expect(drive.result()).toEqual({ type: "interrupted" });
    expect(robot.goal).toBeUndefined();
  });

  it("waits for a way to open up, and fails with motion's reason when none does", async () => {
    const { clock, robot, act } = bench();
    robot.way = "no-route";
    const drive = act();
    await clock.advance(9000);
    robot.way = "free";
    await clock.advance(1000);
    robot.way = "no-route";
    await clock.advance(9000);
    expect(drive.result()).toBeUndefined();
    await clock.advance(2000);
    expect(drive.result()).toMatchObject({ type: "failed", code: "no_route" });
  });

  it("fails when something has stood in the way for half a minute", async () => {
    const { clock, robot, act } = bench();
    robot.way = "blocked";
    const drive = act();
    await clock.advance(29_000);
    expect(drive.result()).toBeUndefined();
    await clock.advance(2000);
    expect(drive.result()).toMatchObject({ type: "failed", code: "blocked" });
  });

  it("knows after a crash whether it is there", async () => {
    const { robot, verify } = bench();
    expect(await verify()).toEqual({ answer: "not-done" });
    robot.pose = { x: 4.1, y: 0.05, yaw: 0.1 };
    expect(await verify()).toMatchObject({ answer: "done", output: { error: expect.closeTo(0.11, 2) as number } });
    robot.pose = { x: 4, y: 0, yaw: 1 };
    expect(await verify()).toEqual({ answer: "not-done" });
    robot.pose = { x: 4, y: 0, yaw: 0 };
    robot.position = "lost";
    expect(await verify()).toEqual({ answer: "not-done" });
  });
});
