import { describe, expect, it } from "vitest";
import type { PilotState } from "#drivers/driver";
import { decideByPilot } from "./delegated.ts";

const goal = { goalId: "g", pose: { x: 2, y: 0, yaw: 0 }, tolerance: 0.2, maxSpeed: 1, validUntilMs: 2000 };
const here = { x: 0, y: 0, yaw: 0 };
const driving: PilotState = {
  goalId: "g",
  progress: "driving",
  wanted: { atMs: 900, velocity: { linear: 0.5, angular: 0.1 } },
};
const still = { linear: 0, angular: 0 };

describe("a drive of another navigation", () => {
  it("has the velocity that it wants, while it says so", () => {
    expect(decideByPilot(goal, driving, here, 1000)).toEqual({
      velocity: { linear: 0.5, angular: 0.1 },
      drive: { state: "driving", goalId: "g", remaining: 2 },
    });
    expect(decideByPilot(goal, driving, here, 1300)?.velocity).toEqual(still);
  });

  it("stands while the other is at an older goal", () => {
    const decision = decideByPilot(goal, { ...driving, goalId: "old" }, here, 1000);
    expect(decision).toMatchObject({ velocity: still, drive: { state: "driving" } });
  });

  it("has arrived only where our own pose says so too", () => {
    const arrived: PilotState = { goalId: "g", progress: "arrived" };
    expect(decideByPilot(goal, arrived, { x: 1.9, y: 0, yaw: 0 }, 1000)?.drive.state).toBe("arrived");
    expect(decideByPilot(goal, arrived, here, 1000)).toBeUndefined();
  });

  it("is stuck when the other gave up", () => {
    expect(decideByPilot(goal, { goalId: "g", progress: "failed", reason: "aborted" }, here, 1000)).toBeUndefined();
  });
});
