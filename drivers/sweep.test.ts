import { describe, expect, it } from "vitest";
import type { Scan } from "./driver.ts";
import { createSweep } from "./sweep.ts";

function gather(): { sweep: ReturnType<typeof createSweep>; scans: Scan[] } {
  const scans: Scan[] = [];
  return { scans, sweep: createSweep({ rays: 4, rangeMin: 0.1, rangeMax: 10, onScan: (scan) => scans.push(scan) }) };
}

describe("the sweep of a turning lidar", () => {
  it("gives whole revolutions only, with the middle of their time", () => {
    const { sweep, scans } = gather();
    sweep.add([{ bearing: 0, range: 1 }], 0);
    sweep.turn(100);
    expect(scans).toEqual([]);
    sweep.add([{ bearing: 0, range: 2 }], 150);
    sweep.turn(200);
    expect(scans).toMatchObject([{ atMs: 150, angleMin: 0, angleStep: Math.PI / 2, rangeMax: 10 }]);
    expect(scans[0]!.ranges[0]).toBe(2);
  });

  it("tells nothing seen from nothing known, and keeps the nearer of two", () => {
    const { sweep, scans } = gather();
    sweep.turn(0);
    const bearing = -Math.PI / 2;
    sweep.add(
      [
        { bearing: 0, range: Infinity },
        { bearing: Math.PI, range: 0.05 },
      ],
      10,
    );
    sweep.add(
      [
        { bearing, range: Infinity },
        { bearing, range: 3 },
        { bearing, range: 5 },
      ],
      10,
    );
    sweep.turn(100);
    expect([...scans[0]!.ranges]).toEqual([Infinity, NaN, NaN, 3]);
  });

  it("begins anew after a loss", () => {
    const { sweep, scans } = gather();
    sweep.turn(0);
    sweep.clear();
    sweep.turn(5000);
    expect(scans).toEqual([]);
  });
});
