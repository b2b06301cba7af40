import { describe, expect, it } from "vitest";
import { readBattery, readFix, readScan } from "./messages.ts";
import { createStampClock } from "./stamps.ts";
import { parseRepaired } from "./transport.ts";

const header = { stamp: { sec: 10, nanosec: 500_000_000 }, frame_id: "map" };
const scan = {
  header,
  angle_min: -1,
  angle_increment: 0.01,
  time_increment: 0.001,
  range_min: 0.1,
  range_max: 12,
};

describe("a scan", () => {
  it("follows REP 117: too near counts as near, what is out of range as failed or as free", () => {
    const ranges = Float32Array.of(1, NaN, Infinity, -Infinity, 0.05, 13);
    const reading = readScan({ ...scan, ranges });
    expect(reading.ok && [...reading.sample.ranges]).toEqual([1, NaN, Infinity, Math.fround(0.1), NaN, Infinity]);
  });

  it("takes the nulls of JSON for failed rays, and the time of its middle ray", () => {
    const reading = readScan({ ...scan, ranges: [1, null, 2] });
    expect(reading).toMatchObject({ ok: true, stampMs: 10_501 });
    expect(reading.ok && [...reading.sample.ranges]).toEqual([1, NaN, 2]);
  });

  it("drops rays that a whole turn has twice", () => {
    const reading = readScan({ ...scan, angle_min: 0, angle_increment: Math.PI / 2, ranges: [1, 1, 1, 1, 1] });
    expect(reading.ok && reading.sample.ranges).toHaveLength(4);
  });

  it("is refused without rays or fields", () => {
    expect(readScan({ ...scan, ranges: [] })).toMatchObject({ ok: false });
    expect(readScan({ ranges: [1] })).toMatchObject({ ok: false, reason: expect.stringContaining("header") as string });
  });
});

describe("a pose", () => {
  const pose = { position: { x: 1, y: 2, z: 0 }, orientation: { x: 0, y: 0, z: Math.SQRT1_2, w: Math.SQRT1_2 } };
  const covariance = Array.from({ length: 36 }, (_, at) => (at === 0 ? 0.04 : at === 7 ? 0.09 : at === 35 ? 0.01 : 0));

  it("is read with the standard deviations of its covariance", () => {
    const reading = readFix({ header, pose: { pose, covariance } }, "map");
    expect(reading).toMatchObject({ ok: true, sample: { sigmaXy: 0.3, sigmaYaw: 0.1 } });
    expect(reading.ok && reading.sample.pose.yaw).toBeCloseTo(Math.PI / 2);
  });

  it("is refused in another frame", () => {
    const message = { header: { ...header, frame_id: "odom" }, pose: { pose, covariance } };
    expect(readFix(message, "map")).toEqual({ ok: false, reason: "a pose in the frame odom, not in map" });
  });
});

describe("a battery", () => {
  const battery = { header, charge: 5, capacity: 10, percentage: 0.8, power_supply_status: 1 };

  it("is read as a share, from its charge where it does not know the percentage", () => {
    expect(readBattery(battery, "share")).toMatchObject({ sample: { charge: 0.8, isCharging: true } });
    expect(readBattery({ ...battery, percentage: null }, "share")).toMatchObject({ sample: { charge: 0.5 } });
    expect(readBattery({ ...battery, percentage: 80 }, "percent")).toMatchObject({ sample: { charge: 0.8 } });
  });

  it("is refused where the percentage is none, with a hint", () => {
    expect(readBattery({ ...battery, percentage: 80 }, "share")).toMatchObject({
      ok: false,
      reason: expect.stringContaining("does its driver mean percent?") as string,
    });
    expect(readBattery({ ...battery, percentage: null, charge: null }, "share").ok).toBe(false);
  });
});

describe("JSON of a bridge that writes NaN and Infinity", () => {
  it("is repaired outside of strings", () => {
    expect(parseRepaired('{"op":"publish","a":[NaN,-Infinity,Infinity,1],"s":"NaN \\"Infinity\\""}')).toEqual({
      op: "publish",
      a: [null, -Infinity, Infinity, 1],
      s: 'NaN "Infinity"',
    });
    expect(parseRepaired("{nonsense")).toBeUndefined();
  });

  it("has fragments whose id is a number named by a text, as roslib needs it", () => {
    expect(parseRepaired('{"op":"fragment","id":0}')).toEqual({ op: "fragment", id: "0" });
  });
});

describe("the clock of stamps", () => {
  it("gives what came late its age, whatever the clock of ROS shows", () => {
    const stamps = createStampClock();
    expect(stamps.capturedMs(1_000_000, 500)).toBe(500);
    expect(stamps.capturedMs(1_000_100, 700)).toBe(600);
    expect(stamps.capturedMs(undefined, 800)).toBe(800);
  });

  it("never takes a sample for younger than it is, and finds back after a step of the clock of ROS", () => {
    const stamps = createStampClock();
    stamps.capturedMs(100_000, 0);
    // The clock of ROS goes back by 5 s: for a while, all looks 5 s old.
    expect(stamps.capturedMs(95_100, 100)).toBe(-4900);
    for (let nowMs = 200; nowMs < 12_000; nowMs += 100) stamps.capturedMs(95_000 + nowMs, nowMs);
    expect(stamps.capturedMs(107_000, 12_000)).toBe(12_000);
  });
});
