import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { exampleContract } from "#contract/example";
import { readMapFolder } from "../../io/map-folder.ts";
import { createEquator } from "../equator/site-map.ts";
import { openTaskOf, type Candidate, type OpenTask } from "../planner.ts";
import { createFleetPlanner } from "./fleet-planner.ts";
import { createSiteWays } from "./site-ways.ts";

const ACTIONS = ["navigate", "pick", "place"];
/** The rack, where the work begins, is at (4, 0). */
const TASK = openTaskOf(exampleContract());
const near: Candidate = { ...idle("near"), pose: [3, 0, 0] };
const far: Candidate = { ...idle("far"), pose: [-9, 0, 0] };
const planner = createFleetPlanner(createSiteWays(createEquator([])));

describe("one task", () => {
  it("goes to the device whose way is shortest", () => {
    expect(planner.assign([TASK], [far, near])).toEqual([
      { taskId: "task-1", deviceId: "near", distance: 1, travelSeconds: 1, startsInSeconds: 0 },
    ]);
  });

  it("is measured by time: the faster device is nearer", () => {
    const fast = { ...far, pose: [0, 0, 0] as const, speed: 2 };
    const slow = { ...near, pose: [1, 0, 0] as const, speed: 0.5 };
    expect(planner.assign([TASK], [slow, fast])).toMatchObject([{ deviceId: "far", distance: 4, travelSeconds: 2 }]);
  });

  it("goes to a device that will be free soon rather than to one that is far", () => {
    const busy = { ...near, isFree: false, freeInSeconds: 5 };
    expect(planner.assign([TASK], [far, busy])).toMatchObject([{ deviceId: "near", startsInSeconds: 5 }]);
  });

  it.each([
    ["is offline", { mode: "projected" as const }],
    ["is still reconciling", { mode: "reconciled" as const }],
    ["has work whose end nobody knows", { isFree: false, freeInSeconds: undefined }],
    ["cannot pick", { actions: ["navigate", "place"] }],
    ["has not the charge for it", { battery: 0.21, drainPerSecond: 0.001 }],
  ])("does not go to a device that %s", (_why, unfit) => {
    expect(planner.assign([TASK], [{ ...near, ...unfit }, far])).toMatchObject([{ deviceId: "far" }]);
    expect(planner.assign([TASK], [{ ...near, ...unfit }])).toEqual([]);
  });

  it("does not go to a device that could not be done in time, or that has had it", () => {
    const urgent: OpenTask = { ...TASK, secondsLeft: 40 };
    expect(planner.assign([urgent], [far])).toEqual([]);
    expect(planner.assign([urgent], [far, near])).toMatchObject([{ deviceId: "near" }]);
    expect(planner.assign([{ ...TASK, notTo: new Set(["near"]) }], [near])).toEqual([]);
  });

  it("goes to a device that was not seen yet when there is no other", () => {
    const { pose: _unseen, ...unseen } = near;
    expect(planner.assign([TASK], [unseen, far])).toMatchObject([{ deviceId: "far" }]);
    expect(planner.assign([TASK], [unseen])).toMatchObject([{ deviceId: "near" }]);
  });
});

describe("several tasks", () => {
  it("are given all at once where the nearest device for each in turn costs more", () => {
    // In a row: a at 0, first at 3, b at 4, second at 10. First takes the nearest, b; second is then 10 m from a.
    const tasks = [taskAt("first", 3), taskAt("second", 10)];
    const fleet = [deviceAt("a", 0), deviceAt("b", 4)];
    const total = (given: readonly { readonly travelSeconds: number }[]): number =>
      given.reduce((sum, { travelSeconds }) => sum + travelSeconds, 0);
    const together = planner.assign(tasks, fleet);
    expect(together.map(({ taskId, deviceId }) => [taskId, deviceId])).toEqual([
      ["first", "a"],
      ["second", "b"],
    ]);
    const [one] = planner.assign([tasks[0]!], fleet);
    const rest = fleet.filter(({ deviceId }) => deviceId !== one!.deviceId);
    const inTurn = [one!, ...planner.assign([tasks[1]!], rest)];
    expect([total(together), total(inTurn)]).toEqual([9, 11]);
  });

  it("are served as many as possible, even where that takes longer", () => {
    const fussy = { ...taskAt("fussy", 0), actions: ["pick"] };
    const easy = { ...taskAt("easy", 0), actions: [] };
    const fleet = [deviceAt("can", 0), { ...deviceAt("cannot", 90), actions: [] }];
    expect(planner.assign([easy, fussy], fleet).map(({ taskId, deviceId }) => [taskId, deviceId])).toEqual([
      ["easy", "cannot"],
      ["fussy", "can"],
    ]);
  });
});

it("measures along the ways of the map, not through its walls", () => {
  const folder = fileURLToPath(new URL("../../../config/maps", import.meta.url));
  const ways = createSiteWays(createEquator(readMapFolder(folder)));
  const task: OpenTask = { taskId: "t", mapId: "warehouse", actions: [], start: [10.5, -14.9, 0] };
  const [given] = createFleetPlanner(ways).assign([task], [{ ...deviceAt("a", -5.5), pose: [-5.5, -1, 0] }]);
  const straight = Math.hypot(10.5 + 5.5, -14.9 + 1);
  expect(given!.distance).toBeGreaterThan(straight * 1.1);
  expect(given!.distance).toBeLessThan(straight * 2);
});

function idle(deviceId: string): Candidate {
  return { deviceId, mode: "live", isFree: true, freeInSeconds: 0, actions: ACTIONS };
}

function deviceAt(deviceId: string, x: number): Candidate {
  return { ...idle(deviceId), pose: [x, 0, 0] };
}

function taskAt(taskId: string, x: number): OpenTask {
  return { taskId, actions: [], start: [x, 0, 0] };
}
