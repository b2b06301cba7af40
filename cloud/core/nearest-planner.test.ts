import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { createNearestPlanner } from "./nearest-planner.ts";
import { openTaskOf, type Candidate } from "./planner.ts";

const ACTIONS = ["navigate", "pick", "place"];
/** The rack, where the work begins, is at (4, 0). */
const TASK = openTaskOf(exampleContract());
const near: Candidate = { deviceId: "near", mode: "live", isFree: true, actions: ACTIONS, pose: [3, 0, 0] };
const far: Candidate = { deviceId: "far", mode: "live", isFree: true, actions: ACTIONS, pose: [-9, 0, 0] };
const planner = createNearestPlanner();

describe("the nearest planner", () => {
  it("gives a task to the nearest device to where the work begins", () => {
    expect(planner.assign([TASK], [far, near])).toEqual([
      { taskId: "task-1", deviceId: "near", distance: 1, travelSeconds: 1 },
    ]);
  });

  it("measures by time: the faster device is nearer", () => {
    const fast = { ...far, pose: [0, 0, 0] as const, speed: 2 };
    const slow = { ...near, pose: [1, 0, 0] as const, speed: 0.5 };
    expect(planner.assign([TASK], [slow, fast])).toMatchObject([{ deviceId: "far", distance: 4, travelSeconds: 2 }]);
  });

  it.each([
    ["is offline", { mode: "projected" as const }],
    ["is still reconciling", { mode: "reconciled" as const }],
    ["has work", { isFree: false }],
    ["cannot pick", { actions: ["navigate", "place"] }],
  ])("passes over a nearer one that %s", (_why, overrides) => {
    expect(planner.assign([TASK], [{ ...near, ...overrides }, far])).toMatchObject([{ deviceId: "far" }]);
  });

  it("takes one that was never seen last, and gives nobody two tasks", () => {
    const { pose: _unseen, ...unseen } = { ...near, deviceId: "unseen" };
    const second = { ...TASK, taskId: "task-2" };
    const third = { ...TASK, taskId: "task-3" };
    const taken = planner.assign([TASK, second, third, { ...TASK, taskId: "task-4" }], [unseen, far, near]);
    expect(taken.map(({ taskId, deviceId }) => [taskId, deviceId])).toEqual([
      ["task-1", "near"],
      ["task-2", "far"],
      ["task-3", "unseen"],
    ]);
  });
});
