import { describe, expect, it } from "vitest";
import {
  addReading,
  motionBetween,
  type OdometryHistory,
  odometryAt,
  type OdometryReading,
} from "./odometry-history.ts";

/** A base that drives along x at 1 m/s, read every 100 ms. */
function reading(atMs: number, x = atMs / 1000): OdometryReading {
  return { atMs, pose: { x, y: 0, yaw: 0 }, velocity: { linear: 1, angular: 0 } };
}

function historyUntil(lastMs: number): OdometryHistory {
  const history: OdometryHistory = { readings: [] };
  for (let atMs = 0; atMs <= lastMs; atMs += 100) addReading(history, reading(atMs));
  return history;
}

describe("odometry history", () => {
  it("tells the pose between two readings, and carries the last one on a little", () => {
    const history = historyUntil(1000);
    expect(odometryAt(history, 450)?.x).toBeCloseTo(0.45);
    expect(odometryAt(history, 1050)?.x).toBeCloseTo(1.05);
    expect(odometryAt(history, 9000)?.x).toBeCloseTo(1.1);
  });

  it("turns the short way between two readings", () => {
    const history: OdometryHistory = { readings: [] };
    const still = { linear: 0, angular: 0 };
    addReading(history, { atMs: 0, pose: { x: 0, y: 0, yaw: 3.1 }, velocity: still });
    addReading(history, { atMs: 100, pose: { x: 0, y: 0, yaw: -3.1 }, velocity: still });
    expect(Math.abs(odometryAt(history, 50)!.yaw)).toBeCloseTo(Math.PI);
  });

  it("knows nothing from before its first reading, and forgets after some seconds", () => {
    expect(odometryAt({ readings: [] }, 0)).toBeUndefined();
    const history = historyUntil(10_000);
    expect(odometryAt(history, 5000)).toBeUndefined();
    expect(motionBetween(history, 5000, 10_000)).toBeUndefined();
    expect(motionBetween(history, 8000, 10_000)?.x).toBeCloseTo(2);
  });

  it("takes a reading once, and a jump for wheels that count anew", () => {
    const history = historyUntil(1000);
    expect(addReading(history, reading(1000))).toEqual({ kind: "known" });
    expect(addReading(history, reading(900))).toEqual({ kind: "known" });
    expect(addReading(history, reading(1100))).toMatchObject({ kind: "moved" });
    expect(addReading(history, reading(1200, -5))).toEqual({ kind: "restarted" });
    expect(odometryAt(history, 1100)).toBeUndefined();
  });
});
