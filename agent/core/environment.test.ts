import { describe, expect, it } from "vitest";
import { checkEnvironment, type EnvironmentCheck } from "./environment.ts";
import { PICKED, PICKING, ROBOT, situationAfter, type Told } from "./situation-fixture.ts";
import { nextSteps } from "./next-steps.ts";
import type { RobotView, Situation } from "./situation.ts";

const onBoard: Told = [
  "movement",
  "pick",
  {
    correlation_id: "019b8ce6-1400-7000-8000-00000000000a",
    kind: "PICK",
    sku: "SKU-7890",
    qty: 1,
    uom: "EA",
    occurred_at: "2026-01-05T08:00:00.000Z",
    actor: { kind: "ROBOT", id: "amr-07" },
  },
];
const seen: Told = ["stage.progress", "go-to-station", { share: 0.5, pose: [1, 1, 0], battery: 0.8 }];
const CARRYING = [...PICKED, onBoard, seen];

interface Row {
  readonly name: string;
  readonly told: readonly Told[];
  readonly robot: Partial<RobotView>;
  readonly check: Partial<EnvironmentCheck>;
}

const ROWS: readonly Row[] = [
  { name: "a robot as it was left", told: CARRYING, robot: { isLoaded: true }, check: { result: "as-left" } },
  {
    name: "a robot that was carried away",
    told: CARRYING,
    robot: { isLoaded: true, pose: { x: 30, y: 1, yaw: 0 } },
    check: { result: "changed", code: "pose_implausible" },
  },
  {
    name: "a robot that has not found its place",
    told: CARRYING,
    robot: { isLoaded: true, pose: undefined } as never,
    check: { result: "unclear", code: "pose_implausible" },
  },
  {
    name: "a hand that lost its load",
    told: CARRYING,
    robot: { isLoaded: false },
    check: { result: "changed", code: "load_lost" },
  },
  {
    name: "a hand that holds what nobody picked",
    told: [...PICKED, seen],
    robot: { isLoaded: true },
    check: { result: "changed", code: "load_unexpected" },
  },
  {
    name: "a tool that is gone",
    told: CARRYING,
    robot: { isLoaded: true, tools: { base: "ok" } },
    check: { result: "changed", code: "tool_gone" },
  },
  {
    name: "a driver that is down",
    told: CARRYING,
    robot: { isLoaded: true, tools: { ...ROBOT.tools, load: "down" } },
    check: { result: "unclear", code: "tool_gone" },
  },
];

function after(told: readonly Told[], robot: Partial<RobotView>, sinceMs: number, isFelt = true): Situation {
  return situationAfter(told, { robot, activity: { environment: { sinceMs, isFelt } } });
}

/** Where the robot may be that was seen at 1, 1 so many seconds ago and drives at up to 1 m/s. */
const REACHES: readonly [what: string, seconds: number, sigmaXy: number, x: number, result: string][] = [
  ["as far as it can have driven since", 2, 0, 3.4, "as-left"],
  ["no farther than that", 2, 0, 3.6, "changed"],
  ["no farther, however long ago that was, than a drive goes on unseen", 5000, 0, 10.4, "as-left"],
  ["not where somebody has carried it", 5000, 0, 10.6, "changed"],
  ["as far off as its localisation may be wrong", 2, 0.5, 4.9, "as-left"],
];

describe("the world after a restart", () => {
  it.each(REACHES)("shows a robot %s", (_what, seconds, sigmaXy, x, result) => {
    const seenMs = Date.parse("2026-01-05T08:00:00.000Z") + CARRYING.length * 1000;
    const now = { monoMs: 0, wallMs: seenMs + seconds * 1000, clock: "synced" } as const;
    const robot = { isLoaded: true, sigmaXy, pose: { x, y: 1, yaw: 0 } };
    expect(checkEnvironment(situationAfter(CARRYING, { robot, now })).result).toBe(result);
  });

  it.each(ROWS)("shows $name", ({ told, robot, check }) => {
    expect(checkEnvironment(situationAfter(told, { robot }))).toMatchObject(check);
  });

  it("is trusted when it is as it was left, and work goes on", () => {
    expect(nextSteps(after(CARRYING, { isLoaded: true }, 59_000))).toEqual([{ type: "trust-environment" }]);
  });

  it("is waited for while it cannot be told, but not for ever", () => {
    const unplugged = { isLoaded: true, tools: { ...ROBOT.tools, load: "down" } } as const;
    expect(nextSteps(after(CARRYING, unplugged, 59_000))).toEqual([]);
    expect(nextSteps(after(CARRYING, { isLoaded: true }, 59_000, false))).toEqual([]);
    expect(nextSteps(after(CARRYING, unplugged, 20_000))).toMatchObject([
      { type: "trust-environment" },
      { type: "recover", failure: { code: "tool_gone" } },
    ]);
  });

  it("that has changed is a failure of the next stage, planned around and never simply tried again", () => {
    const [, step] = nextSteps(after(CARRYING, { isLoaded: false }, 59_000));
    expect(step).toMatchObject({
      type: "recover",
      failure: { code: "load_lost", stageId: "go-to-station", severity: "major", effect: "happened" },
      decision: { strategy: "replan" },
    });
  });

  it("is asked about an effect in doubt before anything is compared", () => {
    const [step] = nextSteps(after(PICKING, { isLoaded: true }, 59_000));
    expect(step).toMatchObject({ type: "verify", stageId: "pick" });
  });
});
