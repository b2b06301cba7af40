import { describe, expect, it } from "vitest";
import type { MotionReport } from "../control/control.ts";
import { motionFaults, senseHealth } from "./faults.ts";

const well: MotionReport = {
  atMs: 10_000,
  pose: { x: 0, y: 0, yaw: 0 },
  sigmaXy: 0.03,
  isLocalised: true,
  velocity: { linear: 0, angular: 0 },
  drive: { state: "idle" },
  gate: { action: "pass" },
  driven: 0,
  route: [],
  zones: [],
  counters: { ticks: 1, gateStops: 0, latenessMsMax: 0, latenessMsP99: 0 },
};

it("tells which sense repeats itself, and that the others are well", () => {
  expect(senseHealth(undefined)).toEqual({ base: { state: "ok" }, lidar: { state: "ok" } });
  expect(senseHealth({ ...well, blind: "scan_frozen" })).toEqual({
    base: { state: "ok" },
    lidar: { state: "degraded", reason: "the lidar repeats one scan while the robot moves" },
  });
});

describe("what the motion loop's report says about the robot", () => {
  it.each([
    { name: "nothing is wrong", report: well, faults: [] },
    { name: "there is none yet", report: undefined, faults: [{ part: "control", effect: "stop" }] },
    { name: "it is too old", report: { ...well, atMs: 8999 }, faults: [{ part: "control", effect: "stop-now" }] },
    {
      name: "it is lost",
      report: { ...well, isLocalised: false, blind: "pose_lost" as const },
      faults: [{ part: "position", effect: "stop" }],
    },
    {
      name: "the lidar is silent",
      report: { ...well, blind: "scan_stale" as const },
      faults: [{ part: "lidar", effect: "stop" }],
    },
    {
      name: "the wheels are silent",
      report: { ...well, blind: "odometry_stale" as const },
      faults: [{ part: "base", effect: "stop" }],
    },
    {
      name: "an obstacle stops it, which is no fault",
      report: { ...well, gate: { action: "stop", reason: "obstacle" } as const },
      faults: [],
    },
    {
      name: "it is unsure where it is",
      report: { ...well, sigmaXy: 0.4 },
      faults: [{ part: "position", effect: "limit" }],
    },
  ])("$name", ({ report, faults }) => {
    expect(motionFaults(report, 10_000)).toMatchObject(faults);
  });
});
