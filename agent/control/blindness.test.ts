import { describe, expect, it } from "vitest";
import { startTestBed, type TestBed } from "./test-bed.ts";

const START = { x: 0, y: 0, yaw: 0 };
const world = { mapId: "open", zones: [], forbiddenZones: [] };

function start(): Promise<TestBed> {
  return startTestBed({ start: START, world });
}

describe("a robot that nobody wants to move", () => {
  it.each([
    { source: "lidar", blind: "scan_stale" },
    { source: "base", blind: "odometry_stale" },
  ] as const)("says that it could not when $source is silent, and when it could again", async ({ source, blind }) => {
    await using test = await start();
    expect(test.report().blind).toBeUndefined();
    test.robot.frozen.add(source);
    await test.clock.advance(1000);
    expect(test.report()).toMatchObject({ blind, gate: { action: "pass" } });
    test.robot.frozen.delete(source);
    await test.clock.advance(1000);
    expect(test.report().blind).toBeUndefined();
  });
});
