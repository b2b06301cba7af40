import { describe, expect, it } from "vitest";
import { AgentError } from "#lib/errors";
import { silentLog } from "#lib/log";
import { createRng } from "#lib/rng";
import { VirtualClock } from "#lib/virtual-clock";
import type { MotionDrivers, Velocity } from "#drivers/driver";
import { drawPlace, drawRoom } from "#edge-planner/drawn-place";
import type { ControlWorld } from "./control.ts";
import { startInlineControl } from "./inline-control.ts";
import { createKinematicRobot } from "./kinematic-robot.ts";
import { AMR, startTestBed } from "./test-bed.ts";

const { occupancy } = drawPlace(drawRoom(200, 100), 0.1);
const room: ControlWorld = { mapId: "room", occupancy, zones: [], forbiddenZones: [] };
const START = { x: 3, y: 5, yaw: 0 };
const GOAL = { x: 17, y: 5, yaw: 0 };

const isDriving = ({ velocity }: { velocity: Velocity }): boolean => velocity.linear > 1.4;
const isStill = ({ linear, angular }: Velocity): boolean => linear === 0 && angular === 0;

describe("inline control", () => {
  it("stands until it is given a goal", async () => {
    await using test = await startTestBed({ start: START, world: room });
    expect(test.report()).toMatchObject({ drive: { state: "idle" }, gate: { action: "pass" }, isLocalised: true });
    expect(test.robot.truth().pose).toEqual(START);
  });

  it("reports where it is, how it drives, and what is left", async () => {
    await using test = await startTestBed({ start: START, world: room });
    const report = await test.drive(GOAL, 30, { until: isDriving });
    expect(Math.hypot(report.pose.x - test.robot.truth().pose.x, report.pose.y - 5)).toBeLessThan(0.15);
    expect(report.sigmaXy).toBeGreaterThan(0);
    expect(report.driven).toBeCloseTo(report.pose.x - START.x, 0);
    expect(report.route.at(-1)).toEqual([17, 5]);
    expect(report.counters.ticks).toBeGreaterThan(40);
  });

  it("names the zones that it is in", async () => {
    const zones: ControlWorld["zones"] = [
      {
        id: "left",
        kind: "work",
        polygon: [
          [0, 0],
          [5, 0],
          [5, 10],
          [0, 10],
        ],
      },
      {
        id: "right",
        kind: "work",
        polygon: [
          [5, 0],
          [20, 0],
          [20, 10],
          [5, 10],
        ],
      },
    ];
    await using test = await startTestBed({ start: START, world: { ...room, zones } });
    expect(test.report().zones).toEqual(["left"]);
  });

  it("brakes when the goal is not refreshed, and says so", async () => {
    await using test = await startTestBed({ start: START, world: room });
    await test.drive(GOAL, 30, { until: isDriving });
    await test.clock.advance(1000 + 100 + (AMR.maxSpeed / AMR.maxDeceleration) * 1000);
    expect(isStill(test.robot.truth().velocity)).toBe(true);
    expect(test.report().gate).toEqual({ action: "stop", reason: "goal_expired" });
  });

  it.each([
    { source: "lidar", reason: "scan_stale" },
    { source: "base", reason: "odometry_stale" },
  ] as const)("brakes within the promised time when $source falls silent", async ({ source, reason }) => {
    await using test = await startTestBed({ start: START, world: room });
    await test.drive(GOAL, 30, { until: isDriving });
    test.robot.frozen.add(source);
    // Until the last sample is stale, one tick to notice it, and the time that the brakes need from full speed.
    const untilStillMs = AMR.scanStaleMs + 50 + (AMR.maxSpeed / AMR.maxDeceleration) * 1000;
    const goal = { goalId: "goal", pose: GOAL, tolerance: 0.15, maxSpeed: 1.5 };
    test.control.setGoal({ ...goal, validUntilMs: test.clock.nowMs() + 60_000 });
    await test.clock.advance(untilStillMs);
    expect(isStill(test.robot.truth().velocity)).toBe(true);
    expect(test.report().gate).toEqual({ action: "stop", reason });
    test.robot.frozen.delete(source);
    await test.drive(GOAL, 30);
    expect(test.report().drive.state).toBe("arrived");
  });

  it("drives on without fixes for a while and stops when it no longer knows where it is", async () => {
    const { occupancy: hall } = drawPlace(drawRoom(1500, 60), 0.1);
    await using test = await startTestBed({ start: START, world: { ...room, occupancy: hall } });
    const far = { x: 140, y: 3, yaw: 0 };
    await test.drive(far, 10, { until: isDriving });
    test.robot.frozen.add("position");
    const report = await test.drive(far, 120, { until: ({ isLocalised }) => !isLocalised });
    expect(report.isLocalised).toBe(false);
    expect(report.driven).toBeGreaterThan(10);
    await test.drive(far, 3, { until: () => false });
    expect(test.report().gate).toEqual({ action: "stop", reason: "pose_lost" });
    expect(isStill(test.robot.truth().velocity)).toBe(true);
  });

  it("forgets the goal when it is told to stop", async () => {
    await using test = await startTestBed({ start: START, world: room });
    await test.drive(GOAL, 30, { until: isDriving });
    test.control.stop();
    await test.clock.advance(3000);
    expect(isStill(test.robot.truth().velocity)).toBe(true);
    expect(test.report().drive).toEqual({ state: "idle" });
  });

  it("takes a refreshed goal for the same drive, and another id for another", async () => {
    await using test = await startTestBed({ start: START, world: room });
    await test.drive({ ...START, x: 4 }, 20);
    expect(test.report().drive).toEqual({ state: "arrived", goalId: "goal" });
    await test.drive({ ...START, x: 4 }, 1, { until: () => false });
    expect(test.report().drive).toEqual({ state: "arrived", goalId: "goal" });
    await test.drive({ ...START, x: 4, yaw: 1 }, 0.4, { goalId: "other", until: () => false });
    expect(test.report().drive).toMatchObject({ state: "driving", goalId: "other" });
  });

  it("waits before what stands in the only way, says so, and goes on when it has gone", async () => {
    const lines = drawRoom(100, 60).map((line, row) =>
      row === 0 || row === 59 || (row > 23 && row < 37) ? line : `${line.slice(0, 50)}#${line.slice(51)}`,
    );
    const divided = { ...room, occupancy: drawPlace(lines, 0.1).occupancy };
    const thing = { x: 5, y: 3, radius: 0.4 };
    await using test = await startTestBed({ start: { x: 2, y: 3, yaw: 0 }, world: divided, circles: [thing] });
    const goal = { x: 8, y: 3, yaw: 0 };
    const waiting = await test.drive(goal, 30, { until: ({ drive }) => drive.state === "blocked" });
    expect(waiting.drive).toMatchObject({ state: "blocked", goalId: "goal" });
    thing.x += 100;
    const report = await test.drive(goal, 30);
    expect(report.drive.state).toBe("arrived");
    expect(test.robot.truth().contacts).toBe(0);
  });

  it("stops while a new world is taken in and drives on in it", async () => {
    await using test = await startTestBed({ start: START, world: room });
    await test.drive(GOAL, 30, { until: isDriving });
    test.control.setWorld({ ...room, mapId: "room-2" });
    const report = await test.drive(GOAL, 40);
    expect(report.drive.state).toBe("arrived");
  });

  it("refuses a world whose image is broken, and has braked before it looked", async () => {
    await using test = await startTestBed({ start: START, world: room });
    const broken = { ...room, occupancy: { ...occupancy, png: "AAAA" } };
    expect(() => test.control.setWorld(broken)).toThrow(AgentError);
  });
});

describe("the base under inline control", () => {
  interface Rig {
    readonly clock: VirtualClock;
    readonly drivers: MotionDrivers;
    readonly calls: string[];
    readonly sent: Velocity[];
    health: "ok" | "down";
  }

  /** Records what is done to the base. */
  function rig(): Rig {
    const clock = new VirtualClock();
    const { drivers } = createKinematicRobot({ clock, rng: createRng(1), profile: AMR, start: START });
    const [calls, sent]: [string[], Velocity[]] = [[], []];
    const note = (name: string) => (): Promise<void> => {
      calls.push(name);
      return Promise.resolve();
    };
    const rigged: Rig = { clock, calls, sent, health: "ok", drivers };
    const base: MotionDrivers["base"] = {
      ...drivers.base,
      open: note("open"),
      enable: note("enable"),
      disable: note("disable"),
      health: () => ({ state: rigged.health, errors: 0 }),
      drive: (velocity, validForMs) => {
        sent.push(velocity);
        drivers.base.drive(velocity, validForMs);
      },
    };
    return Object.assign(rigged, { drivers: { ...drivers, base } });
  }

  it("is opened and enabled at the start, and gets zero and is disabled at the end", async () => {
    const { clock, drivers, calls, sent } = rig();
    const control = await startInlineControl({ clock, profile: AMR, drivers, log: silentLog });
    expect(calls).toEqual(["open", "enable"]);
    await clock.advance(1000);
    await control[Symbol.asyncDispose]();
    expect(calls).toEqual(["open", "enable", "disable"]);
    expect(sent.at(-1)).toEqual({ linear: 0, angular: 0 });
    const count = sent.length;
    await clock.advance(1000);
    expect(sent).toHaveLength(count);
  });

  it("gets nothing but zero while it says that it is down", async () => {
    const rigged = rig();
    const { clock, drivers, sent } = rigged;
    await using control = await startInlineControl({ clock, profile: AMR, drivers, log: silentLog });
    control.setWorld(room);
    await clock.advance(2000);
    const goal = { goalId: "goal", pose: GOAL, tolerance: 0.15, maxSpeed: 1.5, validUntilMs: 60_000 };
    control.setGoal(goal);
    await clock.advance(1000);
    expect(sent.at(-1)!.linear).toBeGreaterThan(0);
    rigged.health = "down";
    await clock.advance(100);
    expect(sent.at(-1)).toEqual({ linear: 0, angular: 0 });
    expect(control.report()!.gate).toEqual({ action: "stop", reason: "not_enabled" });
  });

  it("gets zero when a tick breaks down", async () => {
    const { clock, drivers, sent } = rig();
    const lidar = { ...drivers.lidar };
    await startInlineControl({ clock, profile: AMR, drivers: { ...drivers, lidar }, log: silentLog });
    await clock.advance(200);
    lidar.latest = () => {
      throw new AgentError("driver.failed", "the lidar broke");
    };
    const count = sent.length;
    await expect(clock.advance(200)).rejects.toThrow("the lidar broke");
    expect(sent).toHaveLength(count + 1);
    expect(sent.at(-1)).toEqual({ linear: 0, angular: 0 });
  });
});
